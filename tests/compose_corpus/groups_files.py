"""Several files: merging, !reset and !override, extends, include, profiles, which files are found, and config's own flags."""
from case import Group, service

NAME = "name: t\n"


def over(group, name, first, second, **rest):
    """The lines of service `a` in two files."""
    group.add(name, {"compose.yaml": service(first, rest.pop("tail", "")), "compose.override.yaml": service(second, rest.pop("tail2", "")).replace("    image: x\n", "")},
              outputs=("json", "yaml", "hash"), **rest)


def merging():
    group = Group("merge")
    pairs = {
        "ports appended": ("ports: ['80:80']", "ports: ['81:81']"), "same port": ("ports: ['80:80']", "ports: ['80:80']"), "port, other host port": ("ports: ['80:80']", "ports: ['8080:80']"),
        "port long over short": ("ports: ['80:80', '90:90']", "ports: [{target: 80, published: \"80\", mode: host}]"), "port other protocol": ("ports: ['80:80']", "ports: ['80:80/udp']"), "port other address": ("ports: ['80:80']", "ports: ['127.0.0.1:80:80']"),
        "port number over text": ("ports: ['80']", "ports: [80]"), "port range": ("ports: ['80-82:80-82']", "ports: ['81:81']"), "port unpublished": ("ports: ['80']", "ports: ['80:80']"),
        "volume replaced": ("volumes: ['./a:/t']", "volumes: ['./b:/t']"), "volume other form": ("volumes: ['./a:/t:ro']", "volumes: [{type: bind, source: ./b, target: /t}]"), "volume appended": ("volumes: ['./a:/t']", "volumes: ['./a:/u']"),
        "volume trailing slash": ("volumes: ['./a:/t/']", "volumes: ['./b:/t']"), "anonymous over named": ("volumes: ['/t']", "volumes: ['./b:/t']"), "volume order": ("volumes: ['./a:/z', './b:/a']", "volumes: ['./c:/m', './d:/z']"),
        "environment map over list": ("environment: [A=1, B=2]", "environment: {B: 3, C: 4}"), "environment list over map": ("environment: {A: 1, B: 2}", "environment: [B=3, C]"), "environment null": ("environment: {A: 1}", "environment: {A: }"),
        "environment bare": ("environment: [A=1]", "environment: [A]"), "environment empty": ("environment: {A: 1}", "environment: {A: ''}"), "labels": ("labels: [a=1, b=2]", "labels: {b: 3}"), "labels null": ("labels: {a: 1}", "labels: {a: }"),
        "command replaced": ("command: [a, b]", "command: c d"), "command by text": ("command: a b", "command: [c]"), "command emptied": ("command: a", "command: []"), "command null": ("command: a", "command: "), "entrypoint replaced": ("entrypoint: [a]", "entrypoint: [b]"),
        "healthcheck merged": ("healthcheck: {test: [CMD, a], interval: 5s}", "healthcheck: {interval: 6s, retries: 2}"), "healthcheck test": ("healthcheck: {test: [CMD, a, b]}", "healthcheck: {test: c}"), "healthcheck disabled": ("healthcheck: {test: [CMD, a]}", "healthcheck: {disable: true}"),
        "depends_on list over list": ("depends_on: [b]", "depends_on: [c]"), "depends_on long over short": ("depends_on: [b]", "depends_on: {b: {condition: service_healthy}}"), "depends_on short over long": ("depends_on: {b: {condition: service_healthy, restart: true}}", "depends_on: [b]"),
        "networks list over list": ("networks: [n]", "networks: [m]"), "networks map over list": ("networks: [n]", "networks: {n: {aliases: [x]}}"), "networks list over map": ("networks: {n: {aliases: [x]}}", "networks: [n, m]"), "network aliases": ("networks: {n: {aliases: [x, y]}}", "networks: {n: {aliases: [y, z]}}"),
        "network cleared": ("networks: {n: {aliases: [x]}}", "networks: {n: }"), "dns appended": ("dns: 1.1.1.1", "dns: [2.2.2.2, 1.1.1.1]"), "dns_search": ("dns_search: [a, b]", "dns_search: b"), "tmpfs": ("tmpfs: /a", "tmpfs: [/b, /a]"), "expose": ("expose: [80]", "expose: ['80', 81]"), "cap_add": ("cap_add: [A, B]", "cap_add: [B, C]"),
        "security_opt": ("security_opt: [a]", "security_opt: [b]"), "security_opt same": ("security_opt: [a]", "security_opt: [a]"), "group_add": ("group_add: [a]", "group_add: [b, 1]"), "extra_hosts": ("extra_hosts: ['h:1.1.1.1']", "extra_hosts: {h: 2.2.2.2, g: 3.3.3.3}"), "extra_hosts same": ("extra_hosts: ['h:1.1.1.1']", "extra_hosts: ['h:1.1.1.1']"),
        "devices": ("devices: ['/dev/a:/dev/x']", "devices: ['/dev/b:/dev/x', '/dev/c']"), "secrets": ("secrets: [s]", "secrets: [{source: s, target: t}]"), "secrets appended": ("secrets: [s]", "secrets: [r]"), "configs": ("configs: [c]", "configs: [{source: c, target: /t}]"),
        "env_file": ("env_file: a.env", "env_file: [b.env]"), "env_file same": ("env_file: a.env", "env_file: a.env"), "logging driver": ("logging: {driver: json-file, options: {a: 1}}", "logging: {driver: local}"), "logging options": ("logging: {driver: json-file, options: {a: 1}}", "logging: {options: {b: 2}}"),
        "logging same driver": ("logging: {driver: json-file, options: {a: 1}}", "logging: {driver: json-file, options: {b: 2}}"), "logging driver over none": ("logging: {options: {a: 1}}", "logging: {driver: local, options: {b: 2}}"), "ulimits": ("ulimits: {nofile: 1}", "ulimits: {nofile: {soft: 2, hard: 3}, nproc: 4}"), "ulimits back": ("ulimits: {nofile: {soft: 2, hard: 3}}", "ulimits: {nofile: 1}"),
        "sysctls": ("sysctls: {a: 1}", "sysctls: [a=2, b=3]"), "build text over map": ("build: {context: ./a, args: {A: 1}, dockerfile: D}", "build: ./b"), "build map over text": ("build: ./a", "build: {dockerfile: E}"), "build args": ("build: {context: ., args: [A=1, B=2]}", "build: {args: {B: 3}}"),
        "build lists": ("build: {context: ., cache_from: [a], tags: [t], platforms: [p]}", "build: {cache_from: [b, a], tags: [u], platforms: [q]}"), "build ssh": ("build: {context: ., ssh: [default]}", "build: {ssh: [k=./p]}"), "build contexts": ("build: {context: ., additional_contexts: {a: ./a}}", "build: {additional_contexts: [a=./b, c=./c]}"),
        "build extra_hosts": ("build: {context: ., extra_hosts: ['h:1.1.1.1']}", "build: {extra_hosts: ['g:2.2.2.2']}"), "deploy": ("deploy: {replicas: 1, resources: {limits: {cpus: 1, memory: 1m}}}", "deploy: {resources: {limits: {cpus: 2}}}"), "deploy labels": ("deploy: {labels: [a=1]}", "deploy: {labels: {b: 2}}"),
        "deploy devices": ("deploy: {resources: {reservations: {devices: [{capabilities: [gpu], driver: a}]}}}", "deploy: {resources: {reservations: {devices: [{capabilities: [tpu], driver: b}]}}}"), "placement": ("deploy: {placement: {constraints: [a]}}", "deploy: {placement: {constraints: [b]}}"),
        "gpus": ("gpus: all", "gpus: [{driver: d}]"), "profiles": ("profiles: []", "profiles: []"), "links": ("links: [b]", "links: ['c:d']"), "external_links": ("external_links: [a]", "external_links: [b]"), "volumes_from": ("volumes_from: [b]", "volumes_from: [c]"), "label_file": ("label_file: a.env", "label_file: [b.env]"),
        "extension": ("x-a: {b: 1, c: [1]}", "x-a: {c: [2], d: 3}"), "blkio": ("blkio_config: {weight: 1, device_read_bps: [{path: /a, rate: 1}]}", "blkio_config: {weight: 2, device_read_bps: [{path: /b, rate: 2}, {path: /a, rate: 3}]}"), "storage_opt": ("storage_opt: {a: b}", "storage_opt: {c: d}"), "annotations": ("annotations: [a=1]", "annotations: {a: 2}"),
        "hooks": ("post_start: [{command: a}]", "post_start: [{command: b}]"), "develop": ("develop: {watch: [{path: a, action: rebuild}]}", "develop: {watch: [{path: b, action: rebuild}]}"), "models": ("models: [l]", "models: {l: {model_var: V}}"), "scalars": ("user: a\nhostname: h\nrestart: always", "user: b\ncpus: 2"), "mem": ("mem_limit: 1m", "mem_limit: 2m"),
        "bool": ("init: true", "init: false"), "number to zero": ("scale: 2", "scale: 0"), "credential_spec": ("credential_spec: {file: a}", "credential_spec: {registry: b}"), "provider": ("provider: {type: a, options: {x: 1}}", "provider: {type: b, options: {y: 2}}"), "device_cgroup_rules": ("device_cgroup_rules: ['c 1:3 r']", "device_cgroup_rules: ['c 1:5 r']"),
        "dns_opt": ("dns_opt: [a]", "dns_opt: [a, b]"), "cap_drop": ("cap_drop: [ALL]", "cap_drop: [ALL]"), "pull_policy": ("pull_policy: always", "pull_policy: never"), "mount options": ("volumes: [{type: volume, source: vol, target: /t, volume: {nocopy: true}}]", "volumes: [{type: volume, source: vol, target: /t, read_only: true}]"),
        "network_mode over networks": ("networks: [n]", "network_mode: host"),
    }
    tail = "  b: {image: y}\n  c: {image: z}\nnetworks: {n: , m: }\nsecrets: {s: {file: ./s}, r: {file: ./r}}\nconfigs: {c: {file: ./c}}\nvolumes: {vol: }\nmodels: {l: {model: m}}\n"
    import re
    for name, (first, second) in pairs.items():
        used = "".join(line + "\n" for line in tail.strip("\n").split("\n") if not line.startswith(" ") and line.split(":")[0] in first + second)
        others = "".join(f"  {n}: {{image: {n}}}\n" for n in "bc" if re.search(r"depends_on|links|volumes_from", first + second))
        group.add(name, {"compose.yaml": service(first, others + used), "compose.override.yaml": service(second).replace("    image: x\n", ""), **env_files(first + second)}, outputs=("json", "yaml", "hash"))
        group.add(name + " by !override", {"compose.yaml": service(first, others + used), "compose.override.yaml": service(second.replace(": ", ": !override ", 1)).replace("    image: x\n", ""), **env_files(first + second)})
    top = {
        "networks": ("networks: {n: {driver: a, labels: [x=1]}}", "networks: {n: {driver: b, labels: {y: 2}}}"), "network ipam": ("networks: {n: {ipam: {config: [{subnet: 10.1.0.0/16}]}}}", "networks: {n: {ipam: {config: [{subnet: 10.2.0.0/16}]}}}"),
        "network ipam same": ("networks: {n: {ipam: {config: [{subnet: 10.1.0.0/16}]}}}", "networks: {n: {ipam: {config: [{subnet: 10.1.0.0/16, gateway: 10.1.0.1}]}}}"), "network to external": ("networks: {n: {driver: a}}", "networks: {n: {external: true}}"), "network emptied": ("networks: {n: {driver: a}}", "networks: {n: }"),
        "network driver_opts": ("networks: {n: {driver_opts: {a: 1}}}", "networks: {n: {driver_opts: {b: 2}}}"), "network over nothing": ("networks: {n: }", "networks: {n: {driver: a}}"), "network name": ("networks: {n: {name: a}}", "networks: {n: {name: b}}"),
    }
    for name, (first, second) in top.items():
        group.add("top " + name, {"compose.yaml": service("networks: [n]") + first + "\n", "compose.override.yaml": second + "\n"}, outputs=("json", "yaml"))
    for kind, use in (("volumes", "volumes: ['res:/t']"), ("secrets", "secrets: [res]"), ("configs", "configs: [res]")):
        one, two = ("{driver: a, labels: [x=1]}", "{driver: b, labels: {y: 2}}") if kind == "volumes" else ("{file: ./a}", "{file: ./b}")
        group.add("top " + kind, {"compose.yaml": service(use) + f"{kind}: {{res: {one}}}\n", "compose.override.yaml": f"{kind}: {{res: {two}}}\n"}, outputs=("json", "yaml"))
        group.add("top " + kind + " to external", {"compose.yaml": service(use) + f"{kind}: {{res: {one}}}\n", "compose.override.yaml": f"{kind}: {{res: {{external: true}}}}\n"})
        group.add("top " + kind + " only in the second", {"compose.yaml": service(use), "compose.override.yaml": f"{kind}: {{res: {two}}}\n"})
    group.add("top extension", {"compose.yaml": service("user: u") + "x-a: {b: 1, c: [1]}\n", "compose.override.yaml": "x-a: {c: [2]}\n"})
    group.add("name of the second", {"compose.yaml": service("user: u"), "compose.override.yaml": "name: other\n"})
    group.add("service only in the second", {"compose.yaml": service("user: u"), "compose.override.yaml": "services: {b: {image: y}}\n"})
    group.add("service emptied", {"compose.yaml": service("user: u"), "compose.override.yaml": "services: {a: }\n"})
    group.add("services emptied", {"compose.yaml": service("user: u"), "compose.override.yaml": "services:\n"})
    group.add("empty second", {"compose.yaml": service("user: u"), "compose.override.yaml": ""})
    group.add("three files", {"a.yaml": service("user: u\nports: ['1:1']"), "b.yaml": "services: {a: {user: v, ports: ['2:2']}}\n", "c.yaml": "services: {a: {user: w, ports: ['3:3']}}\n"}, before=["-f", "a.yaml", "-f", "b.yaml", "-f", "c.yaml"])
    group.add("type error in the second", {"compose.yaml": service("user: u"), "compose.override.yaml": "services: {a: {user: [x]}}\n"})
    group.add("relative paths of a second file elsewhere", {"a.yaml": service("build: ./b"), "d/b.yaml": "services: {a: {volumes: ['./v:/v'], env_file: [e.env]}}\n", "e.env": "A=1\n", "d/e.env": "A=2\n"}, before=["-f", "a.yaml", "-f", "d/b.yaml"])
    return group


def env_files(text):
    return {name: content for name, content in {"a.env": "A=1\n", "b.env": "B=2\n"}.items() if name in text}


def reset():
    group = Group("reset-override")
    base = ("user: u\nports: ['80:80']\nenvironment: {A: 1, B: 2}\nlabels: [x=1, y=2]\ncommand: [a, b]\nhealthcheck: {test: [CMD, a], interval: 5s}\n"
            "networks: {n: {aliases: [q]}}\nvolumes: ['./a:/a', './b:/b']\nlogging: {driver: local, options: {max-size: 1m}}\ndeploy: {replicas: 2, resources: {limits: {cpus: 1}}}\n"
            "build: {context: ., args: {A: 1, B: 2}}\ndepends_on: [b]")
    tail = "  b: {image: y}\nnetworks: {n: {driver: bridge}}\n"
    for lines in (
        "user: !reset", "user: !reset null", "user: !reset other", "user: !reset ''", "user: !override v", "ports: !reset []", "ports: !reset", "ports: !reset ['81:81']", "ports: !override ['81:81']", "ports: !override []",
        "environment: !reset {}", "environment: !reset", "environment: {A: !reset null}", "environment: {A: !reset, C: 3}", "environment: !override {C: 3}", "environment: !override [C=3]", "environment:\n  A: !override 9",
        "labels: !reset", "labels: {x: !reset null}", "labels: !override [z=1]", "command: !reset", "command: !override [c]", "command: !override []", "healthcheck: !reset", "healthcheck: {interval: !reset null}", "healthcheck: !override {disable: true}",
        "networks: !reset", "networks: !reset {}", "networks: {n: !reset null}", "networks: !override {n: }", "networks: !override []", "networks: {n: {aliases: !reset []}}", "networks: {n: {aliases: !override [r]}}", "volumes: !reset []", "volumes: !override ['./c:/a']",
        "logging: !reset", "logging: {options: !reset {}}", "logging: !override {driver: none}", "deploy: !reset", "deploy: {resources: !reset}", "deploy: {resources: {limits: !override {pids: 5}}}", "build: !reset", "build: !override {context: ./other}", "build: !override ./other", "build: {args: !reset {}}",
        "build: {args: {A: !reset null}}", "depends_on: !reset []", "depends_on: !override {b: {condition: service_healthy}}", "ports: [!reset '80:80']", "ports:\n  - !override '81:81'", "volumes:\n  - !reset ./a:/a", "image: !reset", "image: !reset null\nbuild: ./x", "hostname: !reset", "hostname: !override h", "x-a: !reset", "unknown: !reset",
        "command: !reset\nentrypoint: !override [e]", "cap_add: !reset []", "cap_add: !override [A]", "extends: !reset", "environment: {A: !override }", "secrets: !reset []",
    ):
        over(group, lines, base, lines, tail=tail)
        group.add(lines + " in the only file", service(lines, tail))
    for second in ("services: {a: !reset }", "services: {a: !reset null}", "services: {b: !reset }", "services: !reset", "services: {a: !override {image: z}}", "services: !override {a: {image: z}}", "networks: !reset", "networks: {n: !reset null}", "networks: {n: !override {internal: true}}", "networks: {n: {driver: !reset null}}",
                   "name: !reset", "name: !override other", "volumes: !reset", "x-a: !reset"):
        group.add("top " + second, {"compose.yaml": service(base, tail) + "x-a: {b: c}\n", "compose.override.yaml": second + "\n"})
    group.add("reset, then set again", {"a.yaml": service("ports: ['80:80']"), "b.yaml": "services: {a: {ports: !reset []}}\n", "c.yaml": "services: {a: {ports: ['82:82']}}\n"}, before=["-f", "a.yaml", "-f", "b.yaml", "-f", "c.yaml"])
    group.add("override, then add", {"a.yaml": service("ports: ['80:80']"), "b.yaml": "services: {a: {ports: !override ['81:81']}}\n", "c.yaml": "services: {a: {ports: ['82:82']}}\n"}, before=["-f", "a.yaml", "-f", "b.yaml", "-f", "c.yaml"])
    group.add("reset in an extending service", {"compose.yaml": NAME + "services: {b: {image: x, ports: ['1:1'], user: u}, a: {extends: b, ports: !reset [], user: !reset null}}\n"})
    group.add("override in an extending service", {"compose.yaml": NAME + "services: {b: {image: x, ports: ['1:1']}, a: {extends: b, ports: !override ['2:2']}}\n"})
    group.add("reset in an extended file", {"compose.yaml": NAME + "services: {a: {extends: {file: b.yaml, service: b}}}\n", "b.yaml": "services: {b: {image: x, ports: !reset ['1:1']}}\n"})
    group.add("reset in an included file's override", {"compose.yaml": NAME + "include: [{path: [i.yaml, j.yaml]}]\nservices: {}\n", "i.yaml": "services: {b: {image: x, ports: ['1:1']}}\n", "j.yaml": "services: {b: {ports: !reset []}}\n"})
    return group


def extends():
    group = Group("extends")

    def add(name, files, **rest):
        if isinstance(files, str):
            files = {"compose.yaml": files}
        group.add(name, {**files, **env_files("".join(files.values()))}, outputs=("json", "yaml", "hash"), **rest)
    add("short", NAME + "services: {b: {image: x, user: u}, a: {extends: b, hostname: h}}\n")
    add("mapping", NAME + "services: {b: {image: x, user: u}, a: {extends: {service: b}, hostname: h}}\n")
    add("chain", NAME + "services: {c: {image: x, user: u}, b: {extends: c, hostname: h}, a: {extends: b, user: v}}\n")
    add("chain, used before", NAME + "services: {a: {extends: b, user: v}, b: {extends: c, hostname: h}, c: {image: x, user: u}}\n")
    add("diamond", NAME + "services: {c: {image: x, environment: [C=1]}, b: {extends: c, environment: [B=1]}, d: {extends: c, environment: [D=1]}, a: {extends: b, environment: [A=1]}}\n")
    add("itself", NAME + "services: {a: {image: x, extends: a}}\n")
    add("cycle", NAME + "services: {a: {image: x, extends: b}, b: {extends: c}, c: {extends: a}}\n")
    add("cycle through files", {"compose.yaml": NAME + "services: {a: {extends: {file: o.yaml, service: b}}}\n", "o.yaml": "services: {b: {image: x, extends: {file: compose.yaml, service: a}}}\n"})
    add("unknown service", NAME + "services: {a: {image: x, extends: none}}\n")
    add("unknown file", NAME + "services: {a: {image: x, extends: {file: none.yaml, service: b}}}\n")
    add("unknown service of a file", {"compose.yaml": NAME + "services: {a: {extends: {file: o.yaml, service: none}}}\n", "o.yaml": "services: {b: {image: x}}\n"})
    add("file without services", {"compose.yaml": NAME + "services: {a: {extends: {file: o.yaml, service: none}}}\n", "o.yaml": "networks: {n: }\n"})
    add("no service named", NAME + "services: {a: {image: x, extends: {file: o.yaml}}}\n")
    add("empty name", NAME + "services: {a: {image: x, extends: ''}}\n")
    add("another file", {"compose.yaml": NAME + "services: {a: {extends: {file: o.yaml, service: b}, user: v}}\n", "o.yaml": "services: {b: {image: x, user: u, hostname: h}}\n"})
    add("chain of files", {"compose.yaml": NAME + "services: {a: {extends: {file: d/o.yaml, service: b}}}\n", "d/o.yaml": "services: {b: {extends: {file: ../e/p.yaml, service: c}, user: u}}\n", "e/p.yaml": "services: {c: {image: x, volumes: ['./v:/v']}}\n"})
    add("file above", {"compose.yaml": NAME + "services: {a: {extends: {file: ../up.yaml, service: b}}}\n", "../up.yaml": "services: {b: {image: x, volumes: ['./v:/v'], build: ./ctx}}\n"})
    below = "services: {b: {image: x, build: {context: ./ctx, dockerfile: D, additional_contexts: {a: ./add}, ssh: [k=./key]}, volumes: ['./v:/v', 'n:/n', '~/h:/h'], env_file: [a.env], label_file: ['a.env'], develop: {watch: [{path: ./w, action: rebuild}]}, credential_spec: {file: ./c.json}, devices: ['./dev:/dev/x'], tmpfs: ./t}}\nvolumes: {n: }\n"
    add("paths are the file's", {"compose.yaml": NAME + "services: {a: {extends: {file: d/o.yaml, service: b}}}\nvolumes: {n: }\n", "d/o.yaml": below, "d/a.env": "IN=d\n"})
    add("volume is not taken along", {"compose.yaml": NAME + "services: {a: {extends: {file: d/o.yaml, service: b}}}\n", "d/o.yaml": below, "d/a.env": "IN=d\n"})
    add("paths with another project directory", {"p/x": "", "d/c.yaml": NAME + "services: {a: {extends: {file: o.yaml, service: b}, volumes: ['./own:/own']}}\n", "d/o.yaml": "services: {b: {image: x, volumes: ['./v:/v']}}\n", "p/o.yaml": "services: {b: {image: p, volumes: ['./v:/v']}}\n"}, before=["-f", "d/c.yaml", "--project-directory", "p"])
    add("sibling .env is not read", {"compose.yaml": NAME + "services: {a: {extends: {file: d/o.yaml, service: b}}}\n", "d/o.yaml": "services: {b: {image: 'x:${TAG:-none}'}}\n", "d/.env": "TAG=sibling\n", ".env": "TAG=own\n"})
    add("variables in the extended file", {"compose.yaml": NAME + "services: {a: {extends: {file: o.yaml, service: b}}}\n", "o.yaml": "services: {b: {image: 'x:${TAG}', user: '${U:-u}'}}\n"}, environment={"TAG": "7"})
    add("errors in the extended file", {"compose.yaml": NAME + "services: {a: {extends: {file: o.yaml, service: b}}}\n", "o.yaml": "services: {b: {image: x, bogus: 1}}\n"})
    add("error in another service of the file", {"compose.yaml": NAME + "services: {a: {extends: {file: o.yaml, service: b}}}\n", "o.yaml": "services: {b: {image: x}, c: {image: [x]}}\n"})
    add("required variable of another service of the file", {"compose.yaml": NAME + "services: {a: {extends: {file: o.yaml, service: b}}}\n", "o.yaml": "services: {b: {image: x}, c: {image: '${GONE:?}'}}\n"})
    add("extended file with two documents", {"compose.yaml": NAME + "services: {a: {extends: {file: o.yaml, service: b}}}\n", "o.yaml": "services: {b: {image: x}}\n---\nservices: {b: {user: u}}\n"})
    add("extended file with include", {"compose.yaml": NAME + "services: {a: {extends: {file: o.yaml, service: b}}}\n", "o.yaml": "include: [p.yaml]\nservices: {b: {image: x}}\n", "p.yaml": "services: {c: {image: z}}\n"})
    add("extended file with a name", {"compose.yaml": NAME + "services: {a: {extends: {file: o.yaml, service: b}}}\n", "o.yaml": "name: other\nversion: '3'\nservices: {b: {image: x}}\nx-a: 1\n"})
    add("override extends the base", {"compose.yaml": NAME + "services: {b: {image: x, user: u}, a: {image: y}}\n", "compose.override.yaml": "services: {a: {extends: b}}\n"})
    add("override of what is extended", {"compose.yaml": NAME + "services: {b: {image: x}, a: {extends: b}}\n", "compose.override.yaml": "services: {b: {user: u}}\n"})
    add("override of what extends", {"compose.yaml": NAME + "services: {b: {image: x}, a: {extends: b}}\n", "compose.override.yaml": "services: {a: {user: u, image: z}}\n"})
    add("null over extends", {"compose.yaml": NAME + "services: {b: {image: x, user: u}, a: {image: y, extends: b}}\n", "compose.override.yaml": "services: {a: {extends: }}\n"})
    for lines in ("command: [own]", "entrypoint: [own]", "ports: ['81:81']", "volumes: ['./w:/v']", "environment: {E: 2}", "environment: [F]", "labels: [l=2]", "networks: [m]", "networks: {n: }", "depends_on: [d]", "healthcheck: {interval: 9s}", "healthcheck: {disable: true}", "logging: {driver: none}", "deploy: {replicas: 3}",
                  "build: ./own", "dns: [2.2.2.2]", "tmpfs: [/u]", "secrets: [s2]", "profiles: [q]", "env_file: b.env", "network_mode: host", "container_name: own", "cap_add: [C]", "expose: [81]", "extra_hosts: ['g:2.2.2.2']", "ulimits: {nproc: 2}", "sysctls: {b: 2}", "restart: always", "links: [d]", "volumes_from: [d]",
                  "scale: 0", "init: false", "command: ", "user: ", "ports: ", "environment: ", "image: own", "x-a: own", "configs: [k]", "devices: ['/dev/c:/dev/b']", "post_start: [{command: own}]"):
        base = ("image: x, command: [base], entrypoint: [base], ports: ['80:80'], volumes: ['./v:/v'], environment: {E: 1}, labels: {l: 1}, healthcheck: {test: [CMD, t], interval: 1s}, logging: {driver: local, options: {a: b}}, deploy: {replicas: 1},"
                " build: {context: ./base, args: [A=1]}, dns: 1.1.1.1, tmpfs: /t, secrets: [s1], env_file: a.env, cap_add: [B], expose: [80], extra_hosts: ['h:1.1.1.1'], ulimits: {nproc: 1}, sysctls: {a: 1}, init: true, user: u, x-a: base, configs: [k], devices: ['/dev/a:/dev/b'], post_start: [{command: base}]")
        base += "" if "network" in lines else ", networks: {n: {aliases: [z]}}"
        base += ", networks: {n: {aliases: [z]}}" if "networks" in lines else ""
        add(f"own {lines}", NAME + f"services:\n  b: {{{base}}}\n  d: {{image: d}}\n  a:\n    extends: b\n    {lines}\nnetworks: {{n: , m: }}\nsecrets: {{s1: {{file: ./1}}, s2: {{file: ./2}}}}\nconfigs: {{k: {{file: ./k}}}}\n", before=["--profile", "q"])
    for lines in ("depends_on: [d]", "links: [d]", "volumes_from: [d]", "network_mode: 'service:d'", "ipc: 'service:d'", "pid: 'service:d'", "profiles: [p]", "container_name: nn", "networks: [n]", "secrets: [s]", "scale: 2", "deploy: {replicas: 2}", "x-a: 1", "depends_on: {d: {condition: service_healthy, required: false}}"):
        add(f"base has {lines}", NAME + f"services:\n  b:\n    image: x\n    {lines}\n  d: {{image: d}}\n  a: {{extends: b}}\nnetworks: {{n: }}\nsecrets: {{s: {{file: ./s}}}}\n")
        add(f"base in a file has {lines}", {"compose.yaml": NAME + "services:\n  a: {extends: {file: o.yaml, service: b}}\n", "o.yaml": f"services:\n  b:\n    image: x\n    {lines}\n  d: {{image: d}}\nnetworks: {{n: }}\nsecrets: {{s: {{file: ./s}}}}\n"})
    add("remote file", NAME + "services: {a: {extends: {file: 'https://example.com/r.git#main:c.yaml', service: b}}}\n")
    add("oci file", NAME + "services: {a: {extends: {file: 'oci://example.com/r', service: b}}}\n")
    return group


def include():
    group = Group("include")

    def add(name, files, outputs=("json", "yaml"), **rest):
        group.add(name, {**files, **env_files("".join(files.values()))}, outputs=outputs, **rest)
    inc = "services: {i: {image: 'i:${TAG:-none}', volumes: ['./v:/v'], build: ./ctx}}\n"
    main = NAME + "include: [{}]\nservices: {{a: {{image: x}}}}\n"
    add("short", {"compose.yaml": main.format("i.yaml"), "i.yaml": inc})
    add("mapping", {"compose.yaml": main.format("{path: i.yaml}"), "i.yaml": inc})
    add("list of paths", {"compose.yaml": main.format("{path: [i.yaml, j.yaml]}"), "i.yaml": inc, "j.yaml": "services: {i: {user: u}}\n"})
    add("two includes", {"compose.yaml": main.format("i.yaml, j.yaml"), "i.yaml": inc, "j.yaml": "services: {j: {image: j}}\n"})
    add("below", {"compose.yaml": main.format("d/i.yaml"), "d/i.yaml": inc})
    add("below with .env", {"compose.yaml": main.format("d/i.yaml"), "d/i.yaml": inc, "d/.env": "TAG=d\n"})
    add("below with both .env", {"compose.yaml": main.format("d/i.yaml"), "d/i.yaml": inc, "d/.env": "TAG=d\n", ".env": "TAG=top\n"})
    add("below with environment", {"compose.yaml": main.format("d/i.yaml"), "d/i.yaml": inc, "d/.env": "TAG=d\n"}, environment={"TAG": "outer"})
    add(".env of the including", {"compose.yaml": main.format("i.yaml"), "i.yaml": inc, ".env": "TAG=top\n"})
    add("env_file", {"compose.yaml": main.format("{path: d/i.yaml, env_file: e.env}"), "d/i.yaml": inc, "d/.env": "TAG=d\n", "e.env": "TAG=e\n"})
    add("env_file list", {"compose.yaml": main.format("{path: d/i.yaml, env_file: [e.env, f.env]}"), "d/i.yaml": inc, "e.env": "TAG=e\n", "f.env": "TAG=f\n"})
    add("env_file absent", {"compose.yaml": main.format("{path: d/i.yaml, env_file: none.env}"), "d/i.yaml": inc})
    add("env_file /dev/null", {"compose.yaml": main.format("{path: d/i.yaml, env_file: /dev/null}"), "d/i.yaml": inc, "d/.env": "TAG=d\n"})
    add("project_directory", {"compose.yaml": main.format("{path: d/i.yaml, project_directory: .}"), "d/i.yaml": inc, "d/.env": "TAG=d\n", ".env": "TAG=top\n"})
    add("project_directory elsewhere", {"compose.yaml": main.format("{path: d/i.yaml, project_directory: e}"), "d/i.yaml": inc, "d/.env": "TAG=d\n", "e/.env": "TAG=e\n"})
    add("recursive", {"compose.yaml": main.format("d/i.yaml"), "d/i.yaml": "include: [e/j.yaml]\n" + inc, "d/e/j.yaml": "services: {j: {image: j, volumes: ['./w:/w']}}\n"})
    add("cycle", {"compose.yaml": main.format("i.yaml"), "i.yaml": "include: [compose.yaml]\n" + inc})
    add("itself", {"compose.yaml": main.format("compose.yaml")})
    add("cycle of three", {"compose.yaml": main.format("i.yaml"), "i.yaml": "include: [j.yaml]\n" + inc, "j.yaml": "include: [i.yaml]\nservices: {j: {image: j}}\n"})
    add("twice the same", {"compose.yaml": main.format("i.yaml, i.yaml"), "i.yaml": inc})
    add("diamond", {"compose.yaml": main.format("i.yaml, j.yaml"), "i.yaml": "include: [k.yaml]\n" + inc, "j.yaml": "include: [k.yaml]\nservices: {j: {image: j}}\n", "k.yaml": "services: {k: {image: k}}\n"})
    add("absent", {"compose.yaml": main.format("none.yaml")})
    add("a directory", {"compose.yaml": main.format("d"), "d/compose.yaml": inc})
    add("empty list", {"compose.yaml": main.format("")})
    add("no path", {"compose.yaml": main.format("{env_file: e.env}"), "e.env": ""})
    add("unknown key", {"compose.yaml": main.format("{path: i.yaml, bogus: 1}"), "i.yaml": inc})
    add("same service, other content", {"compose.yaml": main.format("i.yaml"), "i.yaml": "services: {a: {image: y}}\n"})
    add("same service, same content", {"compose.yaml": main.format("i.yaml"), "i.yaml": "services: {a: {image: x}}\n"})
    add("same service in two includes", {"compose.yaml": main.format("i.yaml, j.yaml"), "i.yaml": "services: {i: {image: y}}\n", "j.yaml": "services: {i: {image: z}}\n"})
    add("same service overridden", {"compose.yaml": main.format("i.yaml"), "i.yaml": inc, "compose.override.yaml": "services: {i: {user: u}}\n"})
    for kind, use, one, two in (("networks", "networks: [res]", "{driver: a}", "{driver: b}"), ("volumes", "volumes: ['res:/r']", "{driver: a}", "{driver: b}"), ("secrets", "secrets: [res]", "{file: ./a}", "{file: ./b}"), ("configs", "configs: [res]", "{content: a}", "{content: b}")):
        text = NAME + f"include: [i.yaml]\nservices: {{a: {{image: x, {use}}}}}\n"
        add(f"{kind} from the included", {"compose.yaml": text, "i.yaml": f"{kind}: {{res: {one}}}\n"})
        add(f"{kind} the same", {"compose.yaml": text + f"{kind}: {{res: {one}}}\n", "i.yaml": f"{kind}: {{res: {one}}}\n"})
        add(f"{kind} in conflict", {"compose.yaml": text + f"{kind}: {{res: {two}}}\n", "i.yaml": f"{kind}: {{res: {one}}}\n"})
        add(f"{kind} unused", {"compose.yaml": main.format("i.yaml"), "i.yaml": f"{kind}: {{res: {one}}}\nservices: {{i: {{image: i}}}}\n"})
    add("name of the included", {"compose.yaml": main.format("i.yaml"), "i.yaml": "name: other\n" + inc})
    add("name only in the included", {"compose.yaml": "include: [i.yaml]\nservices: {a: {image: x}}\n", "i.yaml": "name: other\n" + inc})
    add("version of the included", {"compose.yaml": main.format("i.yaml"), "i.yaml": "version: '3'\n" + inc})
    add("extension of the included", {"compose.yaml": main.format("i.yaml") + "x-a: 1\n", "i.yaml": "x-b: 2\n" + inc})
    add("extension in conflict", {"compose.yaml": main.format("i.yaml") + "x-a: 1\n", "i.yaml": "x-a: 2\n" + inc})
    add("depends on the included", {"compose.yaml": NAME + "include: [i.yaml]\nservices: {a: {image: x, depends_on: [i]}}\n", "i.yaml": inc})
    add("included depends on the including", {"compose.yaml": main.format("i.yaml"), "i.yaml": "services: {i: {image: i, depends_on: [a]}}\n"})
    add("extends of the included", {"compose.yaml": NAME + "include: [i.yaml]\nservices: {a: {extends: i, user: u}}\n", "i.yaml": inc})
    add("included extends", {"compose.yaml": main.format("d/i.yaml"), "d/i.yaml": "services: {i: {extends: {file: b.yaml, service: b}}}\n", "d/b.yaml": "services: {b: {image: b, volumes: ['./v:/v']}}\n"})
    add("included with env_file of services", {"compose.yaml": main.format("d/i.yaml"), "d/i.yaml": "services: {i: {image: i, env_file: [a.env], environment: [TAG]}}\n", "d/a.env": "A=d\n", "d/.env": "TAG=d\n"})
    add("included with profiles", {"compose.yaml": main.format("i.yaml"), "i.yaml": "services: {i: {image: i, profiles: [p]}}\n"})
    add("included with profiles, active", {"compose.yaml": main.format("i.yaml"), "i.yaml": "services: {i: {image: i, profiles: [p]}}\n"}, before=["--profile", "p"])
    add("included with an error", {"compose.yaml": main.format("i.yaml"), "i.yaml": "services: {i: {image: i, bogus: 1}}\n"})
    add("included with broken yaml", {"compose.yaml": main.format("i.yaml"), "i.yaml": "services: [\n"})
    add("included empty", {"compose.yaml": main.format("i.yaml"), "i.yaml": ""})
    add("included required variable", {"compose.yaml": main.format("i.yaml"), "i.yaml": "services: {i: {image: '${GONE:?no tag}'}}\n"})
    add("variable in the path", {"compose.yaml": main.format("'${D:-d}/i.yaml'"), "d/i.yaml": inc})
    add("variable in the path from .env", {"compose.yaml": main.format("'${D}/i.yaml'"), "d/i.yaml": inc, ".env": "D=d\n"})
    add("include in an override", {"compose.yaml": service("user: u"), "compose.override.yaml": "include: [i.yaml]\n", "i.yaml": inc})
    add("include in both", {"compose.yaml": main.format("i.yaml"), "compose.override.yaml": "include: [j.yaml]\n", "i.yaml": inc, "j.yaml": "services: {j: {image: j}}\n"})
    add("include only", {"compose.yaml": NAME + "include: [i.yaml]\n", "i.yaml": inc})
    add("absolute path", {"compose.yaml": main.format("/corpus/project/i.yaml"), "i.yaml": inc})
    add("path above", {"compose.yaml": main.format("../i.yaml"), "../i.yaml": inc})
    add("glob is no pattern", {"compose.yaml": main.format("'*.yml'"), "i.yml": inc})
    add("include is text", {"compose.yaml": NAME + "include: i.yaml\nservices: {a: {image: x}}\n", "i.yaml": inc})
    add("include null", {"compose.yaml": NAME + "include:\nservices: {a: {image: x}}\n"})
    add("include of null", {"compose.yaml": main.format("~")})
    add("remote git", {"compose.yaml": main.format("'https://example.com/r.git'")})
    add("remote oci", {"compose.yaml": main.format("'oci://example.com/r:1'")})
    add("secret path of the included", {"compose.yaml": NAME + "include: [d/i.yaml]\nservices: {a: {image: x, secrets: [s]}}\n", "d/i.yaml": "secrets: {s: {file: ./s}}\nconfigs: {c: {file: ./c}}\n"})
    add("default network of the included", {"compose.yaml": main.format("i.yaml"), "i.yaml": "services: {i: {image: i}}\nnetworks: {default: {driver: d}}\n"})
    add("paths with --project-directory", {"c/compose.yaml": main.format("d/i.yaml"), "c/d/i.yaml": inc, "d/i.yaml": inc, "p/d/i.yaml": inc}, before=["-f", "c/compose.yaml", "--project-directory", "p"])
    add("not interpolated", {"compose.yaml": main.format("d/i.yaml"), "d/i.yaml": inc}, outputs=("text",), after=["--no-interpolate"])
    add("paths left", {"compose.yaml": main.format("d/i.yaml"), "d/i.yaml": inc}, outputs=("text",), after=["--no-path-resolution"])
    return group


def profiles():
    group = Group("profiles")
    text = (NAME + "services:\n  a: {image: x}\n  p: {image: y, profiles: [p]}\n  q: {image: z, profiles: [q]}\n  pq: {image: w, profiles: [p, q], depends_on: [p]}\n"
            "  dep: {image: v, profiles: [r], depends_on: [q]}\n  soft: {image: u, depends_on: {q: {condition: service_started, required: false}}}\n")

    def add(name, **rest):
        group.add(name, text, outputs=("json", "yaml", "hash"), **rest)
    add("none")
    for chosen in (["p"], ["q"], ["p", "q"], ["r"], ["r", "q"], ["*"], ["none"], ["p,q"], [""]):
        add("--profile " + " ".join(chosen), before=[x for p in chosen for x in ("--profile", p)])
    for value in ("p", "p,q", "p, q", "*", "", ",p", "P"):
        add(f"COMPOSE_PROFILES {value!r}", environment={"COMPOSE_PROFILES": value})
    add("both", before=["--profile", "p"], environment={"COMPOSE_PROFILES": "q"})
    for named in (["a"], ["p"], ["pq"], ["q"], ["dep"], ["soft"], ["a", "q"], ["none"], ["p", "p"]):
        add("service " + " ".join(named), after=named)
        group.print("--services " + " ".join(named), text, "--services", *named)
    for flag in ("--services", "--profiles", "--images", "--networks", "--volumes"):
        group.print(flag, text, flag)
        group.print(flag + " with p", text, flag, before=["--profile", "p"])
    for lines in ("depends_on: [p]", "links: [p]", "network_mode: 'service:p'", "volumes_from: [p]", "ipc: 'service:p'", "depends_on: {p: {condition: service_started, required: false}}", "extends: p"):
        group.add(f"on a disabled one: {lines}", NAME + f"services:\n  a:\n    image: x\n    {lines}\n  p: {{image: y, profiles: [p]}}\n")
        group.add(f"on an enabled one: {lines}", NAME + f"services:\n  a:\n    image: x\n    {lines}\n  p: {{image: y, profiles: [p]}}\n", before=["--profile", "p"])
    for value in ("[p]", "p", "[]", "", "[1]", "['']", "[p, p]", "['a b']", "[a.b, c-d, e_f]", "['-x']", "['*']", "{p: 1}"):
        group.add(f"profiles: {value}", service(f"profiles: {value}"), before=["--profile", "p"])
    group.add("resources of a disabled one", NAME + "services:\n  a: {image: x}\n  p: {image: y, profiles: [p], networks: [n], volumes: ['vol:/v']}\nnetworks: {n: }\nvolumes: {vol: }\n")
    group.add("error in a disabled one", NAME + "services:\n  a: {image: x}\n  p: {profiles: [p]}\n")
    group.add("required variable of a disabled one", NAME + "services:\n  a: {image: x}\n  p: {image: '${GONE:?}', profiles: [p]}\n")
    group.add("env_file of a disabled one", NAME + "services:\n  a: {image: x}\n  p: {image: y, env_file: none.env, profiles: [p]}\n")
    group.add("all disabled", NAME + "services:\n  p: {image: y, profiles: [p]}\n")
    group.add("unknown network of a disabled one", NAME + "services:\n  a: {image: x}\n  p: {image: y, profiles: [p], networks: [none]}\n")
    return group


def finding():
    group = Group("finding-files")
    plain = "services: {a: {image: x}}\n"
    extra = "services: {a: {user: u}}\n"
    for name in ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml", "Compose.yaml", "compose.json", "docker-compose.json"):
        group.add(name, {name: plain})
    group.add("all of them", {"compose.yaml": "name: one\n" + plain, "compose.yml": "name: two\n" + plain, "docker-compose.yml": "name: three\n" + plain, "docker-compose.yaml": "name: four\n" + plain})
    for base in ("compose.yaml", "docker-compose.yml"):
        for override in ("compose.override.yaml", "compose.override.yml", "docker-compose.override.yml", "docker-compose.override.yaml"):
            group.add(f"{base} with {override}", {base: plain, override: extra})
    group.add("override only", {"compose.override.yaml": plain})
    group.add("two overrides", {"compose.yaml": plain, "compose.override.yml": extra, "compose.override.yaml": "services: {a: {user: v}}\n"})
    group.add("in a parent", {"compose.yaml": plain, "d/e/x": ""}, directory="d/e")
    group.add("in a parent with override", {"compose.yaml": plain, "compose.override.yaml": extra, "d/x": ""}, directory="d")
    group.add("in a parent with .env", {"compose.yaml": service("user: '${A:-none}'"), ".env": "A=parent\n", "d/.env": "A=here\n"}, directory="d")
    group.add("nearer one", {"compose.yaml": plain, "d/compose.yaml": "services: {b: {image: y}}\n"}, directory="d")
    group.add("none", {"x": ""})
    group.add("a directory", {"compose.yaml/x": ""})
    group.add("-f", {"c.yaml": plain}, before=["-f", "c.yaml"])
    group.add("-f absolute", {"c.yaml": plain}, before=["-f", "/corpus/project/c.yaml"])
    group.add("-f below", {"d/c.yaml": "services: {a: {build: ./b, volumes: ['./v:/v']}}\n"}, before=["-f", "d/c.yaml"])
    group.add("-f above", {"../up.yaml": "services: {a: {build: ./b}}\n", "x": ""}, before=["-f", "../up.yaml"])
    group.add("-f absent", {"x": ""}, before=["-f", "none.yaml"])
    group.add("-f second absent", {"c.yaml": plain}, before=["-f", "c.yaml", "-f", "none.yaml"])
    group.add("-f ignores the override", {"compose.yaml": plain, "compose.override.yaml": extra}, before=["-f", "compose.yaml"])
    group.add("-f twice", {"c.yaml": service("ports: ['1:1']\nsecurity_opt: [a]")}, before=["-f", "c.yaml", "-f", "c.yaml"])
    group.add("-f stdin", {"x": ""}, before=["-f", "-"], stdin=service("build: ./b\nvolumes: ['./v:/v']"))
    group.add("-f stdin and a file", {"c.yaml": extra}, before=["-f", "-", "-f", "c.yaml"], stdin=plain)
    group.add("-f a file and stdin", {"c.yaml": plain}, before=["-f", "c.yaml", "-f", "-"], stdin=extra)
    group.add("-f stdin empty", {"x": ""}, before=["-f", "-"])
    group.add("-f stdin with project directory", {"d/x": ""}, before=["-f", "-", "--project-directory", "d"], stdin=service("build: ./b"))
    group.add("--project-directory", {"compose.yaml": plain, "d/x": ""}, before=["--project-directory", "d"])
    group.add("--project-directory with a file in it", {"d/compose.yaml": plain}, before=["--project-directory", "d"])
    group.add("--project-directory absent", {"compose.yaml": plain}, before=["--project-directory", "none", "-f", "compose.yaml"])
    group.add("--project-directory and paths", {"c.yaml": service("build: ./b\nvolumes: ['./v:/v', '../w:/w']\nenv_file: e.env"), "d/e.env": "A=d\n", "e.env": "A=top\n"}, before=["-f", "c.yaml", "--project-directory", "d"])
    group.add("COMPOSE_FILE", {"c.yaml": plain, "d.yaml": extra}, environment={"COMPOSE_FILE": "c.yaml:d.yaml"})
    group.add("COMPOSE_FILE absolute", {"c.yaml": plain}, environment={"COMPOSE_FILE": "/corpus/project/c.yaml"})
    group.add("COMPOSE_FILE absent", {"compose.yaml": plain}, environment={"COMPOSE_FILE": "none.yaml"})
    group.add("COMPOSE_FILE empty", {"compose.yaml": plain}, environment={"COMPOSE_FILE": ""})
    group.add("COMPOSE_FILE and -f", {"c.yaml": plain, "d.yaml": "services: {b: {image: y}}\n"}, before=["-f", "c.yaml"], environment={"COMPOSE_FILE": "d.yaml"})
    group.add("COMPOSE_FILE stdin", {"x": ""}, environment={"COMPOSE_FILE": "-"}, stdin=plain)
    group.add("COMPOSE_PROJECT_DIRECTORY", {"compose.yaml": service("build: ./b"), "d/x": ""}, environment={"COMPOSE_PROJECT_DIRECTORY": "d"})
    for name in ("my-proj", "My Proj", "UPPER", "1abc", "-abc", "_abc", "a.b", "", "a", "é", "a/b", "${X}"):
        quoted = "'" + name + "'"
        group.add(f"-p {quoted}", {"compose.yaml": plain}, before=["-p", name])
        group.add(f"name: {quoted}", {"compose.yaml": f"name: {quoted}\n" + plain})
        group.add(f"COMPOSE_PROJECT_NAME {quoted}", {"compose.yaml": plain}, environment={"COMPOSE_PROJECT_NAME": name})
        if name and "/" not in name:
            group.add(f"directory {quoted}", {f"{name}/compose.yaml": plain}, directory=name)
    group.add("-p over the others", {"compose.yaml": "name: file\n" + plain}, before=["-p", "flag"], environment={"COMPOSE_PROJECT_NAME": "env"})
    group.add("environment over the file", {"compose.yaml": "name: file\n" + plain}, environment={"COMPOSE_PROJECT_NAME": "env"})
    group.add("name is a number", {"compose.yaml": "name: 7\n" + plain})
    group.add("name is a list", {"compose.yaml": "name: [a]\n" + plain})
    group.add("name is null", {"compose.yaml": "name:\n" + plain})
    return group


def flags():
    """What `config` itself can be asked."""
    group = Group("config-flags")
    files = {"compose.yaml": NAME + """services:
  web:
    build: {context: ./web, args: ['A=${TAG:-latest}']}
    image: 'web:${TAG:-latest}'
    ports: ['8080:80']
    environment: [ONE, TWO=$TWO, 'THREE=${THREE-x}']
    env_file: a.env
    networks: [front, back]
    depends_on: [db]
    secrets: [key]
    configs: [conf]
  db:
    image: postgres@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    volumes: ['data:/d', './x:/x']
    networks: [back]
  built: {build: ./b, models: [m]}
  extra: {image: extra, profiles: [more, debug], user: '${NEEDED:?must be given}', labels: {a: '${A:+${B}}'}}
networks: {front: , back: {internal: true}, unused: }
volumes: {data: , unused: }
secrets: {key: {file: ./key}}
configs: {conf: {content: 'x ${TAG:-latest}'}}
models: {m: {model: ai/m}}
x-own: {tag: '${TAG:-latest}'}
""", "a.env": "F=1\n", ".env": "TAG=1.0\nNEEDED=yes\n"}
    for after in (["--services"], ["--images"], ["--volumes"], ["--networks"], ["--profiles"], ["--models"], ["--environment"], ["--variables"], ["--variables", "--format", "json"], ["--variables", "--format", "yaml"], ["--hash", "*"], ["--hash", "web"], ["--hash", "web,db"], ["--hash", "none"], ["--hash", "extra"], ["--hash", "db,web"],
                  ["--quiet"], ["-q"], ["--format", "yaml"], ["--format", "json"], ["--format", ""], ["--no-interpolate"], ["--no-normalize"], ["--no-path-resolution"], ["--no-env-resolution"], ["--no-consistency"], ["web"], ["db"], ["web", "db"], ["extra"], ["none"], ["built", "--format", "json"],
                  ["--no-interpolate", "--format", "json"], ["--no-normalize", "--format", "json"], ["--no-path-resolution", "--format", "json"], ["--no-env-resolution", "--format", "json"], ["--no-consistency", "--format", "json"],
                  ["--no-interpolate", "--no-normalize"], ["--no-interpolate", "--no-path-resolution"], ["--no-normalize", "--no-path-resolution"], ["--no-interpolate", "--services"], ["--no-interpolate", "--images"], ["--no-interpolate", "--variables"], ["--no-interpolate", "--hash", "*"], ["--no-interpolate", "web"],
                  ["--services", "--images"], ["--services", "--format", "json"], ["--images", "web"], ["--volumes", "db"], ["--networks", "db"], ["--volumes", "--format", "json"], ["--networks", "--format", "json"], ["--images", "--format", "json"], ["--services", "web"], ["--profiles", "web"], ["--services", "--quiet"],
                  ["--environment", "--format", "json"], ["--hash", "*", "--format", "json"], ["--models", "--format", "json"], ["--environment", "web"], ["--variables", "web"]):
        group.print(" ".join(after), files, *after)
        group.print(" ".join(after) + ", all profiles", files, *after, before=["--profile", "*"])
    for form in ("$V", "${V}", "${V:-d}", "${V-d}", "${V:?m}", "${V?m}", "${V:+r}", "${V+r}", "${V:-${W}}", "${V:-${W:-d}}", "$$V", "$V$W", "${V:?}"):
        group.print(f"--variables {form}", service(f"hostname: '{form}'"), "--variables")
    group.print("--variables none", service("hostname: h"), "--variables")
    group.print("--variables twice", service("hostname: ${V:-a}\nuser: ${V:-a}"), "--variables")
    group.print("--variables in extension and key", NAME + "x-a: $EXT\nservices: {a: {image: x, labels: {$KEY: $VALUE}}}\n", "--variables")
    group.print("--variables of several files", {"compose.yaml": service("user: $ONE"), "compose.override.yaml": "services: {a: {hostname: $TWO}}\n"}, "--variables")
    group.print("--variables of included", {"compose.yaml": NAME + "include: [i.yaml]\nservices: {a: {image: $ONE}}\n", "i.yaml": "services: {i: {image: $TWO}}\n"}, "--variables")
    group.print("--variables of extended", {"compose.yaml": NAME + "services: {a: {extends: {file: i.yaml, service: i}, user: $ONE}}\n", "i.yaml": "services: {i: {image: $TWO}}\n"}, "--variables")
    bad = {"compose.yaml": service("networks: [none]\ndepends_on: [gone]\nvolumes: ['gone:/v']\nsecrets: [gone]\nconfigs: [gone]")}
    group.print("inconsistent", bad)
    group.print("inconsistent --no-consistency", bad, "--no-consistency")
    group.print("inconsistent --no-consistency json", bad, "--no-consistency", "--format", "json")
    group.print("inconsistent --quiet", bad, "--quiet")
    group.print("wrong --quiet", service("bogus: 1"), "--quiet")
    group.print("no image --no-consistency", NAME + "services: {a: {user: u}}\n", "--no-consistency")
    for lines in ("ports: ['80:80', 90, '1-2:3-4']", "volumes: ['./a:/b:ro', 'vol:/v', {type: tmpfs, target: /t}]", "environment: [A, B=1, 'C=$V']", "labels: [a=1, b]", "command: a $V 'b c'", "healthcheck: {test: 'x $V'}", "build: {context: $V, args: [A]}", "depends_on: [b]", "env_file: a.env", "networks: [n]", "extra_hosts: ['h:1.1.1.1']",
                  "ulimits: {nofile: 5}", "deploy: {resources: {limits: {memory: 5m}}}", "mem_limit: 5m", "stop_grace_period: 90s", "secrets: [s]", "logging: {options: {a: 1}}", "dns: 1.1.1.1", "tmpfs: /t", "gpus: all", "devices: ['/dev/a']", "cpus: $N", "init: $B", "extends: b", "hostname: '$$V'", "user: '${V:-d}'", "x-a: $V", "label_file: a.env",
                  "network_mode: 'service:b'", "volumes: ['~/a:/b', '../c:/d']", "configs: [{source: c, mode: 0440}]", "blkio_config: {device_read_bps: [{path: /a, rate: 1k}]}", "develop: {watch: [{path: ./x, action: rebuild}]}", "pull_policy: if_not_present", "profiles: []", "links: [b]", "expose: [80]", "sysctls: [a=1]", "cap_add: [A, A]", "credential_spec: {file: ./f}"):
        text = service(lines, "  b: {image: y}\nnetworks: {n: }\nvolumes: {vol: }\nsecrets: {s: {file: ./s}}\nconfigs: {c: {content: '$V'}}\n")
        for flag in ("--no-interpolate", "--no-normalize", "--no-path-resolution"):
            group.print(f"{flag} {lines}", {"compose.yaml": text, "a.env": "E=1\n"}, flag, environment={"V": "val", "N": "2", "B": "true"})
    return group


def groups():
    return [merging(), reset(), extends(), include(), profiles(), finding(), flags()]
