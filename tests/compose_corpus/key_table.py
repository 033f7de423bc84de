"""The keys of the Compose specification with values they take, and the cases made of them.

Each key is tried with every sample, with samples merged over each other, overridden by nothing, by !reset and by !override, with
scalars that come out of a variable, and with a value of every type, most of which are wrong for it.
"""
from case import Group

# Where a key stands: the file around it (the key follows, indented), and what comes behind it.
SERVICE = "name: t\nservices:\n  a:\n    image: x\n"
TOP = "name: t\nservices:\n  a:\n    image: x\n"
CONTEXTS = {
    "service": (SERVICE, 4, ""),
    "build": (SERVICE + "    build:\n      context: .\n", 6, ""),
    "blkio": (SERVICE + "    blkio_config:\n", 6, ""),
    "blkio-weight-device": (SERVICE + "    blkio_config:\n      weight_device:\n        - path: /dev/sda\n", 10, ""),
    "blkio-device-read-bps": (SERVICE + "    blkio_config:\n      device_read_bps:\n        - path: /dev/sda\n", 10, ""),
    "credential-spec": (SERVICE + "    credential_spec:\n", 6, ""),
    "deploy": (SERVICE + "    deploy:\n", 6, ""),
    "deploy-update": (SERVICE + "    deploy:\n      update_config:\n", 8, ""),
    "deploy-rollback": (SERVICE + "    deploy:\n      rollback_config:\n", 8, ""),
    "deploy-limits": (SERVICE + "    deploy:\n      resources:\n        limits:\n", 10, ""),
    "deploy-reservations": (SERVICE + "    deploy:\n      resources:\n        reservations:\n", 10, ""),
    "deploy-device": (SERVICE + "    deploy:\n      resources:\n        reservations:\n          devices:\n"
                      "            - capabilities: [gpu]\n", 14, ""),
    "deploy-restart": (SERVICE + "    deploy:\n      restart_policy:\n", 8, ""),
    "deploy-placement": (SERVICE + "    deploy:\n      placement:\n", 8, ""),
    "develop-watch": (SERVICE + "    build: .\n    develop:\n      watch:\n        - path: ./src\n          action: sync\n", 10, ""),
    "develop-exec": (SERVICE + "    build: .\n    develop:\n      watch:\n        - path: ./src\n          action: sync+exec\n"
                     "          target: /src\n          exec:\n            command: [make]\n", 12, ""),
    "depends-on": (SERVICE + "    depends_on:\n      b:\n        condition: service_started\n", 8, "  b: {image: y}\n"),
    "device": (SERVICE + "    devices:\n      - source: /dev/a\n", 8, ""),
    "env-file": (SERVICE + "    env_file:\n      - path: ./a.env\n", 8, ""),
    "extends": ("name: t\nservices:\n  base: {image: y, user: root}\n  a:\n    extends:\n      service: base\n", 6, ""),
    "gpu": (SERVICE + "    gpus:\n      - driver: nvidia\n", 8, ""),
    "healthcheck": (SERVICE + "    healthcheck:\n      test: [CMD, \"true\"]\n", 6, ""),
    "hook": (SERVICE + "    post_start:\n      - command: [\"true\"]\n", 8, ""),
    "hook-stop": (SERVICE + "    pre_stop:\n      - command: [\"true\"]\n", 8, ""),
    "logging": (SERVICE + "    logging:\n", 6, ""),
    "port": (SERVICE + "    ports:\n      - target: 80\n", 8, ""),
    "provider": (SERVICE.replace("    image: x\n", "") + "    provider:\n      type: model\n", 6, ""),
    "secret-reference": (SERVICE + "    secrets:\n      - source: s1\n", 8, "secrets: {s1: {file: ./s1}}\n"),
    "config-reference": (SERVICE + "    configs:\n      - source: c1\n", 8, "configs: {c1: {file: ./c1}}\n"),
    "service-network": (SERVICE + "    networks:\n      n1:\n", 8, "networks: {n1: }\n"),
    "service-model": (SERVICE + "    models:\n      m1:\n", 8, "models: {m1: {model: ai/m}}\n"),
    "ulimit": (SERVICE + "    ulimits:\n      nofile:\n        soft: 10\n", 8, ""),
    "mount": (SERVICE + "    volumes:\n      - type: volume\n        target: /t\n", 8, "volumes: {v1: }\n"),
    "mount-bind": (SERVICE + "    volumes:\n      - type: bind\n        source: ./s\n        target: /t\n        bind:\n", 10, ""),
    "mount-volume": (SERVICE + "    volumes:\n      - type: volume\n        source: v1\n        target: /t\n        volume:\n", 10,
                     "volumes: {v1: }\n"),
    "mount-tmpfs": (SERVICE + "    volumes:\n      - type: tmpfs\n        target: /t\n        tmpfs:\n", 10, ""),
    "mount-image": (SERVICE + "    volumes:\n      - type: image\n        source: y\n        target: /t\n        image:\n", 10, ""),
    "network": (SERVICE + "    networks: [n1]\nnetworks:\n  n1:\n", 4, ""),
    "network-ipam": (SERVICE + "    networks: [n1]\nnetworks:\n  n1:\n    ipam:\n", 6, ""),
    "network-ipam-pool": (SERVICE + "    networks: [n1]\nnetworks:\n  n1:\n    ipam:\n      config:\n"
                          "        - subnet: 10.9.0.0/16\n", 10, ""),
    "volume": (SERVICE + "    volumes: [\"v1:/t\"]\nvolumes:\n  v1:\n", 4, ""),
    "secret": (SERVICE + "    secrets: [s1]\nsecrets:\n  s1:\n", 4, ""),
    "config": (SERVICE + "    configs: [c1]\nconfigs:\n  c1:\n", 4, ""),
    "model": (SERVICE + "    models: [m1]\nmodels:\n  m1:\n    model: ai/m\n", 4, ""),
    "include": ("name: t\nservices:\n  a: {image: x}\ninclude:\n  - path: ./other.yaml\n", 4, ""),
    "top": (TOP, 0, ""),
}

# What some keys need behind them.
NETWORKS = "networks: {n1: , n2: }\n"
SECRETS = "secrets: {s1: {file: ./s1}, s2: {file: ./s2}}\n"
CONFIGS = "configs: {c1: {file: ./c1}, c2: {content: hello}}\n"
VOLUMES = "volumes: {v1: , v2: }\n"
MODELS = "models: {m1: {model: ai/m}, m2: {model: ai/n}}\n"
OTHERS = "  b: {image: y}\n  c: {image: z}\n"

SIZES = ["64m", "1gb", "1048576", '"2k"', "1.5g", "0", '"100b"']
COUNTS = ["2", '"3"', "0", "-1"]
BOOLEANS = ["true", "false", '"true"', '"no"']
DURATIONS = ["10s", "1m30s", "2h45m", "1d", "1w2d", "100us", "1500ms"]
MAPS = ["{A: b}", "[A=b, C=d=e]", "{A: 1, B: true, C: , D: 1.50}", "[A, B=, \"C=\\\"q\\\"\"]"]
FREE = ["plain", '"quoted text"']

# context -> [(key, samples, what follows the file)]
KEYS = {
    "service": [
        ("annotations", MAPS, ""),
        ("attach", BOOLEANS, ""),
        ("blkio_config", ["{weight: 300}", "{weight: 10, weight_device: [{path: /dev/a, weight: 20}]}",
                          "{device_read_bps: [{path: /dev/a, rate: 12mb}], device_write_iops: [{path: /dev/b, rate: 30}]}"], ""),
        ("build", [".", "./dir", "{context: ., dockerfile: D}", "{context: ./dir, args: {A: b}}",
                   "https://example.com/repo.git#main:sub", "{dockerfile_inline: FROM x}"], ""),
        ("cap_add", ["[NET_ADMIN]", "[NET_ADMIN, SYS_TIME]", "[ALL, ALL]"], ""),
        ("cap_drop", ["[NET_ADMIN]", "[ALL]"], ""),
        ("cgroup", ["host", "private"], ""),
        ("cgroup_parent", FREE, ""),
        ("command", ["run me", "[run, me]", "[]", '""', "'sh -c \"echo $$HOME | cat\"'", "a  'b c' d\\ e"], ""),
        ("configs", ["[c1]", "[c1, c2]", "[{source: c1, target: /c, mode: 0440}]", "[{source: c2, uid: \"1\", gid: \"2\"}]"], CONFIGS),
        ("container_name", ["my-name", "my.name_2"], ""),
        ("cpu_count", ["2", '"3"'], ""),
        ("cpu_percent", ["50", '"12.5"', "0"], ""),
        ("cpu_period", ["100000", '"50000"', "50ms"], ""),
        ("cpu_quota", ["100000", '"50000"', "-1"], ""),
        ("cpu_rt_period", ["1000", '"1400us"', "2ms"], ""),
        ("cpu_rt_runtime", ["1000", '"400us"'], ""),
        ("cpu_shares", ["512", '"256"', "0"], ""),
        ("cpus", ["0.5", "2", '"1.25"', "0"], ""),
        ("cpuset", ['"0-3"', '"0,1"', "0-1"], ""),
        ("credential_spec", ["{file: f.json}", "{registry: r}", "{config: c1}"], CONFIGS),
        ("depends_on", ["[b]", "[b, c]", "{b: {condition: service_healthy}}",
                        "{b: {condition: service_started, restart: true}, c: {condition: service_completed_successfully, required: false}}"],
         OTHERS),
        ("deploy", ["{replicas: 2}", "{mode: global, labels: {A: b}}", "{}",
                    "{resources: {limits: {cpus: \"0.5\", memory: 50M, pids: 10}}, restart_policy: {condition: any}}"], ""),
        ("develop", ["{watch: [{path: ./src, action: rebuild}]}", "{watch: [{path: ., action: sync, target: /src, ignore: [a/, b]}]}", "{}"], ""),
        ("device_cgroup_rules", ["['c 1:3 mr']", "['c 1:3 mr', 'a 7:* rmw']"], ""),
        ("devices", ["[/dev/a]", "['/dev/a:/dev/b']", "['/dev/a:/dev/b:r', /dev/c]", "[{source: /dev/a, target: /dev/b, permissions: rw}]",
                     "[vendor.com/class=all]"], ""),
        ("dns", ["8.8.8.8", "[8.8.8.8, 1.1.1.1]", "[8.8.8.8, 8.8.8.8]", "'2001:db8::1'"], ""),
        ("dns_opt", ["['use-vc']", "['use-vc', 'no-tld-query']"], ""),
        ("dns_search", ["example.com", "[a.example.com, b.example.com]"], ""),
        ("domainname", FREE, ""),
        ("entrypoint", ["/run.sh now", "[/run.sh, now]", "[]", '""'], ""),
        ("env_file", ["./a.env", "[./a.env, ./b.env]", "[{path: ./a.env, required: false}, {path: ./b.env, format: raw}]",
                      "{path: ./a.env}", "[./none.env]", "[{path: ./none.env, required: false}]"], ""),
        ("environment", MAPS + ["{A: 1.0, B: 1e3, C: 017, D: 0x1F, E: 1_000, F: yes, G: 12:30:45, H: ~, I: .inf}"], ""),
        ("expose", ["[\"80\"]", "[80, 8080]", "['80-90', '53/udp']", "[80, \"80\"]"], ""),
        ("extends", ["b", "{service: b}", "{file: ./base.yaml, service: web}"], OTHERS),
        ("external_links", ["[c1]", "['c1:alias', c2]"], ""),
        ("extra_hosts", ["['h:1.2.3.4']", "[h=1.2.3.4, 'g=::1']", "{h: 1.2.3.4, g: '[::1]'}", "{h: [1.2.3.4, 5.6.7.8]}", "['host:host-gateway']"], ""),
        ("gpus", ["all", "[{driver: nvidia, count: 2}]", "[{device_ids: [\"0\"], capabilities: [gpu]}]", "[{count: all}]"], ""),
        ("group_add", ["[mail]", "[1000, \"2000\"]", "[mail, mail]"], ""),
        ("healthcheck", ["{test: 'curl -f http://x'}", "{test: [CMD, a], interval: 1m30s, timeout: 5s, retries: 3, start_period: 40s, start_interval: 2s}",
                         "{disable: true}", "{test: NONE}", "{test: [NONE]}", "{test: [CMD-SHELL, 'a || b']}"], ""),
        ("hostname", FREE, ""),
        ("image", ["busybox", "'r.example:5000/a/b:1.2'", "'a@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'"], ""),
        ("init", BOOLEANS, ""),
        ("ipc", ["host", "private", "shareable", "service:b", "container:zz"], OTHERS),
        ("isolation", ["default", "process"], ""),
        ("label_file", ["./a.labels", "[./a.labels, ./b.labels]"], ""),
        ("labels", MAPS, ""),
        ("links", ["[b]", "['b:alias', c]"], OTHERS),
        ("logging", ["{driver: local}", "{driver: json-file, options: {max-size: 10m, max-file: 3}}", "{options: {a: 1, b: }}"], ""),
        ("mac_address", ["'02:42:ac:11:65:43'"], ""),
        ("mem_limit", SIZES, ""),
        ("mem_reservation", SIZES[:3], ""),
        ("mem_swappiness", ["60", '"10"', "0", "-1"], ""),
        ("memswap_limit", SIZES[:3] + ["-1", '"-1"'], ""),
        ("models", ["[m1]", "{m1: {endpoint_var: URL, model_var: M}}", "{m1: , m2: }"], MODELS),
        ("network_mode", ["host", "none", "bridge", "service:b", "container:zz", "other"], OTHERS),
        ("networks", ["[n1]", "[n1, n2]", "{n1: }", "{n1: {aliases: [x, y], ipv4_address: 10.1.2.3}, n2: {priority: 5}}", "[]", "{}", "[default, n1]"], NETWORKS),
        ("oom_kill_disable", BOOLEANS, ""),
        ("oom_score_adj", ["100", '"-100"', "0"], ""),
        ("pid", ["host", "service:b", "container:zz"], OTHERS),
        ("pids_limit", ["10", '"20"', "-1", "0"], ""),
        ("platform", ["linux/amd64", "linux/arm64/v8", "windows"], ""),
        ("ports", ["[80]", "['8080:80']", "['127.0.0.1:8080:80/udp', '9000-9002:9000-9002']", "[{target: 80, published: \"8080\", protocol: tcp, mode: host}]",
                   "['[::1]:80:80']", "[\"3000\", '4000-4001']"], ""),
        ("post_start", ["[{command: ./a.sh}]", "[{command: [a, b], user: root, privileged: true, working_dir: /w, environment: {A: b}}]", "[]"], ""),
        ("pre_start", ["[{command: ./a.sh}]"], ""),
        ("pre_stop", ["[{command: ./a.sh}]", "[{command: [a, b], user: root, environment: [A=b, C]}]"], ""),
        ("privileged", BOOLEANS, ""),
        ("profiles", ["[]"], ""),
        ("provider", ["{type: m}", "{type: m, options: {a: b, c: [d, e], f: 1, g: true}}"], ""),
        ("pull_policy", ["always", "never", "missing", "if_not_present", "build", "daily", "weekly", "every_12h", "refresh", "every_1w2d3h"], ""),
        ("pull_refresh_after", ["24h", "2d"], ""),
        ("read_only", BOOLEANS, ""),
        ("restart", ["always", '"no"', "on-failure:3", "unless-stopped", "sometimes"], ""),
        ("runtime", FREE, ""),
        ("scale", ["2", '"3"', "0"], ""),
        ("secrets", ["[s1]", "[s1, s2]", "[{source: s1, target: /s, mode: 0400, uid: \"1\"}]", "[{source: s1, target: other}]"], SECRETS),
        ("security_opt", ["['label:user:USER']", "['no-new-privileges:true', seccomp=unconfined]"], ""),
        ("shm_size", SIZES, ""),
        ("stdin_open", BOOLEANS, ""),
        ("stop_grace_period", DURATIONS, ""),
        ("stop_signal", ["SIGUSR1", '"9"'], ""),
        ("storage_opt", ["{size: 1G}", "{size: \"2G\", other: 1}"], ""),
        ("sysctls", ["{net.core.somaxconn: 1024}", "[net.core.somaxconn=1024]", "{a: \"0\", b: true}"], ""),
        ("tmpfs", ["/run", "[/run, /tmp]", "['/run:size=64m,mode=755']"], ""),
        ("tty", BOOLEANS, ""),
        ("ulimits", ["{nproc: 65535}", "{nofile: {soft: 20000, hard: 40000}}", "{nproc: \"10\", nofile: {soft: \"1\", hard: 2}}", "{core: -1}"], ""),
        ("use_api_socket", ["true", "false"], ""),
        ("user", ["root", '"1000:1000"', "'${UID:-7}'"], ""),
        ("userns_mode", ["host"], ""),
        ("uts", ["host"], ""),
        ("volume_driver", FREE, ""),
        ("volumes", ["['/data']", "['v1:/data']", "['./src:/src:ro', 'v1:/data:nocopy']", "[{type: bind, source: ./src, target: /src}]",
                     "[{type: volume, source: v1, target: /data, read_only: true, volume: {nocopy: true, subpath: sub}}]",
                     "[{type: tmpfs, target: /t, tmpfs: {size: 64m, mode: 0700}}]", "['~/h:/h:rw,z,rshared']", "[{type: npipe, source: '\\\\.\\pipe\\x', target: /p}]",
                     "[{type: cluster, source: v1, target: /c}]", "[{type: image, source: y, target: /i, image: {subpath: s}}]"], VOLUMES),
        ("volumes_from", ["[b]", "['b:ro', 'container:zz:rw']"], OTHERS),
        ("working_dir", FREE, ""),
        ("x-own", ["1", "{a: [b]}"], ""),
    ],
    "build": [
        ("additional_contexts", ["{a: ./dir, b: docker-image://y}", "[a=./dir, 'c=https://example.com/r.git']", "{d: service:a}"], ""),
        ("args", MAPS, ""),
        ("cache_from", ["[y]", "['type=local,src=./c', y]"], ""),
        ("cache_to", ["['type=local,dest=./c']", "[user/app:cache]"], ""),
        ("context", ["./dir", "../up", "https://example.com/r.git", "/abs", "~/home", "git@example.com:r.git"], ""),
        ("dockerfile", ["D", "../D", "/abs/D"], ""),
        ("dockerfile_inline", ['"FROM x\\nRUN y\\n"'], ""),
        ("entitlements", ["[network.host]", "[network.host, security.insecure]"], ""),
        ("extra_hosts", ["['h:1.2.3.4']", "{h: 1.2.3.4}"], ""),
        ("isolation", ["default"], ""),
        ("labels", MAPS, ""),
        ("network", ["host", "none"], ""),
        ("no_cache", BOOLEANS, ""),
        ("no_cache_filter", ["[stage]", "stage"], ""),
        ("platforms", ["[linux/amd64]", "[linux/amd64, linux/arm64]"], ""),
        ("privileged", BOOLEANS, ""),
        ("provenance", ["true", "mode=max", "false"], ""),
        ("pull", BOOLEANS, ""),
        ("sbom", ["true", "'generator=x'"], ""),
        ("secrets", ["[s1]", "[{source: s1, target: t}]"], SECRETS),
        ("shm_size", SIZES, ""),
        ("ssh", ["[default]", "[default, 'k=./key']", "{default: , k: ./key}"], ""),
        ("tags", ["[t1]", "['t1', 'r.example/t:2']"], ""),
        ("target", FREE, ""),
        ("ulimits", ["{nproc: 65535}", "{nofile: {soft: 1, hard: 2}}"], ""),
        ("x-own", ["1"], ""),
    ],
    "blkio": [
        ("weight", ["300", '"10"', "0"], ""),
        ("weight_device", ["[{path: /dev/a, weight: 20}]", "[{path: /dev/a, weight: \"5\"}, {path: /dev/b, weight: 1}]"], ""),
        ("device_read_bps", ["[{path: /dev/a, rate: 12mb}]", "[{path: /dev/a, rate: 1024}]"], ""),
        ("device_read_iops", ["[{path: /dev/a, rate: 120}]", "[{path: /dev/b, rate: \"30\"}]"], ""),
        ("device_write_bps", ["[{path: /dev/a, rate: 1024k}]"], ""),
        ("device_write_iops", ["[{path: /dev/a, rate: 30}]"], ""),
    ],
    "blkio-weight-device": [("weight", ["20", '"30"'], "")],
    "blkio-device-read-bps": [("rate", SIZES, "")],
    "credential-spec": [("config", FREE, "configs: {plain: {file: ./c}}\n"), ("file", ["f.json", "/abs/f.json"], ""), ("registry", FREE, "")],
    "deploy": [
        ("endpoint_mode", ["vip", "dnsrr"], ""),
        ("labels", MAPS, ""),
        ("mode", ["replicated", "global", "other"], ""),
        ("placement", ["{constraints: [node.role==manager]}", "{preferences: [{spread: node.labels.zone}], max_replicas_per_node: 2}"], ""),
        ("replicas", ["2", '"3"', "0"], ""),
        ("resources", ["{limits: {cpus: 0.5}}", "{reservations: {memory: 20M, devices: [{capabilities: [gpu], count: 1}]}}", "{}"], ""),
        ("restart_policy", ["{condition: on-failure, delay: 5s, max_attempts: 3, window: 120s}", "{}"], ""),
        ("rollback_config", ["{parallelism: 2, delay: 10s}"], ""),
        ("update_config", ["{parallelism: 2, delay: 10s, order: start-first}"], ""),
        ("x-own", ["1"], ""),
    ],
    "deploy-update": [
        ("delay", DURATIONS[:3], ""), ("failure_action", ["continue", "rollback", "pause"], ""), ("max_failure_ratio", ["0.1", '"0.5"', "1"], ""),
        ("monitor", ["5s"], ""), ("order", ["stop-first", "start-first"], ""), ("parallelism", ["2", '"3"', "0"], ""),
    ],
    "deploy-rollback": [("parallelism", ["2", '"3"'], ""), ("order", ["stop-first"], ""), ("delay", ["1s"], "")],
    "deploy-limits": [("cpus", ["0.5", '"0.25"', "2"], ""), ("memory", ["50M", '"1g"'], ""), ("pids", ["10", '"20"', "-1"], "")],
    "deploy-reservations": [
        ("cpus", ["0.5", '"0.25"'], ""), ("memory", ["20M"], ""),
        ("generic_resources", ["[{discrete_resource_spec: {kind: gpu, value: 2}}]", "[{discrete_resource_spec: {kind: ssd, value: \"1\"}}]"], ""),
        ("devices", ["[{capabilities: [gpu]}]", "[{capabilities: [gpu, tpu], driver: nvidia, count: 2, options: {virtualization: false}}]",
                     "[{capabilities: [gpu], device_ids: [\"0\", \"3\"]}]", "[{driver: nvidia}]"], ""),
    ],
    "deploy-device": [("count", ["2", "all", '"3"'], ""), ("driver", FREE, ""), ("options", ["{a: b}", "[a=b]"], ""), ("device_ids", ["[a, b]"], "")],
    "deploy-restart": [("condition", ["none", "any", "on-failure"], ""), ("delay", ["5s"], ""), ("max_attempts", ["3", '"4"'], ""), ("window", ["2m"], "")],
    "deploy-placement": [("constraints", ["[a==b]", "[a==b, c!=d]"], ""), ("preferences", ["[{spread: x}]"], ""),
                         ("max_replicas_per_node", ["2", '"3"'], "")],
    "develop-watch": [("target", ["/src"], ""), ("ignore", ["[a/, b]", "c"], ""), ("include", ["[a/]", "c"], ""), ("initial_sync", ["true", "false"], ""),
                      ("x-own", ["1"], "")],
    "develop-exec": [("user", FREE, ""), ("privileged", BOOLEANS, ""), ("working_dir", ["/w"], ""), ("environment", MAPS, "")],
    "depends-on": [("restart", BOOLEANS, ""), ("required", ["true", "false"], ""), ("x-own", ["1"], "")],
    "device": [("target", ["/dev/b"], ""), ("permissions", ["rwm", "r"], "")],
    "env-file": [("required", BOOLEANS, ""), ("format", ["raw", "other"], "")],
    "extends": [("file", ["./base.yaml"], ""), ("x-own", ["1"], "")],
    "gpu": [("count", ["2", "all", '"3"', "-1"], ""), ("capabilities", ["[gpu]", "[gpu, utility]"], ""), ("device_ids", ["[a]"], ""), ("options", ["{a: b}", "[a=b]"], "")],
    "healthcheck": [
        ("disable", BOOLEANS, ""), ("interval", DURATIONS, ""), ("retries", ["3", '"4"', "0"], ""), ("start_interval", ["5s"], ""),
        ("start_period", ["1m"], ""), ("timeout", ["10s", "0s"], ""), ("x-own", ["1"], ""),
    ],
    "hook": [("user", FREE, ""), ("privileged", BOOLEANS, ""), ("working_dir", ["/w"], ""), ("environment", MAPS, "")],
    "hook-stop": [("user", FREE, ""), ("environment", MAPS[:2], "")],
    "logging": [("driver", ["local", "none"], ""), ("options", ["{a: b, c: 3, d: }", "{a: 1.5}"], "")],
    "port": [
        ("app_protocol", ["http"], ""), ("host_ip", ["127.0.0.1", "'::1'"], ""), ("mode", ["host", "ingress"], ""), ("name", ["web"], ""),
        ("protocol", ["tcp", "udp"], ""), ("published", ["8080", '"8080"', "8080-8090", '"0"'], ""), ("x-own", ["1"], ""),
    ],
    "provider": [("options", ["{a: b, c: [d, e], f: 1, g: true}"], "")],
    "secret-reference": [("target", ["/run/x", "name"], ""), ("uid", ['"103"'], ""), ("gid", ['"103"'], ""), ("mode", ["0440", "0o440", '"0440"', "288"], "")],
    "config-reference": [("target", ["/run/x"], ""), ("uid", ['"103"'], ""), ("gid", ['"103"'], ""), ("mode", ["0440", "0o440", '"0440"', "288"], "")],
    "service-network": [
        ("aliases", ["[x]", "[x, y]", "[x, x]"], ""), ("driver_opts", ["{a: b, c: 1}"], ""), ("gw_priority", ["1", "-1"], ""),
        ("interface_name", ["eth7"], ""), ("ipv4_address", ["10.1.2.3"], ""), ("ipv6_address", ["'2001:db8::2'"], ""),
        ("link_local_ips", ["[169.254.8.8, 'fe80::1']"], ""), ("mac_address", ["'02:42:ac:11:65:43'"], ""), ("priority", ["100", "1"], ""), ("x-own", ["1"], ""),
    ],
    "service-model": [("endpoint_var", ["URL"], ""), ("model_var", ["M"], "")],
    "ulimit": [("hard", ["20", '"30"'], "")],
    "mount": [
        ("source", ["v1"], ""), ("read_only", BOOLEANS, ""), ("consistency", ["cached"], ""), ("volume", ["{nocopy: true}", "{}"], ""),
        ("bind", ["{propagation: rslave}"], ""), ("tmpfs", ["{size: 1m}"], ""), ("x-own", ["1"], ""),
    ],
    "mount-bind": [
        ("create_host_path", BOOLEANS, ""), ("propagation", ["rslave", "shared"], ""), ("recursive", ["enabled", "disabled", "writable", "readonly"], ""),
        ("selinux", ["z", "Z"], ""),
    ],
    "mount-volume": [("nocopy", BOOLEANS, ""), ("subpath", ["a/b"], ""), ("labels", MAPS, "")],
    "mount-tmpfs": [("size", SIZES, ""), ("mode", ["0700", "448", '"0755"', "0o1777"], "")],
    "mount-image": [("subpath", ["a/b"], "")],
    "network": [
        ("attachable", BOOLEANS, ""), ("driver", ["bridge", "overlay"], ""), ("driver_opts", ["{a: b, c: 1}", "{a: \"1\"}"], ""),
        ("enable_ipv4", BOOLEANS, ""), ("enable_ipv6", BOOLEANS, ""), ("external", BOOLEANS[:2] + ["{name: real}"], ""), ("internal", BOOLEANS, ""),
        ("ipam", ["{driver: default, config: [{subnet: 10.9.0.0/16, ip_range: 10.9.1.0/24, gateway: 10.9.0.1, aux_addresses: {h: 10.9.0.5}}]}", "{}",
                  "{config: [{subnet: 'fd00::/64'}], options: {a: b}}"], ""),
        ("labels", MAPS, ""), ("name", ["real", "'${V:-made}'"], ""), ("x-own", ["1"], ""),
    ],
    "network-ipam": [("driver", ["default"], ""), ("config", ["[{subnet: 10.1.0.0/16}]", "[{subnet: 10.1.0.0/16}, {subnet: 10.2.0.0/16}]", "[]"], ""),
                     ("options", ["{a: b}"], "")],
    "network-ipam-pool": [("gateway", ["10.9.0.1"], ""), ("ip_range", ["10.9.1.0/24"], ""), ("aux_addresses", ["{a: 10.9.0.3, b: 10.9.0.4}"], "")],
    "volume": [
        ("driver", ["local", "other"], ""), ("driver_opts", ["{type: nfs, o: 'addr=h,rw', device: ':/p'}", "{a: 1}", "{type: none, o: bind, device: ./here}"], ""),
        ("external", BOOLEANS[:2] + ["{name: real}"], ""), ("labels", MAPS, ""), ("name", ["real"], ""), ("x-own", ["1"], ""),
    ],
    "secret": [
        ("file", ["./s1", "/abs/s1"], ""), ("environment", ["VARIABLE", "ABSENT"], ""), ("external", BOOLEANS[:2] + ["{name: real}"], ""),
        ("content", ["hello"], ""), ("driver", ["d"], ""), ("driver_opts", ["{a: b}"], ""), ("labels", MAPS, ""), ("name", ["real"], ""),
        ("template_driver", ["golang"], ""),
    ],
    "config": [
        ("file", ["./c1", "/abs/c1"], ""), ("content", ["hello", '"two\\nlines\\n"', "'${VARIABLE}'"], ""), ("environment", ["VARIABLE", "ABSENT"], ""),
        ("external", BOOLEANS[:2] + ["{name: real}"], ""), ("labels", MAPS, ""), ("name", ["real"], ""), ("template_driver", ["golang"], ""),
    ],
    "model": [("context_size", ["1024", '"10"'], ""), ("runtime_flags", ["[--a, --b]"], ""), ("name", ["real"], ""), ("x-own", ["1"], "")],
    "include": [("env_file", ["./inc.env", "[./inc.env]"], ""), ("project_directory", [".", "./dir"], "")],
    "top": [
        ("version", ['"3.8"', "3"], ""), ("networks", ["{n1: }", "{default: {driver: bridge}}", "{default: {name: other}}"], ""),
        ("volumes", ["{v1: }"], ""), ("secrets", ["{s1: {file: ./s1}}"], ""), ("configs", ["{c1: {content: x}}"], ""), ("models", ["{m1: {model: ai/m}}"], ""),
        ("include", ["[./other.yaml]", "[{path: [./other.yaml]}]"], ""), ("x-own", ["1", "{a: [b, '${VARIABLE}']}", "text"], ""),
    ],
}

# One of each type; most are wrong for a key.
TYPES = {"nothing": "", "word": "word", "number": "7", "fraction": "1.5", "boolean": "true", "list": "[word]", "numbers": "[7]",
         "mapping": "{word: word}"}

FILES = {
    "a.env": "FROM_A=1\nBOTH=a\n", "b.env": "FROM_B=\"2\"\nBOTH=b\n", "a.labels": "one=1\n", "b.labels": "two=2\n",
    "base.yaml": "services:\n  web: {image: base, environment: {BASE: 1}, build: ./ctx}\n  base: {image: based}\n",
    "other.yaml": "services: {other: {image: o, env_file: [a.env]}}\n", "inc.env": "X=1\n", "dir/a.env": "FROM_DIR=1\n",
}
ENVIRONMENT = {"VARIABLE": "value", "A": "outer"}


def is_scalar(value):
    return value[:1] not in "[{" and "$" not in value


def files_for(text):
    """Only the files that the text names: the corpus is read by people."""
    return {name: content for name, content in FILES.items() if name.split("/")[-1] in text or (name.endswith("a.env") and "other" in text)}


def cases_of(group, context, key, samples, tail):
    head, indent, own_tail = CONTEXTS[context]
    wanted = ("json", "yaml", "hash")

    if key == "image":
        head = head.replace("    image: x\n", "")

    def document(value):
        return f"{head}{' ' * indent}{key}: {value}\n{own_tail}{tail}"

    def add(name, *documents, outputs=("json",), environment=None):
        names = ["compose.yaml", "compose.override.yaml"]
        files = dict(zip(names, documents))
        files.update(files_for("".join(documents)))
        used = {k: v for k, v in ENVIRONMENT.items() if k == "A" or k in "".join(documents)}
        group.add(f"{key}/{name}", files, outputs=outputs, environment={**used, **(environment or {})})

    for number, value in enumerate(samples, 1):
        add(f"sample {number}", document(value), outputs=wanted if number in (1, len(samples)) else ("json",))
        if is_scalar(value):
            add(f"sample {number} from a variable", document('"${V}"'), environment={"V": value.strip("'\"")})
    for number in range(1, len(samples)):
        add(f"sample {number + 1} over {number}", document(samples[number - 1]), document(samples[number]), outputs=("json", "hash"))
    if len(samples) > 1:
        add(f"sample 1 over {len(samples)}", document(samples[-1]), document(samples[0]))
    add("sample 1 over itself", document(samples[0]), document(samples[0]))
    add("nothing over sample 1", document(samples[0]), document(""))
    add("sample 1 over nothing", document(""), document(samples[0]))
    add("!reset over sample 1", document(samples[0]), document("!reset null"))
    add(f"!override by sample {len(samples)}", document(samples[0]), document("!override " + samples[-1]))
    for name, value in TYPES.items():
        add(f"type {name}", document(value))


def groups():
    for context, keys in KEYS.items():
        group = Group("keys-" + context)
        for key, samples, tail in keys:
            cases_of(group, context, key, samples, tail)
        yield group


