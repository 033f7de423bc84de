"""YAML itself: scalars, strings, anchors and merge keys, documents, and what is no YAML."""
from case import Group, service

SCALARS = [
    "a", "a b", "1", "-1", "+1", "0", "00", "007", "017", "08", "0o17", "0x1F", "0b101", "1_000", "1.0", "1.50", "-1.5", "+1.5", "1.", ".5", "-.5", "1e3", "1E3", "1e-3", "1e+8", "1.5e10", "1e400",
    "100000000.0", "123456789", "1234567.5", "0.0001", "0.00001", "12345678901234567890", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615", "18446744073709551616",
    ".inf", "-.inf", "+.inf", ".Inf", ".nan", ".NaN", "inf", "nan", "true", "True", "TRUE", "tRue", "false", "False", "yes", "Yes", "YES", "no", "No", "on", "On", "off", "OFF", "y", "n", "null", "Null", "NULL", "~", "nil", "None",
    "2024-01-02", "2024-1-2", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05", "12:30:45", "22:22", "1:2", "190:20:30", "1,000", "0.1.2", "1.2.3.4", "a:b", "a#b", "a #b", "-", "--", "---x", "-a", "?a", ":a", "<<", "=", "%a", "a%",
    '"a"', "'a'", '"1"', "'1'", "'it''s'", '"a\\"b"', '"a\\nb"', '"a\\tb"', '"\\x41\\u00e9\\U0001F600"', '"\\e\\0\\a\\_\\N\\L\\P"', '"a\\\\b"', '"a\\/b"', '"\\q"', "'a\\nb'", '""', "''", '" "', "é", "日本", "\U0001F600", "\u00a0x", "\u200bx", "\ufeffx",
    "!!str 1", "!!str true", "!!int '1'", "!!int \"0x10\"", "!!float 1", "!!bool 'true'", "!!null ''", "!!str", "!custom x", "!!binary aGk=", "!!timestamp 2024-01-02", "!!int a", "! 1", "!<tag:yaml.org,2002:str> 1", "!local {a: b}",
    "*none", "&a x", "@a", "`a", "%a", "|", ">", "|-", "[", "]", "{", "}", "[a", "[a]]", "{a: b", "[a, b]", "[a,, b]", "[,a]", "[a,]", "{a: b,}", "{a, b}", "{a: b, a: c}", "{a: [b, {c: d}]}", "{a:b}", "{\"a\":1}", "[a: b]", "[[a]]", '"a', "'a", '"a" b', "'a' b", "a: b", "a: b: c", "- a", "a\tb", "\ta",
]

BLOCKS = {
    "literal": "|\n  a\n  b\n", "literal strip": "|-\n  a\n  b\n", "literal keep": "|+\n  a\n  b\n\n\n", "folded": ">\n  a\n  b\n\n  c\n", "folded strip": ">-\n  a\n  b\n", "folded keep": ">+\n  a\n\n", "folded more indented": ">\n  a\n    b\n  c\n",
    "literal indented": "|2\n    a\n   b\n", "literal leading blank": "|\n\n  a\n", "literal leading space": "|1\n   a\n  b\n", "literal empty": "|\n", "literal blank lines": "|\n  a\n\n   \n  b\n", "literal trailing spaces": "|\n  a  \n  b\t\n", "literal with tab": "|\n  \ta\n",
    "literal with comment sign": "|\n  a # b\n  # c\n", "literal with quotes": "|\n  \"a\" 'b'\n", "folded long": ">\n  " + "word " * 40 + "\n", "plain folded": "a\n  b\n  c\n", "double folded": "\"a\n  b\n\n  c\"\n", "single folded": "'a\n  b'\n", "double escaped end": "\"a\\\n  b\"\n",
    "comment behind the sign": "| # c\n  a\n", "wrong indent": "|\n  a\n b\n", "sign and text": "| a\n", "unicode": "|\n  é\n  \U0001F600\n", "literal windows": "|\r\n  a\r\n  b\r\n", "colon": "|\n  a: b\n", "long line": "|\n  " + "x" * 300 + "\n",
}

# Printed as YAML: quoting and line breaks are the writer's.
STRINGS = [
    "", " ", "a", " a", "a ", "a b", "1", "1.0", "-", "- a", "a: b", "a:", ":a", "a #b", "#a", "a#", "[a", "{a", "]a", "a]", "a,b", "&a", "*a", "!a", "|a", ">a", "%a", "@a", "`a", "?a", "? a", "'a", '"a', "a'b", 'a"b', "a\\b", "\\", "true", "yes", "no", "on", "off", "y", "n", "null", "~", "=", "<<", ".inf", ".nan", "0x1", "0o7", "017", "1e3", "1_000", "2024-01-02", "12:30:45",
    "a\nb", "a\n", "\na", "\n", "a\n\nb", "a\n\n", " a\nb", "a\n b", "a\n  b\n", "a\tb", "\ta", "a\t", "a\rb", "a\r\nb", "\x01", "\x7f", "\x85", "\u2028", "\ufeff", "é", "日本", "\U0001F600", "\ud7ff", "a\x00b"[:1] + "\x1b[0m", "x" * 200, "word " * 60, "a: b\nc: d\n", "#!/bin/sh\necho\n", "a \nb", "a\n\tb", "---", "...", "--- a", "a---", "...a", "key: [a, b]", "{{ x }}", "${", "100%", "a  b", "\t", "0", "-1", "+1", "1,2", "1:2", "1.2.3", "::1", "http://x", "c:\\d", "a;b", "a|b", "a&b", "(a)", "$", "a=b", "=b",
]


def double(text):
    out = ""
    for c in text:
        code = ord(c)
        if c in '"\\':
            out += "\\" + c
        elif 32 <= code < 127:
            out += c
        else:
            out += f"\\U{code:08x}"
    return '"' + out.replace("$", "$$") + '"'


def scalars():
    group = Group("yaml-scalars")
    for text in dict.fromkeys(SCALARS):
        group.add(f"environment {text}", service(f"environment:\n  K: {text}"), outputs=("json", "yaml", "hash"))
        group.add(f"extension {text}", f"name: t\nx-a: {text}\nservices: {{a: {{image: x}}}}\n", outputs=("json", "yaml"))
        group.add(f"item {text}", service(f"command:\n  - {text}"))
    return group


def strings():
    group = Group("yaml-strings")
    for text in STRINGS:
        group.add(f"value {text[:20]!r} {len(text)}", service(f"hostname: {double(text)}\ncommand: [{double(text)}]"), outputs=("json", "yaml", "hash"))
        group.add(f"key {text[:20]!r} {len(text)}", service(f"labels: {{{double(text)}: {double(text)}}}"), outputs=("json", "yaml"))
    for name, text in BLOCKS.items():
        body = text.replace("\n", "\n    ").rstrip(" ")
        group.add(f"block {name}", f"name: t\nservices:\n  a:\n    image: x\n    hostname: {body}\n    user: u\n" if not text.endswith("\n\n") else f"name: t\nservices:\n  a:\n    image: x\n    user: u\n    hostname: {body}",
                  outputs=("json", "yaml"))
        group.add(f"block in a list {name}", f"name: t\nservices:\n  a:\n    image: x\n    command:\n    - {body}\n    - last\n")
    return group


def anchors():
    group = Group("yaml-anchors")

    def add(name, text, **rest):
        group.add(name, text, outputs=("json", "yaml", "hash"), **rest)
    head = "name: t\n"
    add("service alias", head + "services:\n  a: &a {image: x}\n  b: *a\n")
    add("merge key", head + "x-b: &b {image: x, user: u}\nservices:\n  a: {<<: *b, user: own}\n")
    add("merge key last", head + "x-b: &b {image: x, user: u}\nservices:\n  a:\n    user: own\n    <<: *b\n")
    add("merge list", head + "x-b: &b {image: x, user: u}\nx-c: &c {user: v, hostname: h}\nservices:\n  a: {<<: [*b, *c]}\n")
    add("merge list, other order", head + "x-b: &b {image: x, user: u}\nx-c: &c {user: v, hostname: h}\nservices:\n  a: {<<: [*c, *b]}\n")
    add("merge inline mapping", head + "services:\n  a: {<<: {image: x, user: u}, user: own}\n")
    add("merge of a merged one", head + "x-b: &b {image: x}\nx-c: &c {<<: *b, user: u}\nservices:\n  a: {<<: *c}\n")
    add("merge is shallow", head + "x-b: &b {image: x, environment: {A: 1, B: 2}}\nservices:\n  a: {<<: *b, environment: {B: 3}}\n")
    add("merge deep with an alias", head + "x-e: &e {A: 1, B: 2}\nservices:\n  a: {image: x, environment: {<<: *e, B: 3}}\n")
    add("merge of a list", head + "x-b: &b [a]\nservices:\n  a: {image: x, <<: *b}\n")
    add("merge of a scalar", head + "x-b: &b text\nservices:\n  a: {image: x, <<: *b}\n")
    add("merge of null", head + "services:\n  a: {image: x, <<: }\n")
    add("merge twice", head + "x-b: &b {user: u}\nx-c: &c {hostname: h}\nservices:\n  a:\n    image: x\n    <<: *b\n    <<: *c\n")
    add("quoted merge key", head + "x-b: &b {user: u}\nservices:\n  a: {image: x, \"<<\": *b}\n")
    add("scalar alias", head + "x-v: &v text\nservices:\n  a: {image: *v, user: *v}\n")
    add("number alias", head + "x-v: &v 3\nservices:\n  a: {image: x, scale: *v, environment: {A: *v}}\n")
    add("null alias", head + "x-v: &v\nservices:\n  a: {image: x, environment: {A: *v}}\n")
    add("list alias", head + "x-v: &v [a, b]\nservices:\n  a: {image: x, command: *v, entrypoint: *v}\n")
    add("list item alias", head + "x-v: &v a\nservices:\n  a: {image: x, command: [*v, *v, b]}\n")
    add("alias as a key", head + "x-v: &v KEY\nservices:\n  a: {image: x, environment: {*v : 1}}\n")
    add("anchor on a key", head + "services:\n  &k a: {image: x, hostname: *k}\n")
    add("anchor defined again", head + "x-1: &v one\nx-2: &v two\nservices:\n  a: {image: *v}\n")
    add("alias of nothing", head + "services:\n  a: {image: *none}\n")
    add("alias before its anchor", head + "services:\n  a: {image: *v}\nx-v: &v x\n")
    add("alias of its own container", head + "services:\n  a: &a {image: x, x-self: *a}\n")
    add("alias in other document", head + "x-v: &v x\nservices: {a: {image: y}}\n---\nservices: {b: {image: *v}}\n")
    add("interpolation in an anchor", head + "x-v: &v {image: \"$IMAGE\"}\nservices:\n  a: *v\n  b: {<<: *v, user: $U}\n", environment={"IMAGE": "i", "U": "u"})
    add("healthcheck shared", head + "x-h: &h\n  healthcheck:\n    test: [CMD, a]\n    interval: 5s\nservices:\n  a: {image: x, <<: *h}\n  b: {image: y, <<: *h}\n")
    add("logging shared", head + "x-l: &l {driver: json-file, options: {max-size: 1m}}\nservices:\n  a: {image: x, logging: *l}\n  b: {image: y, logging: {<<: *l, driver: local}}\n")
    add("anchor with tag", head + "x-v: &v !!str 1\nservices:\n  a: {image: x, user: *v}\n")
    add("tag with anchor", head + "x-v: !!str &v 1\nservices:\n  a: {image: x, user: *v}\n")
    add("reset through an anchor", {"compose.yaml": head + "services:\n  a: {image: x, user: u, ports: ['80:80']}\n", "compose.override.yaml": "x-r: &r\n  ports: !reset []\nservices:\n  a: {<<: *r}\n"})
    add("duplicate keys", head + "services:\n  a:\n    image: x\n    image: y\n")
    add("duplicate services", head + "services:\n  a: {image: x}\n  a: {image: y}\n")
    add("duplicate at top", head + "services: {a: {image: x}}\nservices: {b: {image: x}}\n")
    add("duplicate in environment", service("environment: {A: 1, A: 2}"))
    add("duplicate in an extension", head + "x-a: {b: 1, b: 2}\nservices: {a: {image: x}}\n")
    add("duplicate by merge is none", head + "x-b: &b {image: x}\nservices:\n  a: {image: y, <<: *b}\n")
    return group


def documents():
    group = Group("yaml-documents")

    def add(name, text, **rest):
        group.add(name, text, outputs=("json", "yaml"), **rest)
    plain = "services: {a: {image: x}}\n"
    add("two documents", "name: t\nservices: {a: {image: x}}\n---\nservices: {b: {image: y}, a: {user: u}}\n")
    add("three documents", "name: t\nservices: {a: {image: x, ports: ['80:80']}}\n---\nservices: {a: {ports: ['81:81']}}\n---\nservices: {a: {ports: !reset []}}\n")
    add("document start", "---\nname: t\n" + plain)
    add("document end", "name: t\n" + plain + "...\n")
    add("empty document first", "---\n---\nname: t\n" + plain)
    add("empty document last", "name: t\n" + plain + "---\n")
    add("comment document", "# only\n---\nname: t\n" + plain)
    add("directive", "%YAML 1.2\n---\nname: t\n" + plain)
    add("old directive", "%YAML 1.1\n---\nname: t\n" + plain)
    add("tag directive", "%TAG ! tag:x,2000:\n---\nname: t\n" + plain)
    add("byte order mark", "\ufeffname: t\n" + plain)
    add("windows line ends", "name: t\r\nservices:\r\n  a:\r\n    image: x\r\n    command: |\r\n      one\r\n      two\r\n")
    add("old mac line ends", "name: t\rservices: {a: {image: x}}\r")
    add("no final newline", "name: t\nservices: {a: {image: x}}")
    add("empty file", "")
    add("blank file", "\n\n   \n")
    add("only comments", "# a\n# b\n")
    add("only a document start", "---\n")
    add("a scalar", "hello\n")
    add("a list", "- a\n- b\n")
    add("a number", "7\n")
    add("null", "null\n")
    add("json", '{"name": "t", "services": {"a": {"image": "x", "command": ["a", "b\\u0041"], "environment": {"A": 1.5, "B": null, "C": true}}}}\n')
    add("json with tabs", '{\n\t"name": "t",\n\t"services": {\n\t\t"a": {"image": "x"}\n\t}\n}\n')
    add("tab indentation", "name: t\nservices:\n\ta:\n\t\timage: x\n")
    add("tab after spaces", "name: t\nservices:\n  a:\n  \timage: x\n")
    add("tab after a key", "name:\tt\nservices:\n  a:\n    image:\tx\n")
    add("tab before a comment", "name: t\t# c\n" + plain)
    add("trailing tab", "name: t\t\n" + plain)
    add("wrong indentation", "name: t\nservices:\n  a:\n    image: x\n   user: u\n")
    add("deeper indentation", "name: t\nservices:\n  a:\n    image: x\n      user: u\n")
    add("shallower list", "name: t\nservices:\n  a:\n    image: x\n    command:\n    - a\n    - b\n")
    add("list below its key", "name: t\nservices:\n  a:\n    image: x\n    command:\n   - a\n")
    add("missing colon", "name: t\nservices\n  a:\n    image: x\n")
    add("missing blank after colon", "name: t\nservices:\n  a:\n    image:x\n")
    add("missing blank after dash", "name: t\nservices:\n  a:\n    image: x\n    command:\n      -a\n")
    add("unclosed list", "name: t\nservices:\n  a:\n    image: x\n    command: [a, b\n    user: u\n")
    add("unclosed mapping", "name: t\nservices:\n  a: {image: x\n")
    add("unclosed double quote", "name: t\nservices:\n  a:\n    image: \"x\n    user: u\n")
    add("unclosed single quote", "name: t\nservices:\n  a:\n    image: 'x\n    user: u\n")
    add("extra bracket", "name: t\nservices: {a: {image: x}}}\n")
    add("explicit keys", "name: t\n? services\n: ? a\n  : {image: x}\n")
    add("complex key", "name: t\nservices:\n  a:\n    image: x\n    environment:\n      ? [a, b]\n      : c\n")
    add("mapping key", "name: t\nservices:\n  a:\n    image: x\n    environment: {{a: b}: c}\n")
    add("number keys", "name: t\nservices:\n  1: {image: x}\n")
    add("boolean keys", "name: t\nservices:\n  true: {image: x}\n")
    add("null keys", "name: t\nservices:\n  ~: {image: x}\n")
    add("number key of environment", service("environment: {1: a, 2.5: b}"))
    add("number key of labels", service("labels: {1: a}"))
    add("boolean key of environment", service("environment: {true: a}"))
    add("yes key of environment", service("environment: {yes: a, on: b, n: c}"))
    add("date key", service("labels: {2024-01-02: a}"))
    add("quoted keys", "\"name\": t\n'services':\n  \"a\": {'image': x}\n")
    add("comments everywhere", "# a\nname: t # b\n# c\nservices: # d\n  # e\n  a: # f\n    # g\n    image: x # h\n    command: # i\n      # j\n      - a # k\n# l\n")
    add("flow over lines", "name: t\nservices: {\n  a: {\n    image: x,\n    command: [\n      a,\n      b,\n    ],\n  },\n}\n")
    add("flow with comments", "name: t\nservices: { # one\n  a: {image: x} # two\n}\n")
    add("plain over lines", service("command: a b\n  c d\n  e"))
    add("quoted over lines", service("command: \"a b\n  c\\\n  d\""))
    add("control character", "name: t\nservices: {a: {image: x, user: \x01}}\n")
    add("nul", "name: t\nservices: {a: {image: x}}\n\0")
    add("escape character", "name: t\nservices: {a: {image: x, user: \"\x1b\"}}\n")
    add("delete character", "name: t\nservices: {a: {image: x, user: \"\x7f\"}}\n")
    add("next line character", "name: t\nservices: {a: {image: x, user: \"a\x85b\"}}\n")
    add("invalid utf-8", "name: t\nservices: {a: {image: x, user: \udcff}}\n")
    add("latin-1", "name: t\nservices: {a: {image: x, user: \udce9t\udce9}}\n")
    add("utf-16", "".join(chr(c) if c < 128 else chr(0xdc00 + c) for c in "name: t\n".encode("utf-16")))
    add("surrogates", "name: t\nservices: {a: {image: x, user: \udced\udca0\udc80}}\n")
    add("overlong", "name: t\nservices: {a: {image: x, user: \udcc0\udcaf}}\n")
    add("unicode names", "name: t\nservices: {é: {image: x}}\n")
    add("nested 50 deep", "name: t\nservices: {a: {image: x}}\nx-a: " + "[" * 50 + "]" * 50 + "\n")
    add("long key", "name: t\nservices: {a: {image: x}}\nx-" + "k" * 900 + ": v\n")
    add("long explicit key", "name: t\nservices: {a: {image: x}}\n? x-" + "k" * 1100 + "\n: v\n")
    add("too long a key", "name: t\nservices: {a: {image: x}}\nx-" + "k" * 1100 + ": v\n")
    add("anchors of anchors", "name: t\nservices: {a: {image: x}}\nx-a: &a [v, v]\nx-b: &b [*a, *a]\nx-c: &c [*b, *b]\nx-d: [*c, *c]\n")
    add("indentless list of mappings", "name: t\nservices:\n  a:\n    image: x\n    ports:\n    - target: 80\n      published: \"1\"\n    - target: 81\n")
    add("list in list", "name: t\nx-a:\n- - a\n  - b\n- - c\nservices: {a: {image: x}}\n")
    add("empty values", "name: t\nservices:\n  a:\n    image: x\n    environment:\n      A:\n      B: ''\n      C: null\n")
    add("colon in plain", service("command: echo a:b c"))
    add("question mark in plain", service("command: a ?b"))
    add("block in flow", "name: t\nservices: {a: {image: |\n  x\n}}\n")
    add("anchor on nothing", "name: t\nservices: {a: {image: x}}\nx-a: &a\n")
    add("two anchors", "name: t\nservices: {a: {image: x}}\nx-a: &a &b c\n")
    add("unknown tags", "name: t\nservices: !a {a: !b {image: !c x, command: !d [!e f]}}\n")
    add("reserved indicator", "name: t\nservices: {a: {image: @x}}\n")
    return group


def groups():
    return [scalars(), strings(), anchors(), documents()]
