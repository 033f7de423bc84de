"""Interpolation, .env files, env_file, and where variables come from."""
from case import Group, service

# Tried with V unset, empty and set.
FORMS = [
    "$V", "${V}", "${V:-d}", "${V-d}", "${V:+r}", "${V+r}", "${V:?m}", "${V?m}", "${V:?}", "${V?}", "${V:-}", "${V-}", "${V:+}", "${V+}",
    "a${V}b", "a$V-b", "$V$V", "${V}${V:-x}", "${V:-a b}", "${V:-a:b}", "${V:-a-b}", "${V:-a?b}", "${V:-a+b}", "${V:-/p/q}", "${V-a:-b}",
    "${V:-$W}", "${V:-${W}}", "${V:-${W:-deep}}", "${V:-${W-${X:-deeper}}}", "${V:+${W}}", "${V:+[${V}]}", "${V:+${V}yes}", "${V+${W:-w}}",
    "${V:-${V:-again}}", "${V:-{}}", "${V:-a}b}", "${V:-{a}b}", "${V:-a$$b}", "${V:-$$}", "${V:?need ${W:-w}}", "${V:?a: b}", "${V:-'q'}",
    '${V:-"q"}', "${V:-#x}", "${V:- x }", "${V:-,}", "${V:-\\n}", "${V:-é}", "${V:-a\tb}",
]

# With nothing set.
ODD = [
    "$$", "$$V", "$$$$", "$$$V", "$${V}", "$$${V:-x}", "$", "a$", "$ a", "$5", "$-", "a$.b", "100$", "$(date)", "${", "${}", "${V", "${V:", "${V:-", "${V:-x",
    "${V:x}", "${V!}", "${V/a/b}", "${#V}", "${!V}", "${1}", "${ V }", "${V }", "${V.x}", "${-x}", "${:-x}", "${V:-${W}", "${V:-${W:-}", "${V?", "${V:?m",
    "$_", "${_}", "$V1_a", "${a-b-c}", "${é}", "$é", "${V:=x}", "${V=x}", "{$V}", "}", "{", "a}b", "${V}}", "$V}", "\\$V", "\\${V}", "%V%", "$$(V)", "$[V]", "$\tV",
    "${V:-a$}", "${V:-$5}", "${V:-$$5}", "${V:-\\}}", "${V:-}}", "${V:-}}}", "${V:-{{}}", "${V:-{}", "${V:+{}", "$V:-x", "${V-}-x", "${V:-${W}}-${X:-y}",
]

# A file that becomes the project's .env; what it gives is printed.
DOTENV = {
    "plain": "A=b\nC=d\n", "no newline at the end": "A=b", "windows line ends": "A=b\r\nC=d\r\n", "blank lines": "\n\nA=b\n\n\nC=d\n",
    "comments": "# one\nA=b\n  # two\nC=d # three\nE=f#g\n#H=i\n", "comment after quotes": "A='b' # c\nB=\"d\" # e\n",
    "comment needs a blank": "A=b#c\nB=b #c\nC=b\t#c\nD=#c\nE= #c\n", "export": "export A=b\nexport  C=d\nexport\tE=f\n",
    "export of a bare name": "export HOME\nexport NONE\n", "export is a name": "export=1\nexported=2\n", "spaces around equals": "A = b\nC =d\nE= f\n",
    "trailing spaces": "A=b  \nC='d'  \n", "leading spaces": "  A=b\n\tC=d\n", "empty": "A=\nB=''\nC=\"\"\n", "colon": "A: b\nC:d\nE : f\n", "colon in value": "A=b:c\nB: c=d\n",
    "equals in value": "A=b=c\nB==\n", "single quotes": "A='b c'\nB='$HOME'\nC='a\\nb'\nD='a\"b'\n", "double quotes": "A=\"b c\"\nB=\"$HOME\"\nC=\"a\\nb\"\nD=\"a'b\"\n",
    "escaped quotes": "A=\"a\\\"b\"\nB='a\\'b'\n", "escapes": "A=\"\\t|\\r|\\v|\\f|\\a|\\b|\\\\|\\x|\\0\"\n", "octal escapes": "A=\"\\0101\\060\\61\"\n", "escaped dollar": "A=\"\\$HOME\"\nB=\"$$HOME\"\nC=\\$HOME\nD=$$HOME\n",
    "multi-line double": "A=\"one\ntwo\"\nB=c\n", "multi-line single": "A='one\ntwo\n'\nB=c\n", "multi-line with comment sign": "A=\"one # no\n# two\"\nB=c\n",
    "quotes inside": "A=b\"c\"\nB=it's\nC=\"a\"b\nD='a'b\n", "text after quotes": "A=\"a\" b\nB='c' d\n", "unterminated double": "A=\"b\n", "unterminated single": "A='b\nC=d\n",
    "unterminated then a quote": "A=\"b\nC=\"d\"\n", "backslash at the end": "A=b\\\nC=d\n", "backslashes unquoted": "A=a\\nb\\\\c\\td\n", "windows path": "A=C:\\Users\\x\nB='C:\\Users\\x'\n",
    "expansion": "A=1\nB=$A\nC=${A}2\nD=\"$A $B\"\nE='$A'\n", "expansion of later": "B=$A\nA=1\n", "expansion with default": "A=${NONE:-d}\nB=${NONE-e}\nC=${HOME:+f}\n",
    "expansion of required": "A=${NONE:?gone}\n", "expansion nested": "A=${X:-${Y:-z}}\n", "expansion from the environment": "A=$OUTER\nOUTER=inner\nB=$OUTER\n",
    "expansion of unset": "A=$NONE\nB=a${NONE}b\n", "expansion bad": "A=${x\n", "bare dollar": "A=$\nB=a$ b\nC=$5\n", "twice": "A=1\nA=2\n", "bare name": "HOME\nNONE\nA=b\n",
    "bare name with blank": "HOME \nA=b\n", "byte order mark": "\ufeffA=b\n", "unicode": "A=é\nÜ=1\nB=\"\U0001F600\"\n", "dotted names": "a.b=1\na-b=2\na_b=3\n", "brackets in a name": "a[0]=1\n",
    "digit first": "1A=b\n", "name with a space": "A B=c\n", "no name": "=b\n", "odd name": "A!=b\n", "slash in a name": "a/b=c\n", "quoted name": "\"A\"=b\n", "only comment": "# x\n", "nothing": "", "blank": "\n \n\t\n",
    "tab before value": "A=\tb\n", "yaml list": "- A=b\n", "json value": "A={\"a\": [1, 2]}\n", "url": "A=http://u:p@h/?q=1&r=2#frag\n", "hash in quotes": "A='b # c'\nB=\"d # e\"\n",
    "form feed": "A=b\fc\n", "nul": "A=b\0c\n", "carriage return inside": "A=b\rc\n", "very long": "A=" + "x" * 5000 + "\n", "many": "".join(f"A{i}={i}\n" for i in range(60)), "base64": "A=YWJj==\n", "dollar in single": "A='a$b'\n",
    "spaces in unquoted": "A=b c  d\n", "semicolon": "A=b; C=d\n", "double equals quoted": "A='=b='\n", "backtick": "A=`id`\nB=\"`id`\"\n", "command": "A=$(id)\n", "percent": "A=%d%s\n",
    "quoted then comment without blank": "A=\"b\"#c\nB='b'#c\n", "empty with comment": "A= # c\nB=''# c\n", "yaml quoted": "A: \"b\"\nB: 'c'\n", "crlf in quotes": "A=\"b\r\nc\"\r\n", "dollar brace in single": "A='${X:-y}'\n",
}

RAW = {
    "plain": "A=b\nC=d\n", "quotes stay": "A='b'\nB=\"c\"\n", "dollars stay": "A=$HOME\nB=${X:-y}\n", "blanks stay": "A= b \n", "comments": "# c\nA=b # d\n", "bare": "HOME\nNONE\n",
    "windows": "A=b\r\n", "empty": "A=\n", "spaces in a name": "A B=c\n", "no name": "=b\n", "equals": "A=b=c\n", "bom": "\ufeffA=b\n", "export": "export A=b\n", "leading blank": "  A=b\n", "multi-line": "A='b\nc'\n", "colon": "A: b\n",
}


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def interpolation():
    group = Group("interpolation")
    for form in FORMS:
        text = service(f"hostname: {quoted(form)}") if "\t" not in form else service("hostname: \"" + form.replace("\t", "\\t").replace('"', '\\"') + "\"")
        for state, environment in (("unset", {}), ("empty", {"V": ""}), ("set", {"V": "val"})):
            group.add(f"{form} {state}", text, environment=environment)
    group.add("${V:-$W} with W", service("hostname: '${V:-$W}'"), environment={"W": "w"})
    group.add("${V:-${W:-deep}} with W", service("hostname: '${V:-${W:-deep}}'"), environment={"W": "w"})
    for text in ODD:
        double = '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'
        group.add(f"odd {text}", service(f"hostname: {double}"))
        group.add(f"odd {text} in a list item", service(f"environment:\n  - {double[:1]}K={double[1:]}"))
    for value in ("a$b", "$HOME", "${X}", "a'b", 'a"b', "a\nb", " lead", "trail ", "#c", "yes", "007", "1.10", "null", "~", "[a]", "{a: b}", "a: b", "!x", "&a", "*a", "é", "\t"):
        group.add(f"value {value!r}", service("hostname: $V\nenvironment: {K: $V}\ncommand: [$V, 'x$V']"), outputs=("json", "yaml", "hash"), environment={"V": value})
    return group


def places():
    group = Group("interpolation-places")
    env = {"V": "val", "N": "3", "B": "true", "K": "key"}

    def add(name, text, **rest):
        group.add(name, text, outputs=("json", "yaml"), environment=env, **rest)
    add("project name", "name: $V\nservices: {a: {image: x}}\n")
    add("project name with default", "name: ${NONE:-dflt}\nservices: {a: {image: x}}\n")
    add("project name normalised", "name: My ${V}.Proj\nservices: {a: {image: x}}\n")
    add("service name is no value", "name: t\nservices: {$V: {image: x}}\n")
    add("key of environment", service("environment:\n  $K: v\n  ${K}2: w"))
    add("key of labels", service("labels:\n  $K: v"))
    add("item of environment", service("environment:\n  - $K=$V\n  - ${K}2"))
    add("volume", service("volumes: ['./$V:/$V']"))
    add("volume name", service("volumes: ['$V:/d']", "volumes: {val: }\n"))
    add("port", service("ports: ['80$N:80']"))
    add("numbers", service("cpus: $N\nscale: $N\npids_limit: $N\nmem_limit: ${N}m"))
    add("booleans", service("init: $B\ntty: ${B}\nread_only: ${NONE:-false}"))
    add("boolean yes", service("init: ${NONE:-yes}\ntty: ${NONE:-off}"))
    add("bad boolean", service("init: $V"))
    add("bad number", service("scale: $V"))
    add("empty number", service("scale: $NONE"))
    add("empty port", service("ports: ['$NONE:80']"))
    add("empty image", "name: t\nservices: {a: {image: $NONE}}\n")
    add("duration", service("stop_grace_period: ${N}s"))
    add("bad duration", service("stop_grace_period: ${V}s"))
    add("top-level extension", "name: t\nx-a: {b: $V, c: [$V]}\nservices: {a: {image: x}}\n")
    add("service extension", service("x-a: $V"))
    add("anchor", "name: t\nx-a: &a {image: $V}\nservices:\n  a: *a\n  b: {<<: *a, user: $N}\n")
    add("block scalar", service("command: |\n  echo $V\n  echo $$V\n  ${NONE:-d}"))
    add("folded scalar", service("command: >\n  echo $V\n  ${NONE:-d}"))
    add("comment", service("# $V ${\nhostname: h"))
    add("network driver options", service("networks: [n]", "networks: {n: {driver_opts: {a: $V}, name: $V}}\n"))
    add("config content", service("configs: [c]", "configs: {c: {content: 'a $V $$V'}}\n"))
    add("depends_on", service("depends_on: ['${NONE:-b}']", "  b: {image: y}\n"))
    add("build args", service("build: {context: '$V', args: [A=$V, B], dockerfile: '${V}.D'}"))
    add("healthcheck", service("healthcheck: {test: 'x $V $$V', retries: '$N', interval: '${N}s'}"))
    add("extends file", {"compose.yaml": service("extends: {file: $V.yaml, service: b}"), "val.yaml": "services: {b: {image: $V}}\n"})
    add("include path", {"compose.yaml": "name: t\ninclude: ['$V.yaml']\nservices: {}\n", "val.yaml": "services: {b: {image: $V}}\n"})
    add("env_file path", {"compose.yaml": service("env_file: $V.env"), "val.env": "A=$V\nB=$N\n"})
    add("profiles", service("profiles: ['$V']"), before=["--profile", "val"])
    add("error in two places", service("hostname: '${V:?}'\nuser: '${NONE:?no user}'\nimage: ${OTHER?no image}"))
    add("two services with errors", "name: t\nservices:\n  a: {image: '${A:?one}'}\n  b: {image: '${B:?}', user: '${C?two}'}\n")
    add("version", "version: '$N'\nname: t\nservices: {a: {image: x}}\n")
    for flag in ("--no-interpolate", "--no-normalize", "--no-path-resolution", "--no-env-resolution", "--no-consistency"):
        group.print(f"text {flag}", {"compose.yaml": service("hostname: $V\nports: ['80:80', '${N}:1']\nvolumes: ['./s:/t', 'vol:/v']\nenvironment: [A=$V, B]\nenv_file: a.env\n"
                                                             "build: ./b\ncommand: echo $$V\ndepends_on: [b]", "  b: {image: y}\nvolumes: {vol: }\n"), "a.env": "E=1\n"},
                    flag, environment=env)
        group.print(f"json {flag}", {"compose.yaml": service("hostname: $V\nports: ['80:80']\nvolumes: ['./s:/t']\nenvironment: {A: $V, B: }\nlabels: [a=$V]\nnetworks: [n]", "networks: {n: }\n")},
                    flag, "--format", "json", environment=env)
    return group


def dotenv():
    group = Group("dotenv")
    printed = service("environment: [A, B, C, D, E, F, HOME, OUTER]\nlabels: {a: '${A}', b: '${B}'}")
    for name, text in DOTENV.items():
        group.add(name, {"compose.yaml": printed, ".env": text}, environment={"OUTER": "outer"})
        group.add(f"env_file {name}", {"compose.yaml": service("env_file: f.env"), "f.env": text}, environment={"OUTER": "outer"})
        group.print(f"--environment {name}", {"compose.yaml": printed, ".env": text}, "--environment", environment={"OUTER": "outer"})
    for name, text in RAW.items():
        group.add(f"raw {name}", {"compose.yaml": service("env_file: [{path: f.env, format: raw}]"), "f.env": text})
    return group


def sources():
    """Which of several places a variable comes from."""
    group = Group("variable-sources")
    text = service("hostname: '${A:-none}'\nuser: '${B:-none}'\ndomainname: '${C:-none}'")
    both = {"compose.yaml": text, ".env": "A=dotenv\nB=dotenv\n", "one.env": "A=one\nC=one\n", "two.env": "A=two\nB=two\nC=$A\n"}
    group.add(".env", both)
    group.add("environment over .env", both, environment={"A": "outer"})
    group.add("empty environment over .env", both, environment={"A": ""})
    group.add("--env-file", both, before=["--env-file", "one.env"])
    group.add("two --env-file", both, before=["--env-file", "one.env", "--env-file", "two.env"])
    group.add("two --env-file, other order", both, before=["--env-file", "two.env", "--env-file", "one.env"])
    group.add("--env-file with environment", both, before=["--env-file", "two.env"], environment={"A": "outer"})
    group.add("--env-file absent", both, before=["--env-file", "none.env"])
    group.add("COMPOSE_ENV_FILES", both, environment={"COMPOSE_ENV_FILES": "one.env,two.env"})
    group.add("COMPOSE_ENV_FILES absent", both, environment={"COMPOSE_ENV_FILES": "none.env"})
    group.add("--env-file over COMPOSE_ENV_FILES", both, before=["--env-file", "one.env"], environment={"COMPOSE_ENV_FILES": "two.env"})
    group.add("COMPOSE_DISABLE_ENV_FILE", both, environment={"COMPOSE_DISABLE_ENV_FILE": "1"})
    group.add("COMPOSE_DISABLE_ENV_FILE false", both, environment={"COMPOSE_DISABLE_ENV_FILE": "false"})
    group.add("COMPOSE_DISABLE_ENV_FILE with --env-file", both, before=["--env-file", "one.env"], environment={"COMPOSE_DISABLE_ENV_FILE": "1"})
    group.add(".env of the first file's directory", {"d/c.yaml": text, "d/.env": "A=below\n", ".env": "A=here\n"}, before=["-f", "d/c.yaml"])
    group.add(".env of the project directory", {"d/c.yaml": text, "d/.env": "A=below\n", ".env": "A=here\n"}, before=["-f", "d/c.yaml", "--project-directory", "."])
    group.add(".env is a directory", {"compose.yaml": text, ".env/x": ""})
    group.add("project name in .env", {"compose.yaml": "services: {a: {image: x}}\n", ".env": "COMPOSE_PROJECT_NAME=fromenv\n"})
    group.add("COMPOSE_FILE in .env", {"c.yaml": text, ".env": "COMPOSE_FILE=c.yaml\nA=e\n"})
    group.add("COMPOSE_FILE two in .env", {"c.yaml": text, "d.yaml": service("user: me"), ".env": "COMPOSE_FILE=c.yaml:d.yaml\n"})
    group.add("COMPOSE_PATH_SEPARATOR", {"c.yaml": text, "d.yaml": service("user: me")}, environment={"COMPOSE_FILE": "c.yaml;d.yaml", "COMPOSE_PATH_SEPARATOR": ";"})
    group.add("COMPOSE_PROFILES in .env", {"compose.yaml": "name: t\nservices: {a: {image: x}, b: {image: y, profiles: [p]}}\n", ".env": "COMPOSE_PROFILES=p\n"})
    group.add("COMPOSE_PROJECT_NAME in a file", service("hostname: $COMPOSE_PROJECT_NAME"))
    group.add("PWD", service("hostname: '${PWD:-none}'"))
    for name, text in {"null in environment": "environment: {HOME: , NONE: }", "bare in a list": "environment: [HOME, NONE]", "null in build args": "build: {context: ., args: {HOME: , NONE: }}",
                       "bare build args": "build: {context: ., args: [HOME, NONE]}", "null in labels": "labels: {HOME: , NONE: }", "bare labels": "labels: [HOME, NONE]"}.items():
        group.add(name, service(text), outputs=("json", "yaml", "hash"))
        group.add(f"{name} with .env", {"compose.yaml": service(text), ".env": "NONE=dotenv\n"}, outputs=("json", "yaml", "hash"))
    files = {"a.env": "A=a\nB=$A\nC=$OUTER\nD=$E\n", "b.env": "A=b\nE=$A\n", "sub/c.env": "A=c\n"}
    for name, lines in {
        "env_file one": "env_file: a.env", "env_file two": "env_file: [a.env, b.env]", "env_file two, other order": "env_file: [b.env, a.env]", "environment over env_file": "env_file: a.env\nenvironment: {A: own}",
        "null environment over env_file": "env_file: a.env\nenvironment: {A: }", "bare environment over env_file": "env_file: a.env\nenvironment: [A]", "env_file below": "env_file: sub/c.env",
        "env_file absent": "env_file: none.env", "env_file absent, not required": "env_file: [{path: none.env, required: false}, b.env]", "env_file absolute": "env_file: /corpus/project/a.env",
        "env_file twice": "env_file: [a.env, a.env]", "env_file is a directory": "env_file: sub", "env_file empty list": "env_file: []", "env_file sees environment": "environment: {OUTER: own}\nenv_file: a.env",
        "env_file raw and not": "env_file: [{path: a.env, format: raw}, b.env]", "env_file raw unknown": "env_file: [{path: a.env, format: strange}]",
    }.items():
        group.add(name, {"compose.yaml": service(lines), **files}, outputs=("json", "yaml", "hash"), environment={"OUTER": "outer"})
        group.print(f"{name} unresolved", {"compose.yaml": service(lines), **files}, "--no-env-resolution", environment={"OUTER": "outer"})
    return group


def groups():
    return [interpolation(), places(), dotenv(), sources()]
