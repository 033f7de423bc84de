"""Short forms one by one, what is implied, references between parts, and mistakes."""
from case import Group, service

NAME = "name: t\n"

PORTS = [
    "80", "0", "65535", "65536", "-1", "80.5", "abc", "", "80:", ":80", "8080:80", "0:80", "8080:0", "80:80:80", "127.0.0.1:80:80", "127.0.0.1::80", "127.0.0.1:80", ":80:80", "0.0.0.0:80:80", "[::1]:80:80", "[::]:80:80", "::1:80:80", "[::1]::80", "2001:db8::1:80:80", "localhost:80:80", "host:80:80", "999.1.1.1:80:80",
    "80/tcp", "80/udp", "80/sctp", "80/TCP", "80/xyz", "80/", "/tcp", "80/tcp/udp", "8080:80/udp", "127.0.0.1:80:80/udp", "80-82", "82-80", "80-80", "80-", "-80", "8080-8082:80-82", "8080-8082:80", "8080:80-82", "8080-8081:80-82", "8080-8082:80-82/udp", "127.0.0.1:8080-8082:80-82", "127.0.0.1::80-82", "9100-9110:95", " 80", "80 ", "80 : 80", "080", "0080:80", "1e3", "0x50",
    "+80", "8080:+80", "80,81", "80:80,81:81", "http", "${P}:80", "${P:-81}:80", "22:22", "3306:3306", "60:60", "[::1%eth0]:80:80", "1.2.3.4:80-81:80-81", "80\\n", "٨٠",
]

VOLUMES = [
    "/data", "data", "./data", "../data", "~/data", "~", ".", "..", "/", "", "a", "data:/d", "./data:/d", "../data:/d", "~/data:/d", "/abs:/d", "~:/d", "~user/x:/d", ".:/d", "..:/d", ".hidden:/d", "a/b:/d", "data:d", "data:./d", "./a:b", "/a:b", ":/d", "data:", "/a/b/../c:/d/e/../f", "./a/../b:/d", "./a/./b/:/d/", "/a//b:/d//e", "data:/d:ro", "data:/d:rw", "data:/d:ro,z", "data:/d:Z",
    "data:/d:nocopy", "data:/d:ro,nocopy", "data:/d:volume-nocopy", "./a:/d:ro", "./a:/d:rw,rshared", "./a:/d:rprivate", "./a:/d:rslave,z", "./a:/d:cached", "./a:/d:delegated", "./a:/d:consistent", "./a:/d:bogus", "./a:/d:", "./a:/d:ro:rw", "./a:/d:ro,rw", "a:/d:b:c", "n:/n", "C:\\a:/d", "C:/a:/d", "c:\\a:d:\\b", "\\\\.\\pipe\\x:\\\\.\\pipe\\x", "//host/share:/d", "data:/d e", "my data:/d", "./my dir:/d",
    "data-1_x.y:/d", "-data:/d", "_data:/d", "DATA:/d", "dätä:/d", "./dätä:/d", "http://x:/d", "$V:/d", "${V:-./w}:/d", "./a:/d:size=1", "./a:/d:U", "./a:/d:O", "./a:/d:selinux", "data:/d:subpath=x", "/run/docker.sock:/run/docker.sock:ro", "./a:/d:ro,cached", "./a:/d:rw,Z,rshared", "./a : /d", " ./a:/d", "./a:/d ", "./:/d", "./a/:/d", "/a/:/d/", "~/:/d", "~/../x:/d", "x:/a:/b",
]

DURATIONS = ["0", "0s", "1s", "90s", "1m30s", "1h", "25h", "1d", "1w", "1w1d1h1m1s1ms", "1.5s", "1.5h", ".5s", "100ms", "1500ms", "1us", "1µs", "1ns", "1500us", "5", "5x", "s", "-5s", "+5s", "1s1m", "1 s", "1S", "1H", "1M", "1y", "1mo", "", "99999999h", "1h60m", "10000000000ns", "0.001s", "1m0.5s", "abc", "1d12h", "0h5m", "1e3s", "1s "]
SIZES = ["0", "1", "1024", "1b", "1B", "1k", "1K", "1kb", "1KB", "1Kb", "1kB", "1ki", "1KiB", "1kib", "1m", "1M", "1mb", "1MiB", "1g", "1G", "1gb", "1t", "1tb", "1p", "1.5g", "0.5m", "1.1k", "1 g", " 1g", "1g ", "-1", "-1m", "+1m", "1x", "g", "", "1e3", "0x10", "1_000", "1,000", "9223372036854775807", "9223372036854775808", "1024p", "99999999999g", "1.7976931348623157e308", "1.m", ".5m", "1gg", "b"]
HOSTS = ["h:1.2.3.4", "h=1.2.3.4", "h=::1", "h:::1", "h=[::1]", "h:[::1]", "h", "h:", "h=", "=1.2.3.4", ":1.2.3.4", "h:host-gateway", "h=host-gateway", "h: 1.2.3.4", "h.example:1.2.3.4", "h:1.2.3.4:5", "h=1.2.3.4,5.6.7.8", "H:1.2.3.4", "a b:1.2.3.4", "h 1.2.3.4", "myhostv6:fe80::1", "h=fe80::1%eth0", "h=not-an-address", ""]
ULIMITS = ["nofile: 1", "nofile: '1'", "nofile: -1", "nofile: 1:2", "nofile: {soft: 1, hard: 2}", "nofile: {soft: 1}", "nofile: {hard: 1}", "nofile: {soft: 2, hard: 1}", "nofile: {soft: -1, hard: -1}", "nofile: {}", "nofile: ", "nofile: text", "nofile: 1.5", "nofile: [1]", "Nofile: 1", "no-file: 1", "bogus: 1", "nofile: unlimited", "nofile: {soft: '1', hard: '2'}", "nofile: {soft: 1, hard: 2, other: 3}", "nproc: 0", "nofile: 1, nproc: 2"]
DEVICES = ["/dev/a", "/dev/a:/dev/b", "/dev/a:/dev/b:r", "/dev/a:/dev/b:rwm", "/dev/a:/dev/b:x", "/dev/a:rw", "/dev/a:/dev/b:r:w", "", "a", "./a:/dev/b", "vendor.com/class=name", "/dev/a:", ":/dev/b", "/dev/a:/dev/b:", "~/a:/b"]
COMMANDS = ["a", "a b", "'a b'", "a 'b c'", "a \"b c\"", "a \\'b", "a\\ b", "a  b", " a ", "a\tb", "a 'b\"c'", "a \"b'c\"", "a \"b\\\"c\"", "a \"b\\c\"", "a 'b\\c'", "a ''", "a \"\"", "''", "a'b'c", "a\"b\"c", "a 'b", "a \"b", "a\\", "a #b", "a;b", "a && b", "a | b", "a > b", "a $$B", "a `b`", "a $$(b)", "a\\nb", "é", "a *", "a ~", "a=b c", "[a, b]", "sh -c 'x; y'", "a&b", "a \\\\ b", "a\nb", "a \\\n b", "a\r\nb"]
TESTS = ["curl x", "", "[]", "[CMD]", "[CMD, a]", "[CMD-SHELL, a b]", "[CMD-SHELL, a, b]", "[NONE]", "[NONE, a]", "NONE", "[a, b]", "[cmd, a]", "[CMD-SHELL]", "'CMD a'", "[\"\"]", "[CMD, 1]", "{a: b}"]
RESTARTS = ["no", "'no'", "always", "on-failure", "on-failure:3", "on-failure:x", "unless-stopped", "Always", "''", "never", "5", "true", "false", "always:3"]
POLICIES = ["always", "never", "missing", "if_not_present", "build", "refresh", "daily", "weekly", "every_1h", "every_2d", "every_1w", "every_30m", "every_90s", "every_1h30m", "every_", "every_x", "every_1y", "Always", "''", "newer", "true"]
IMAGES = ["x", "x:1", "x:latest", "a/b", "r.example/a/b:1", "r.example:5000/a", "localhost/a", "localhost:5000/a:t", "x@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "X", "A/B", "x:", ":t", "x:a b", "x y", "/x", "x/", "x//y", "x:t:u", "x@sha256:abc", "", "http://x", "x:${T:-1}", "é", "sha256:abc", "-x", "x-", "a__b", "a..b", "${T}"]
CONTEXTS = [".", "./", "..", "dir", "./dir", "../dir", "/abs", "~/dir", "~", "", "https://github.com/a/b.git", "https://github.com/a/b", "http://x/y.tar.gz", "git://x/y", "git@github.com:a/b.git", "github.com/a/b", "ssh://git@x/y", "https://x/y.git#branch", "https://x/y.git#branch:sub", "dir with space", "file:///x", "service:b", "docker-image://x", "oci-layout://./x", "target:x", "-", "dir/../other", "dir//sub", "x:y"]
CONTAINER_NAMES = ["aa", "a", "A1", "a-b_c.d", "-a", "_a", "a b", "a/b", "", "é", "1a", "a$$b", "${X:-xx}", "x" * 300]
SERVICE_NAMES = ["a", "A", "a-b", "a_b", "a.b", "1", "-a", "_a", ".a", "a b", "a/b", "a:b", "é", "a" * 100, "'1'", "x-a", "default", "services", "a+b", "a@b", "''", "'*'"]
NETWORK_MODES = ["none", "host", "bridge", "default", "service:b", "service:none", "service:a", "service:", "container:c", "container:", "n", "nonsense", "''", "Host", "service:b:c", "slirp4netns", "7"]
NAMESPACES = ["host", "service:b", "service:none", "service:a", "service:", "container:c", "private", "shareable", "none", "''", "nonsense"]
KV = ["A", "A=", "A=b", "A=b=c", "=b", "A =b", "A= b", " A=b", "A=b ", "A:b", "A: b", "", "a-b=c", "A B=c", "1=2", "A='b'", "A=\"b\"", "A=$$b", "é=é", "A=#b", "A={\"a\": 1}", "A=a,b", "a.b/c=d", "=", "==", "A\\n=b"]


def one_service_each(group, label, key, values, tail="", outputs=("json",), wrap="{}"):
    for value in values:
        group.add(f"{label} {value}"[:90] if len(value) < 80 else f"{label} {len(value)} characters", service(f"{key}: {wrap.format(value)}", tail), outputs=outputs)


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") + '"'


def quoted(values):
    return [quote(value) for value in values]


def ports():
    group = Group("short-ports")
    one_service_each(group, "port", "ports", quoted(PORTS), wrap="[{}]", outputs=("json", "hash"))
    one_service_each(group, "expose", "expose", quoted(PORTS[:60:2]), wrap="[{}]")
    for value in ("80", "80.0", "80.5", "0", "-1", "70000", "1_000", "0x50", "017", "true", "~", "[80]", "{}", "{target: 80}", "{published: 80}", "{target: '80', published: 8080, host_ip: 127.0.0.1, protocol: udp, mode: ingress, name: n, app_protocol: h, x-a: 1}", "{target: 80, bogus: 1}", "{target: 80-82}",
                  "{target: 80, published: 80-82}", "{target: 80, published: ''}", "{target: 0}", "{target: 70000}", "{target: 80, published: 70000}", "{target: 80, protocol: xyz}", "{target: 80, mode: xyz}", "{target: 80, host_ip: nonsense}", "{target: abc}", "{target: }", "{target: 80, published: [1]}"):
        group.add(f"plain {value}", service(f"ports: [{value}]"), outputs=("json", "yaml", "hash"))
    for lines in ("ports: 80", "ports: '80:80'", "ports: {80: 80}", "ports: []", "ports: ['80:80', '80:80']", "ports: ['80:80', '80:80/tcp']", "ports: ['80:80', 80]", "ports: ['80-81:80-81', '81:81']", "ports: ['8080:80', '8080:81']", "ports: ['127.0.0.1:80:80', '80:80']", "ports: ['80:80', {target: 80, published: 80}]",
                  "ports: [80, '80']", "ports: ['90:90', '80:80', '85:85']", "ports: ['80:80/udp', '80:80/tcp']", "expose: [80, 80]", "expose: ['80', 80]", "expose: ['80/tcp']", "expose: 80", "expose: ['80-90']"):
        group.add(lines, service(lines), outputs=("json", "yaml", "hash"))
    group.add("two services, one port", NAME + "services: {a: {image: x, ports: ['80:80']}, b: {image: y, ports: ['80:80']}}\n")
    group.add("port, scale and a container name", service("ports: ['80:80']\nscale: 2\ncontainer_name: cc"))
    return group


def volumes():
    group = Group("short-volumes")
    tail = "volumes: {data: , n: , data-1_x.y: , DATA: , x: , a: }\n"
    one_service_each(group, "volume", "volumes", quoted(VOLUMES), wrap="[{}]", tail=tail, outputs=("json", "hash"))
    one_service_each(group, "left as it is", "volumes", quoted(VOLUMES[:40:2]), wrap="[{}]", tail=tail, outputs=("yaml",))
    for value in ("{type: bind, source: ./a, target: /d}", "{type: bind, source: a, target: /d}", "{type: bind, source: ~/a, target: /d}", "{type: bind, target: /d}", "{type: bind, source: ./a}", "{type: bind, source: '', target: /d}", "{type: volume, target: /d}", "{type: volume, source: data, target: d}", "{type: volume, source: ./a, target: /d}", "{type: volume, source: undefined, target: /d}",
                  "{type: tmpfs, target: /d}", "{type: tmpfs, source: a, target: /d}", "{type: tmpfs}", "{type: bogus, target: /d}", "{target: /d}", "{source: data, target: /d}", "{type: bind, source: ./a, target: /d, bind: {create_host_path: false}}", "{type: bind, source: ./a, target: /d, bind: }", "{type: bind, source: ./a, target: /d, bind: {}}", "{type: bind, source: ./a, target: /d, volume: {nocopy: true}}",
                  "{type: volume, source: data, target: /d, bind: {propagation: shared}}", "{type: volume, source: data, target: /d, bogus: 1}", "{type: npipe, source: x, target: /d}", "{type: cluster, source: data, target: /d}", "{type: image, source: i, target: /d}", "{type: image, target: /d}", "{type: tmpfs, target: /d, tmpfs: {size: 1k, mode: 1777}}", "{type: tmpfs, target: /d, tmpfs: {size: -1}}",
                  "{type: volume, source: data, target: /d, read_only: yes}", "{type: volume, source: data, target: /d, volume: {subpath: /abs}}", "{type: volume, source: data, target: /d, x-a: b}", "{type: bind, source: ./a, target: /d/}", "{type: bind, source: /a/../b, target: /d/../e}", "7", "~", "[a]", "true"):
        group.add(f"long {value}", service(f"volumes: [{value}]", tail), outputs=("json", "yaml", "hash"))
    for lines in ("volumes: data:/d", "volumes: {data: /d}", "volumes: ['data:/d', 'data:/d']", "volumes: ['data:/d', 'n:/d']", "volumes: ['data:/d', './a:/d']", "volumes: ['data:/d', '/d']", "volumes: ['data:/d', 'data:/d/']", "volumes: ['/d']\ntmpfs: /d", "volumes: ['/d']\ntmpfs: [/e]", "volumes: []", "volumes: ['undefined:/d']", "volumes: ['data:/d']\nread_only: true",
                  "volumes: ['data:/a', 'data:/b']", "volumes: ['/z', '/a', './m:/m']", "tmpfs: /d", "tmpfs: [/d, /d]", "tmpfs: ['/d:size=1m', '/e:rw,noexec']", "tmpfs: ''", "tmpfs: ['']", "tmpfs: d", "volumes_from: [none]", "volumes_from: ['container:x']", "volumes_from: ['b:ro']", "volumes_from: ['b:xx']", "volumes_from: [a]", "volumes_from: ['']", "volumes_from: [b, b]", "volumes_from: ['container:']"):
        group.add(lines, service(lines, "  b: {image: y}\n" + tail), outputs=("json", "yaml", "hash"))
    for definition in ("{}", "{external: true}", "{external: true, name: real}", "{external: {name: real}}", "{external: true, driver: d}", "{external: true, driver_opts: {a: b}}", "{external: true, labels: {a: b}}", "{external: false}", "{external: 'true'}", "{external: {name: r}, name: s}", "{name: real}", "{name: ''}", "{driver: local, driver_opts: {o: bind, type: none, device: ./x}}", "{driver_opts: {device: ~/x, o: bind}}", "{driver_opts: {device: './x'}}", "{driver_opts: {o: 'bind', device: /a/../b}}", "{bogus: 1}", "[]", "text", "{labels: [a]}", "{name: 'a b'}", "{name: $V}"):
        group.add(f"defined as {definition}", service("volumes: ['vol:/v']", f"volumes: {{vol: {definition}}}\n"), outputs=("json", "yaml"))
    for name in ("v", "V-1_x.y", "-v", "v v", "é", "1", "v/w", "x-v"):
        group.add(f"called {name}", service("volumes: ['/v']", f"volumes: {{{name}: }}\n"))
    return group


def values():
    group = Group("short-values")
    one_service_each(group, "stop_grace_period", "stop_grace_period", quoted(DURATIONS), outputs=("json", "yaml"))
    one_service_each(group, "interval", "healthcheck", [f"{{test: x, interval: {quote(v)}}}" for v in DURATIONS[::2]])
    one_service_each(group, "update delay", "deploy", [f"{{update_config: {{delay: {quote(v)}}}}}" for v in DURATIONS[::4]])
    one_service_each(group, "mem_limit", "mem_limit", quoted(SIZES))
    one_service_each(group, "shm_size", "shm_size", quoted(SIZES[::2]))
    one_service_each(group, "memory", "deploy", [f"{{resources: {{limits: {{memory: {quote(v)}}}}}}}" for v in SIZES[::3]])
    one_service_each(group, "tmpfs size", "volumes", [f"[{{type: tmpfs, target: /d, tmpfs: {{size: {quote(v)}}}}}]" for v in SIZES[::3]])
    one_service_each(group, "extra_hosts", "extra_hosts", quoted(HOSTS), wrap="[{}]", outputs=("json", "hash"))
    one_service_each(group, "ulimits", "ulimits", ULIMITS, wrap="{{{}}}")
    one_service_each(group, "devices", "devices", quoted(DEVICES), wrap="[{}]")
    one_service_each(group, "command", "command", quoted(COMMANDS), outputs=("json", "yaml"))
    one_service_each(group, "entrypoint", "entrypoint", quoted(COMMANDS[::3]))
    one_service_each(group, "test", "healthcheck", [f"{{test: {v if v else quote('')}}}" for v in TESTS])
    one_service_each(group, "restart", "restart", RESTARTS)
    one_service_each(group, "pull_policy", "pull_policy", POLICIES)
    one_service_each(group, "container_name", "container_name", quoted(CONTAINER_NAMES))
    for key in ("environment", "labels", "sysctls", "annotations"):
        one_service_each(group, key, key, quoted(KV), wrap="[{}]")
    one_service_each(group, "build args", "build", [f"{{context: ., args: [{quote(v)}]}}" for v in KV[::2]])
    one_service_each(group, "additional_contexts", "build", [f"{{context: ., additional_contexts: [{quote('n=' + v)}]}}" for v in CONTEXTS])
    one_service_each(group, "build", "build", quoted(CONTEXTS), outputs=("json", "hash"))
    one_service_each(group, "context", "build", [f"{{context: {quote(v)}, dockerfile: x/D}}" for v in CONTEXTS])
    for value in ("default", "[default]", "['a=b']", "['a=./b']", "['a']", "{a: b}", "{default: }", "['a=b,c']", "[]", "{}", "['default=/x']"):
        group.add(f"build ssh {value}", service(f"build: {{context: ., ssh: {value}}}"))
    for value in IMAGES:
        group.add(f"image {value}", NAME + f"services: {{a: {{image: {quote(value)}}}}}\n", outputs=("json", "hash"))
    for value in ("0", "1", "0.5", "1.50", "'0.5'", "1e1", "-1", "abc", "''", "0.123456789", "100", "1/2", ".5", "01"):
        group.add(f"cpus {value}", service(f"cpus: {value}"))
        group.add(f"limit cpus {value}", service(f"deploy: {{resources: {{limits: {{cpus: {value}}}}}}}"))
        group.add(f"cpu_percent {value}", service(f"cpu_percent: {value}"))
    for value in ("0440", "'0440'", "440", "'440'", "0o440", "288", "0x120", "'u=r'", "-1", "99999", "'9'", "1.5", "''", "07777", "00000"):
        group.add(f"mode {value}", service(f"secrets: [{{source: s, mode: {value}}}]", "secrets: {s: {file: ./s}}\n"), outputs=("json", "yaml"))
        group.add(f"tmpfs mode {value}", service(f"volumes: [{{type: tmpfs, target: /d, tmpfs: {{mode: {value}}}}}]"), outputs=("json", "yaml"))
    for key in ("init", "tty", "privileged", "read_only", "stdin_open", "attach", "oom_kill_disable"):
        for value in ("true", "'true'", "True", "'TRUE'", "'t'", "'1'", "1", "yes", "'Yes'", "'y'", "on", "'off'", "'no'", "'n'", "'0'", "'f'", "''", "'maybe'", "2"):
            if key == "init" or value in ("yes", "1", "'no'", "'maybe'"):
                group.add(f"{key} {value}", service(f"{key}: {value}"))
    for value in ("1", "'1'", "1.0", "1.5", "'1.5'", "-1", "0", "'abc'", "''", "99999999999", "1e2", "0x10", "017", "'017'", "1_0", "true", "+1", "' 1'"):
        for key in ("scale", "pids_limit", "oom_score_adj", "cpu_shares", "mem_swappiness"):
            group.add(f"{key} {value}", service(f"{key}: {value}"))
    for value in ("0", "1000", "'0'", "root", "'a:b'", "''", "1.5", "-1"):
        group.add(f"user {value}", service(f"user: {value}"))
        group.add(f"group_add {value}", service(f"group_add: [{value}]"))
        group.add(f"hostname {value}", service(f"hostname: {value}"))
    for value in ("all", "'all'", "none", "1", "[]", "[{}]", "[{count: 1, device_ids: [a]}]", "[{driver: d, capabilities: [[gpu]]}]", "[all]", "[{count: -1}]", "[{count: x}]", "[{capabilities: []}]", "[{capabilities: gpu}]", "[{bogus: 1}]"):
        group.add(f"gpus {value}", service(f"gpus: {value}"))
        if value.startswith("["):
            group.add(f"devices of deploy {value}", service(f"deploy: {{resources: {{reservations: {{devices: {value}}}}}}}"))
    for value in ("'a:b'", "{driver: none}", "{driver: ''}", "{options: {a: true}}", "{options: {a: [1]}}", "{options: [a=b]}", "{bogus: 1}", "{driver: d, options: {max-size: 10m, n: 1.5, e: '', z: }}"):
        group.add(f"logging {value}", service(f"logging: {value}"), outputs=("json", "yaml", "hash"))
    for value in ("{}", "{disable: true, test: x}", "{disable: 'yes'}", "{test: x, retries: 0}", "{test: x, retries: -1}", "{interval: 5s}", "{test: x, timeout: 0s}", "{test: x, bogus: 1}", "{test: x, start_period: 5s, start_interval: 1s}", "{disable: false}", "{test: x, retries: '3'}", "{test: x, interval: 5}", "~"):
        group.add(f"healthcheck {value}", service(f"healthcheck: {value}"), outputs=("json", "yaml", "hash"))
    return group


def references():
    """What is implied by what, and what has to exist."""
    group = Group("references")

    def add(name, text, **rest):
        group.add(name, text, outputs=("json", "yaml", "hash"), **rest)
    for value in NETWORK_MODES:
        add(f"network_mode {value}", service(f"network_mode: {value}", "  b: {image: y}\nnetworks: {n: }\n"))
        group.add(f"network_mode {value} with networks", service(f"network_mode: {value}\nnetworks: [n]", "  b: {image: y}\nnetworks: {n: }\n"))
    for key in ("ipc", "pid", "uts", "userns_mode", "cgroup"):
        for value in NAMESPACES:
            group.add(f"{key} {value}", service(f"{key}: {value}", "  b: {image: y}\n"), outputs=("json", "hash"))
    for lines in ("depends_on: [b]", "depends_on: [none]", "depends_on: [a]", "depends_on: [b, b]", "depends_on: b", "depends_on: []", "depends_on: {}", "depends_on: {b: }", "depends_on: {b: {}}", "depends_on: {b: {condition: bogus}}", "depends_on: {b: {condition: service_started, bogus: 1}}", "depends_on: {b: {condition: service_started, required: 'yes'}}", "depends_on: {none: {condition: service_started, required: false}}",
                  "links: [b]", "links: ['b:x']", "links: [none]", "links: ['b:x:y']", "links: [a]", "links: [b]\ndepends_on: {b: {condition: service_healthy}}", "links: [b]\nnetwork_mode: host", "volumes_from: [b]\ndepends_on: [b]", "network_mode: 'service:b'\ndepends_on: {b: {condition: service_healthy}}", "ipc: 'service:b'\npid: 'service:b'\nvolumes_from: [b]", "external_links: [b]", "external_links: ['x:y']",
                  "networks: [none]", "networks: {none: }", "networks: [default]", "networks: [n, default]", "networks: []", "networks: {}", "networks: ", "networks: [n, n]", "networks: n", "networks: {n: {}}", "networks: {n: {bogus: 1}}", "networks: {n: {ipv4_address: nonsense}}", "networks: {n: {mac_address: nonsense}}", "networks: {n: text}", "networks: {n: {priority: 1.5}}", "networks: {n: {gw_priority: '5'}}",
                  "secrets: [none]", "secrets: [s]", "secrets: [s, s]", "secrets: [{source: s}]", "secrets: [{target: t}]", "secrets: [{}]", "secrets: s", "secrets: {s: }", "secrets: [{source: s, bogus: 1}]", "secrets: [{source: s, uid: 5}]", "secrets: [{source: s, target: ../x}]", "secrets: [{source: s, target: /a/b}]", "secrets: [es]", "secrets: [xs]", "configs: [none]", "configs: [c]", "configs: [{source: c}]", "configs: [{source: c, target: x}]", "configs: [ec]", "configs: [xc]", "configs: [c, ic]",
                  "build: {context: ., secrets: [none]}", "build: {context: ., secrets: [s]}", "build: {context: ., additional_contexts: {x: 'service:b'}}", "build: {context: ., additional_contexts: {x: 'service:none'}}", "build: {context: ., additional_contexts: {x: 'service:a'}}", "build: {context: ., network: n}", "build: {dockerfile: D, dockerfile_inline: FROM x}", "build: {context: ., dockerfile_inline: 'FROM x'}", "build: {}", "build: {dockerfile: D}", "build: {target: t}",
                  "build: {context: ., platforms: [linux/amd64]}\nplatform: linux/arm64", "build: {context: ., platforms: [linux/amd64]}\nplatform: linux/amd64", "build: {context: ., privileged: true, pull: true, no_cache: true}", "models: [none]", "models: [m]", "models: {none: }", "models: {m: {bogus: 1}}", "models: m", "credential_spec: {config: none}", "credential_spec: {config: c, file: f}",
                  "scale: 2\ncontainer_name: cc", "deploy: {replicas: 2}\ncontainer_name: cc", "scale: 2\ndeploy: {replicas: 3}", "scale: 2\ndeploy: {replicas: 2}", "mem_limit: 1m\ndeploy: {resources: {limits: {memory: 2m}}}", "mem_limit: 1m\ndeploy: {resources: {limits: {memory: 1m}}}", "cpus: 1\ndeploy: {resources: {limits: {cpus: 2}}}", "pids_limit: 1\ndeploy: {resources: {limits: {pids: 2}}}", "mem_reservation: 1m\ndeploy: {resources: {reservations: {memory: 2m}}}",
                  "mem_limit: 1m\nmem_reservation: 2m", "mac_address: '02:42:ac:11:65:43'\nnetworks: [n]", "mac_address: '02:42:ac:11:65:43'\nnetworks: {n: {mac_address: '02:42:ac:11:65:44'}}", "provider: {type: m}", "provider: {type: m}\nimage: x", "develop: {watch: [{path: ., action: rebuild}]}", "restart: always\ndeploy: {restart_policy: {condition: none}}", "cpu_shares: 5\ncpus: 1", "network_mode: host\nports: ['80:80']", "network_mode: none\nmac_address: '02:42:ac:11:65:43'",
                  "hostname: h\ndomainname: d", "extends: b\ndepends_on: [b]", "attach: false", "use_api_socket: true", "use_api_socket: true\nvolumes: ['./a:/b']", "isolation: hyperv", "label_file: none.env", "label_file: a.env\nlabels: {L: own}"):
        add(lines, {"compose.yaml": service(lines, "  b: {image: y}\nnetworks: {n: }\nsecrets: {s: {file: ./s}, es: {environment: V}, xs: {external: true}}\nconfigs: {c: {file: ./c}, ec: {environment: V}, xc: {external: true, name: real}, ic: {content: 'a $V'}}\nmodels: {m: {model: ai/m}}\n"),
                    **({"a.env": "L=file\nM=$V\n"} if "a.env" in lines else {})}, environment={"V": "val"})
    for kind in ("secrets", "configs"):
        for definition in ("{}", "", "{file: ./f}", "{file: ''}", "{environment: V}", "{environment: NONE}", "{environment: ''}", "{content: x}", "{content: ''}", "{content: '$V'}", "{external: true}", "{external: true, name: real}", "{external: {name: real}}", "{external: true, file: ./f}", "{external: false, file: ./f}", "{file: ./f, environment: V}", "{file: ./f, content: x}", "{name: only}", "{file: ./f, name: real}", "{file: ~/f}", "{file: ../f}",
                           "{file: /abs/../f}", "{bogus: 1}", "text", "[]", "{file: [a]}", "{file: ./f, labels: [a=b]}", "{file: ./f, driver: d, driver_opts: {a: 1}}", "{file: ./f, template_driver: golang}", "{external: 'yes'}"):
            group.add(f"{kind} defined as {definition}", service(f"{kind}: [r]", f"{kind}: {{r: {definition}}}\n"), outputs=("json", "yaml"), environment={"V": "val"})
    for definition in ("{}", "", "{external: true}", "{external: true, name: real}", "{external: {name: real}}", "{external: true, driver: d}", "{external: true, internal: true}", "{external: false}", "{name: real}", "{name: ''}", "{driver: host}", "{driver: none}", "{driver: bogus}", "{ipam: {}}", "{ipam: {config: []}}", "{ipam: {config: [{}]}}", "{ipam: {config: [{subnet: nonsense}]}}", "{ipam: {config: [{subnet: 10.0.0.0/8}, {subnet: 'fd00::/8'}]}}",
                       "{ipam: {config: {subnet: 10.0.0.0/8}}}", "{ipam: {bogus: 1}}", "{ipam: text}", "{ipam: {config: [{subnet: 10.0.0.0/8, bogus: 1}]}}", "{ipam: {driver: d, options: {a: b}}}", "{driver_opts: {a: 1, b: true}}", "{driver_opts: {a: 1, b: 'c', d: 1.5}}", "{enable_ipv6: true, enable_ipv4: false}", "{labels: [a, b=c]}", "{attachable: true, internal: true}", "{bogus: 1}", "text", "[]", "{x-a: 1}"):
        group.add(f"network defined as {definition}", service("networks: [n]", f"networks: {{n: {definition}}}\n"), outputs=("json", "yaml"))
        group.add(f"default network defined as {definition}", service("user: u", f"networks: {{default: {definition}}}\n"), outputs=("json",))
    for definition in ("{model: m}", "{}", "", "{model: m, context_size: 5, runtime_flags: [a]}", "{model: m, bogus: 1}", "text", "{name: n}"):
        group.add(f"model defined as {definition}", service("models: [m]", f"models: {{m: {definition}}}\n"), outputs=("json", "yaml"))
    cyc = "services: {{a: {{image: x, {}}}, b: {{image: y, {}}}, c: {{image: z, {}}}}}\n"
    for first, second, third in (("depends_on: [b]", "depends_on: [a]", "user: u"), ("depends_on: [b]", "depends_on: [c]", "depends_on: [a]"), ("links: [b]", "depends_on: [a]", "user: u"), ("network_mode: 'service:b'", "network_mode: 'service:a'", "user: u"), ("volumes_from: [b]", "volumes_from: [a]", "user: u"),
                                 ("depends_on: [b]", "volumes_from: [c]", "ipc: 'service:a'"), ("depends_on: [b, c]", "depends_on: [c]", "user: u"), ("pid: 'service:b'", "depends_on: [a]", "user: u"), ("depends_on: {b: {condition: service_started, required: false}}", "depends_on: [a]", "user: u")):
        group.add(f"cycle {first}, {second}, {third}", NAME + cyc.format(first, second, third))
    add("no services", NAME)
    add("empty services", NAME + "services: {}\n")
    add("null services", NAME + "services:\n")
    add("services is a list", NAME + "services: [a]\n")
    add("null service", NAME + "services: {a: }\n")
    add("empty service", NAME + "services: {a: {}}\n")
    add("text service", NAME + "services: {a: x}\n")
    add("neither image nor build", NAME + "services: {a: {command: x}}\n")
    add("unused resources", service("user: u", "networks: {n: }\nvolumes: {vol: }\nsecrets: {s: {file: ./s}}\nconfigs: {c: {file: ./c}}\nmodels: {m: {model: x}}\n"))
    add("all have network_mode", NAME + "services: {a: {image: x, network_mode: host}, b: {image: y, network_mode: none}}\n")
    add("only networks", NAME + "networks: {n: }\n")
    add("services in no order", NAME + "services: {z: {image: z}, a: {image: a}, M: {image: m}, m: {image: n}, '1': {image: o}}\n")
    add("many services", NAME + "services:\n" + "".join(f"  s{i}: {{image: i{i}, depends_on: [s{i + 1}], ports: ['{i + 1000}:80']}}\n" for i in range(40)) + "  s40: {image: last}\n")
    for name in SERVICE_NAMES:
        group.add(f"service called {name[:20]}", NAME + f"services:\n  {name}: {{image: x}}\n", outputs=("json", "hash"))
        group.add(f"network called {name[:20]}", service(f"networks: [{name}]", f"networks:\n  {name}:\n"))
    return group


# Key, and what was probably meant.
MISSPELT = ["imge", "Image", "images", "port", "volume", "enviroment", "environement", "env", "envfile", "env-file", "command ", "cmd", "entry_point", "depend_on", "depends-on", "dependson", "network", "net", "restart_policy", "healthCheck", "health_check", "replicas", "label", "host_name", "container-name", "containername", "workdir", "memory", "mem", "cpu", "privilege", "secret", "config", "user_name", "log_driver", "args",
            "dockerfile", "context", "expose_port", "links_to", "extend", "x_own", "xown", "service", "stop_grace", "init_", "tty_", "scales", "platforms", "dns-search", "capadd", "ulimit", "sysctl", "tmp_fs", "profile", "pull-policy", "logging_driver", "developer", "hook", "poststart", "post-start", "gpu", "device", "zzz", ""]


def mistakes():
    group = Group("mistakes")
    for key in MISSPELT:
        group.add(f"service key {key}", service(f"{quote(key)}: v"))
    for key in ("service", "volume", "netwroks", "secret", "config", "Name", "versions", "includes", "x_own", "zzz", "build", "image"):
        group.add(f"top key {key}", NAME + f"services: {{a: {{image: x}}}}\n{key}: v\n")
    for lines in ("build: {contxt: .}", "build: {context: ., arg: {A: b}}", "build: {context: ., docker_file: D}", "deploy: {replica: 2}", "deploy: {resources: {limit: {cpus: 1}}}", "deploy: {resources: {limits: {cpu: 1}}}", "deploy: {resources: {limits: {mem: 1m}}}", "deploy: {restart_policy: {conditions: any}}", "deploy: {update_config: {order: random}}", "deploy: {placement: {constraint: [a]}}", "healthcheck: {tests: a}", "healthcheck: {test: a, intervall: 1s}",
                  "logging: {drivers: a}", "depends_on: {b: {conditions: service_started}}", "depends_on: {b: {condition: healthy}}", "ports: [{targets: 80}]", "ports: [{target: 80, publish: 80}]", "volumes: [{type: bind, src: ./a, target: /b}]", "volumes: [{type: bind, source: ./a, dst: /b}]", "volumes: [{typ: bind}]", "networks: {n: {alias: [x]}}", "networks: {n: {ipv4: 1.2.3.4}}", "secrets: [{sources: s}]", "configs: [{source: c, modes: 1}]",
                  "env_file: [{paths: a}]", "extends: {services: b}", "blkio_config: {weights: 1}", "credential_spec: {files: a}", "ulimits: {nofile: {softs: 1, hard: 2}}", "develop: {watch: [{path: ., act: sync}]}", "develop: {watch: [{path: ., action: bogus}]}", "develop: {watch: [{action: sync}]}", "develop: {watches: []}", "post_start: [{cmd: a}]", "post_start: [{}]", "post_start: {command: a}", "provider: {typ: a}", "provider: {options: {a: b}}", "gpus: [{counts: 1}]",
                  "cgroup: bogus", "devices: [{target: /b}]", "volumes: [{type: bind, source: ./a, target: /b, bind: {recursive: bogus}}]", "volumes: [{type: bind, source: ./a, target: /b, bind: {selinux: x}}]"):
        group.add(lines, service(lines, "  b: {image: y}\nnetworks: {n: }\nsecrets: {s: {file: ./s}}\nconfigs: {c: {file: ./c}}\n"))
    for tail in ("networks: {n: {drivers: a}}", "networks: [n]", "networks: text", "volumes: {v: {drivers: a}}", "volumes: [v]", "secrets: {s: {files: ./s}}", "secrets: [s]", "configs: {c: {contents: x}}", "networks: {n: {ipam: {configs: []}}}", "models: {m: {models: x}}", "models: [m]"):
        group.add("top " + tail, service("user: u", tail + "\n"))
    group.add("several at once", service("ports: text\nbogus: 1\ncommand: {a: b}\nenvironment: 5\nscale: many", "  b: {imag: y}\nnetwork: {}\n"))
    group.add("wrong types everywhere", service("image: [a]\nuser: {}\ncap_add: text\nlabels: 5\ndns: {a: b}\nhealthcheck: text\ndeploy: []\nbuild: 5\ndepends_on: 5\nnetworks: 5\nsecrets: 5"))
    group.add("in the second of two services", NAME + "services: {a: {image: x}, b: {image: y, ports: [{target: x}]}}\n")
    group.add("deep in a list", service("volumes: ['/a', '/b', {type: bind, source: ./c, target: /c, bind: {create_host_path: maybe}}]"))
    group.add("a tab in a value", service("user: \"a\tb\""))
    group.add("swarm file", "version: '3.8'\nservices:\n  a:\n    image: x\n    deploy: {mode: global, update_config: {parallelism: 1, delay: 10s, order: start-first, failure_action: rollback, monitor: 1m, max_failure_ratio: 0.1}, rollback_config: {parallelism: 0}, placement: {constraints: [node.role==worker], preferences: [{spread: node.labels.x}], max_replicas_per_node: 1}, endpoint_mode: dnsrr, resources: {reservations: {generic_resources: [{discrete_resource_spec: {kind: g, value: 1}}]}}}\n", outputs=("json", "yaml", "hash"))
    group.add("version 2 file", "version: '2.4'\nservices:\n  a:\n    image: x\n    mem_limit: 1g\n    cpus: 0.5\n    depends_on: {b: {condition: service_healthy}}\n    volumes_from: [b]\n    network_mode: bridge\n  b: {image: y, healthcheck: {test: [CMD, t]}}\n", outputs=("json", "yaml", "hash"))
    group.add("version 1 file", "web:\n  image: x\n  ports: ['80:80']\n")
    return group


def groups():
    return [ports(), volumes(), values(), references(), mistakes()]
