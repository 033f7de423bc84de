"""Whole projects as people write them, and several features at once: what single keys do not show."""
import json

from case import Group, service

NAME = "name: t\n"

SHOP = """name: shop
services:
  web:
    image: "nginx:${NGINX_TAG:-1.25}"   # the front
    ports:
      - "${WEB_PORT:-8080}:80"   # quoted
      - 443:443
    environment:
      - DEBUG
      - "GREETING=hello: world # not a comment"
      - EMPTY=
      - URL=http://u:p@h:80/?a=b&c=d#f
    labels:
      traefik.enable: "true"
      traefik.http.routers.web.rule: Host(`example.com`) && PathPrefix(`/api`)
      'traefik.http.middlewares.auth.basicauth.users': 'user:$$apr1$$H6uskkkW$$IgXLP6ewTrSuBkTrqE8wj/'
    command: >-
      sh -c "while true;
      do date; sleep 5;
      done"
    depends_on:
      db: {condition: service_healthy, restart: true}
  db:
    image: postgres:16
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U $${POSTGRES_USER:-postgres} -d $${POSTGRES_DB}"]
      interval: 10s
    volumes:
      - db-data:/var/lib/postgresql/data
      - ./init.sql:/docker-entrypoint-initdb.d/init.sql:ro
volumes:
  db-data:
"""

ANCHORS = """name: t
x-logging: &logging
  driver: json-file
  options: &logopts {max-size: 10m, max-file: "3"}
x-env: &env
  TZ: Europe/Berlin
  A: 1
x-base: &base
  restart: unless-stopped
  logging: *logging
  environment: &benv
    <<: *env
    C: base
  labels: &labels
    app: x
services:
  one:
    <<: *base
    image: one
  two:
    image: two
    <<: [*base]
    environment:
      <<: [{A: 2, B: 3}, *env]
      D: own
    labels:
      <<: *labels
      two: ""
  three:
    <<: *base
    image: three
    environment: {<<: *benv, A: over}
    logging: {<<: *logging, options: {<<: *logopts, max-size: 20m}}
"""

COMMANDS = [
    "echo $$(a b) c", "echo (a b)", "echo a) b", "echo $$(a $$(b) c) d", 'echo "$$(a b)" c', "echo $$(a 'b c') d", "echo x$$(a b)y z", "echo $$( a", "echo `a b` c", "a 12>b", "1>b c", "a>b", "a 2>&1 b",
    "for i in $$(seq 1 $${N}); do echo $$i; done", "$$((1 + 2)) x", "a \\( b", "a & b", "find . -name '*.py' -exec rm {} \\;",
]


def written():
    """The same project in other hands."""
    group = Group("combined-written")
    wanted = ("json", "yaml", "hash")
    styles = {
        "as it is": SHOP, "windows line ends": SHOP.replace("\n", "\r\n"), "byte order mark": "\ufeff" + SHOP, "trailing blanks": SHOP.replace("\n", "   \n"), "comments everywhere": SHOP.replace("\n", "\n            # c\n"),
        "eight columns": SHOP.replace("  ", "        "), "document marks": "---\n" + SHOP + "...\n", "two documents": SHOP + "---\nservices:\n  web:\n    ports: !reset []\n    labels: !override {a: b}\n    depends_on: !reset null\n",
    }
    for name, text in styles.items():
        group.add(name, text, outputs=wanted)
    group.add("from stdin", {".env": "WEB_PORT=1\n"}, outputs=wanted, before=["-f", "-"], stdin=SHOP)
    group.add("anchors", ANCHORS, outputs=wanted)
    over = "services:\n  one: {environment: [A=9, X], labels: [z], logging: {options: {max-size: 1m}}}\n  three: {environment: !reset {}, logging: !reset null}\n"
    group.add("anchors, overridden", {"compose.yaml": ANCHORS, "compose.override.yaml": over}, outputs=wanted)
    group.print("anchors, overridden, not interpolated", {"compose.yaml": ANCHORS, "compose.override.yaml": over}, "--no-interpolate")
    group.add("pictures in keys", service("labels: {\U0001F600: \U0001F680, k: v, é: e, \U0001F600a: 1}"), outputs=wanted)
    for text in COMMANDS:
        group.add(f"command {text}", service(f"command: {json.dumps(text)}\nentrypoint: {json.dumps(text)}"))
    for key in ("dns", "dns_search", "tmpfs", "expose", "cap_add"):
        group.add(f"{key} of an unset variable", service(f"{key}: ['$NONE']"))
    group.add("dns is an unset variable", service("dns: $NONE"))
    group.add("dns is an unset variable over one", {"compose.yaml": service("dns: 1.1.1.1"), "compose.override.yaml": "services: {a: {dns: $NONE}}\n"})
    return group


def contexts():
    """A build that names no context."""
    group = Group("combined-contexts")
    files = {
        "included": {"compose.yaml": NAME + "include: [d/i.yaml]\nservices: {a: {build: {dockerfile: D}}}\n", "d/i.yaml": "services: {i: {build: {dockerfile_inline: FROM x}}}\n"},
        "included elsewhere": {"compose.yaml": NAME + "include: [{path: d/i.yaml, project_directory: e}]\nservices: {}\n", "d/i.yaml": "services: {i: {build: {dockerfile: D}}}\n", "e/x": ""},
        "extended": {"compose.yaml": NAME + "services: {a: {extends: {file: d/i.yaml, service: i}}}\n", "d/i.yaml": "services: {i: {build: {dockerfile: D}}}\n"},
        "taken away": {"compose.yaml": NAME + "services: {a: {build: {context: ./d}}}\n", "compose.override.yaml": "services: {a: {build: {context: !reset null}}}\n"},
    }
    for name, project in files.items():
        group.add(name, project, outputs=("json", "yaml", "hash"))
        for flag in ("--no-path-resolution", "--no-normalize"):
            group.print(f"{name} {flag}", project, flag)
    return group


def uninterpolated():
    group = Group("combined-uninterpolated")
    mapping, listed = "{A: 1, B: '$V', C: }", "[B=2, D, 'E=$V']"
    pairs = {"list over mapping": (mapping, listed), "mapping over list": (listed, mapping), "list over list": (listed, "[B=3, F=4, E]"), "same list": (listed, listed)}
    for key in ("environment", "labels", "annotations", "sysctls"):
        for name, (first, second) in pairs.items():
            group.print(f"{key} {name}", {"compose.yaml": service(f"{key}: {first}"), "compose.override.yaml": f"services: {{a: {{{key}: {second}}}}}\n"}, "--no-interpolate")
    group.print("extra_hosts mapping", service("extra_hosts: {h: 1.2.3.4, g: '$V'}"), "--no-interpolate")
    hosts = {"compose.yaml": service("extra_hosts: {h: 1.1.1.1, g: '$V'}"), "compose.override.yaml": "services: {a: {extra_hosts: ['g=2.2.2.2', 'k=1.1.1.1', 'h=1.1.1.1']}}\n"}
    group.print("extra_hosts list over mapping", hosts, "--no-interpolate")
    for flag in ("--no-interpolate", "--variables"):
        group.print(f"files named by a variable {flag}", service("env_file: '${E:-a.env}'\nlabel_file: ['${L:-a.labels}']"), flag)
    group.print("extra_hosts mapping, variables", service("extra_hosts: {h: 1.2.3.4, g: '$V'}"), "--variables")
    group.print("volume by a variable with a default", service("volumes: ['${NAMED:-vol}:/v', '${DIR-./d}:/d']", "volumes: {vol: }\n"), "--no-interpolate")
    for name, form in {"name": "${ABCDEFGHIJKLMNOPQR:-0123456789012345}", "default": "${A:-0123456789012345678}${B}", "letters": "${A:-éééééééééééééééééééé}"}.items():
        group.print(f"table of a long {name}", service(f"hostname: '{form}'"), "--variables")
    return group


def environment():
    group = Group("combined-environment")
    text = {"compose.yaml": service("hostname: '${A:-none}'\nvolumes: ['${PWD}/x:/x']"), ".env": "A=1\nPWD=/dotenv\n"}
    for value in ("1", "t", "T", "TRUE", "True", "0", "F", "FALSE", "no", "2"):
        group.add(f"COMPOSE_DISABLE_ENV_FILE {value}", text, environment={"COMPOSE_DISABLE_ENV_FILE": value})
    group.add("PWD is not .env's", text)
    group.add("PWD as it is given", text, environment={"PWD": "/elsewhere"})
    return group


def groups():
    return [written(), contexts(), uninterpolated(), environment()]
