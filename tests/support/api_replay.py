"""The same requests to any Docker Engine, and the shape of its answers: status, an error's message, and for every key of a JSON
answer its path and type. tests/golden/api/record writes what the reference answers; scenarios/api_replay_test.py compares ours.
"""
import http.client
import io
import json
import re
import socket
import struct
import tarfile
import time
import urllib.parse

from websocket import CLOSE, PING, TEXT, WebSocket

PREFIX = "api-replay"
IMAGE = f"{PREFIX}/busybox:1"
LABEL = f"{PREFIX}=yes"

# Objects whose keys are data, not names of fields.
MAPS = {"Labels", "Networks", "Ports", "ExposedPorts", "Volumes", "Attributes", "PortBindings", "Sysctls", "Data", "DriverOpts",
        "Options", "EndpointsConfig", "Tmpfs", "Annotations", "Details", "IndexConfigs", "Runtimes"}


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def query(route, **values):
    """`route` with a query; what is no text is sent as JSON."""
    texts = {key.rstrip("_"): value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    return route + "?" + urllib.parse.urlencode(texts)


def tar_of(files: dict) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    return out.getvalue()


def kind(value) -> str:
    if value is None:
        return "null"
    return {bool: "bool", int: "number", float: "number", str: "text", list: "list", dict: "object"}[type(value)]


def shape(value, path="", into=None) -> dict:
    """{"State.Pid": "number", "Mounts[].Type": "text", ...}; what differs between the items of a list is joined by '|'."""
    into = {} if into is None else into
    if path:
        known = into.get(path)
        name = kind(value)
        into[path] = name if known in (None, name) else "|".join(sorted(set(known.split("|")) | {name}))
    if isinstance(value, dict):
        is_map = path.rsplit(".", 1)[-1] in MAPS
        for key, item in value.items():
            if is_map or re.fullmatch("[0-9a-f]{64}", key):
                shape(item, f"{path}.*", into)
            else:
                shape(item, f"{path}.{key}" if path else key, into)
    elif isinstance(value, list):
        for item in value:
            shape(item, f"{path}[]", into)
    return into


class Replay:
    """Sends requests one after the other and keeps what came back in `answers`, by the step's name."""

    def __init__(self, socket_path: str):
        self.socket_path = socket_path
        self.answers = {}
        self.ids = {}

    def normal(self, message: str) -> str:
        for value, name in self.ids.items():
            message = message.replace(value, f"<{name}>").replace(value[:12], f"<{name}:12>")
        message = re.sub(r"\b[0-9a-f]{64}\b", "<id>", message)
        for moment, other in (("[false true]", "[true false]"), (f"bridge, {PREFIX}-made", f"{PREFIX}-made, bridge")):
            message = message.replace(moment, other)  # Go's maps have a new order each time
        return re.sub(r"\b[0-9a-f]{12}\b", "<id:12>", message)

    def send(self, method, path, body=None, headers=None):
        """(status, headers, bytes)"""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection = Connection(self.socket_path)
        try:
            try:
                connection.request(method, path, body, headers)
            except BrokenPipeError:  # refused before the body was read: the answer is there
                pass
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except TimeoutError:
            return "no end", {}, b""
        finally:
            connection.close()

    def __call__(self, name, method, path, body=None, headers=None, keep=None, only=None):
        """One step. keep: remembers the answer's Id under that name, for the messages. only: of a list, the items it accepts."""
        status, got, content = self.send(method, path, body, headers)
        return self.note(name, status, got, content, keep, only)

    def usage(self, name, path):
        """/system/df, without what others have on the same engine."""
        status, got, content = self.send("GET", path)
        value = json.loads(content)
        for section in ("Images", "Containers", "Volumes", "BuildCache"):
            if value[section] is not None:
                value[section] = [item for item in value[section] if ours(item)]
        self.note(name, status, got, json.dumps(value).encode())

    def note(self, name, status, got, content, keep=None, only=None):
        record = {"status": status, "type": got.get("Content-Type")}
        value = None
        try:
            value = json.loads(content)
        except ValueError:
            lines = content.splitlines()
            try:
                value = [json.loads(line) for line in lines if line.strip()]
            except ValueError:
                value = None
        if status == "no end":
            pass
        elif status >= 400 and isinstance(value, dict):
            record["message"] = self.normal(value.get("message", ""))
        elif isinstance(value, (dict, list)):
            if only and isinstance(value, list):
                value = [item for item in value if only(item)]
            record["shape"] = shape(value, "" if isinstance(value, dict) else "$")
        elif content and status >= 400:
            record["text"] = self.normal(content.decode(errors="replace"))
        assert name not in self.answers, name
        self.answers[name] = record
        if keep and isinstance(value, dict) and "Id" in value:
            self.ids[value["Id"].removeprefix("sha256:")] = keep
        return value

    def stream(self, name, path, body=None, write=b"", close=True, count=None):
        """A hijacked request: what is written after the upgrade, and all that comes until the engine ends it."""
        text = json.dumps(body or {}).encode()
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(60)
        connection.connect(self.socket_path)
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                           f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text)
        raw = b""
        while b"\r\n\r\n" not in raw:
            piece = connection.recv(4096)
            if not piece:
                break
            raw += piece
        head, _, rest = raw.partition(b"\r\n\r\n")
        try:
            connection.sendall(write)
            if close:
                connection.shutdown(socket.SHUT_WR)
        except OSError:  # the engine has said all and closed
            pass
        while piece := connection.recv(65536):
            rest += piece
        connection.close()
        lines = head.decode().split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        status = int(lines[0].split()[1])
        record = {"status": status, "type": fields.get("Content-Type")}
        if status >= 400:
            record["message"] = self.normal(json.loads(rest)["message"])
        else:
            record["frames"] = self.frames(rest) if "multiplexed" in (record["type"] or "") else self.normal(rest.decode())
        self.answers[name] = record

    def websocket(self, name, path, *frames):
        """What comes back over a WebSocket, and how it ends, after the client has sent these (opcode, payload)."""
        client = WebSocket(self.socket_path, path)
        record = {"status": client.status, "type": client.headers.get("content-type")}
        if client.status == 101:
            for opcode, payload in frames:
                client.send(opcode, payload)
            record["frames"] = [[opcode, payload.hex() if opcode == CLOSE else self.normal(payload.decode())] for opcode, payload in client.rest()]
        elif record["type"] == "application/json":
            record["message"] = self.normal(json.loads(client.body)["message"])
        else:
            record["text"] = client.body.decode()
        client.close()
        self.answers[name] = record

    def found(self, name, path, filters, **values):
        """The names in a list that filters leave; of ours only."""
        status, got, content = self.send("GET", query(path, filters=filters, **values))
        record = {"status": status, "type": got.get("Content-Type")}
        value = json.loads(content)
        if status >= 400:
            record["message"] = self.normal(value["message"])
        else:
            items = value["Volumes"] or [] if isinstance(value, dict) else value
            names = [re.sub("^/", "", ((item.get("Names") or item.get("RepoTags") or [None])[0] or item.get("Name") or "nameless")) for item in items if ours(item)]
            record["names"] = names if path.startswith("/containers") else sorted(names)
        assert name not in self.answers, name
        self.answers[name] = record

    def happenings(self, name, wanted, since, until):
        """What events filters leave of what was done to ours, in a fixed order."""
        status, got, content = self.send("GET", query("/events", filters=wanted, since=str(since), until=str(until)))
        record = {"status": status, "type": got.get("Content-Type")}
        if status >= 400:
            record["message"] = self.normal(json.loads(content)["message"])
        else:
            found = [json.loads(line) for line in content.splitlines()]
            record["names"] = sorted({f"{event['Type']} {event['Action']} {event['Actor']['Attributes'].get('name', '')}"
                                      for event in found if ours(event) and event["Type"] != "image"})
        self.answers[name] = record

    @staticmethod
    def frames(data: bytes) -> dict:
        """Joined by stream: how the output is cut into frames is a matter of time."""
        joined = {}
        while data:
            stream, size = data[0], struct.unpack(">I", data[4:8])[0]
            joined[str(stream)] = joined.get(str(stream), "") + data[8:8 + size].decode()
            data = data[8 + size:]
        return joined


def clean_up(r: Replay):
    """Whatever an earlier run left. Only what has the prefix goes."""
    for item in json.loads(r.send("GET", query("/containers/json", all="1", filters={"name": [PREFIX]}))[2]):
        r.send("DELETE", f"/containers/{item['Id']}?force=1&v=1")
    for item in json.loads(r.send("GET", query("/networks", filters={"name": [PREFIX]}))[2]):
        r.send("DELETE", f"/networks/{item['Id']}")
    for item in json.loads(r.send("GET", query("/volumes", filters={"name": [PREFIX]}))[2])["Volumes"] or []:
        r.send("DELETE", f"/volumes/{item['Name']}?force=1")
    for item in json.loads(r.send("GET", query("/images/json", filters={"reference": [f"{PREFIX}/*"]}))[2]):
        for tag in item["RepoTags"]:
            r.send("DELETE", f"/images/{tag}?force=1")


def ours(item):
    text = json.dumps(item)
    return PREFIX in text


def system(r):
    r("ping", "GET", "/_ping")
    r("ping.head", "HEAD", "/_ping")
    r("version", "GET", "/version")
    r("info", "GET", "/info")
    r("version.too-new", "GET", "/v1.99/info")
    r("version.too-old", "GET", "/v1.23/info")
    r("version.not-a-number", "GET", "/v1.x/info")
    r("version.two", "GET", "/v2.0/info")
    r("version.oldest", "GET", "/v1.24/containers/json", only=ours)
    r("path.unknown", "GET", "/nothing/here")
    r("path.method", "PUT", "/containers/json")
    r("path.double-slash", "GET", "//info")
    r("path.trailing-slash", "GET", "/info/")
    r("path.percent", "GET", "/containers/%zz/json")
    r("swarm", "GET", "/swarm")
    r("nodes", "GET", "/nodes")
    r("services", "GET", "/services")
    r("tasks", "GET", "/tasks")
    r("secrets", "GET", "/secrets")
    r("configs", "GET", "/configs")
    r("swarm.leave", "POST", "/swarm/leave")
    r("node.inspect", "GET", "/nodes/x")
    r("service.inspect", "GET", "/services/x")
    r("plugins", "GET", "/plugins")
    r("plugins.inspect", "GET", "/plugins/none/json")
    r("auth.empty", "POST", "/auth", b"")
    r("search.no-term", "GET", "/images/search")
    r("build.prune", "POST", query("/build/prune", filters={"id": ["none"]}))
    r("session.no-upgrade", "POST", "/session")
    r("df.bad-type", "GET", "/system/df?type=zzz")


def images(r, rootfs):
    r("image.import", "POST", query("/images/create", fromSrc="-", repo=f"{PREFIX}/busybox", tag="1"), rootfs)
    r("image.inspect", "GET", f"/images/{IMAGE}/json")
    r("image.inspect.missing", "GET", "/images/none-such/json")
    r("image.inspect.bad", "GET", "/images/UPPER/json")
    r("image.list", "GET", query("/images/json", filters={"reference": [f"{PREFIX}/*"]}))
    r("image.list.all", "GET", query("/images/json", all="1", digests="1", **{"shared-size": "1"}), only=ours)
    r("image.list.map-filter", "GET", query("/images/json", filters={"reference": {f"{PREFIX}/*": True}}))
    r("image.list.bad-filter", "GET", query("/images/json", filters={"zzz": ["1"]}))
    r("image.list.broken-filter", "GET", query("/images/json", filters="{"))
    r("image.list.dangling-bad", "GET", query("/images/json", filters={"dangling": ["zzz"]}))
    r("image.list.before-missing", "GET", query("/images/json", filters={"before": ["none-such"]}))
    for version in ("1.40", "1.43", "1.44", "1.49"):
        r(f"image.inspect.{version}", "GET", f"/v{version}/images/{IMAGE}/json")
    for version in ("1.42", "1.43"):
        r(f"image.list.{version}", "GET", query(f"/v{version}/images/json", filters={"reference": [f"{PREFIX}/*"]}))
    r("image.history", "GET", f"/images/{IMAGE}/history")
    r("image.history.missing", "GET", "/images/none-such/history")
    r("image.tag", "POST", query(f"/images/{IMAGE}/tag", repo=f"{PREFIX}/second", tag="2"))
    r("image.tag.missing", "POST", query("/images/none-such/tag", repo=f"{PREFIX}/second"))
    r("image.tag.bad", "POST", query(f"/images/{IMAGE}/tag", repo="UPPER"))
    r("image.tag.empty", "POST", f"/images/{IMAGE}/tag")
    r("image.save", "GET", f"/images/{IMAGE}/get")
    r("image.save.missing", "GET", "/images/none-such/get")
    r("image.save.none", "GET", "/images/get")
    _, _, archive = r.send("GET", f"/images/{IMAGE}/get")
    r("image.load", "POST", "/images/load?quiet=1", archive)
    r("image.load.loud", "POST", "/images/load", archive)
    r("image.load.broken", "POST", "/images/load?quiet=1", b"this is no archive")
    r("image.push.missing", "POST", "/images/none-such/push?tag=x", headers={"X-Registry-Auth": "e30="})
    r("image.push.no-auth", "POST", f"/images/{PREFIX}/none/push")
    r("image.create.nothing", "POST", "/images/create")
    r("image.create.bad-source", "POST", query("/images/create", fromSrc="-", repo="UPPER"), rootfs)
    r("image.create.bad-change", "POST", query("/images/create", fromSrc="-", changes="FROM x"), rootfs)
    r("image.create.bad-tar", "POST", query("/images/create", fromSrc="-", repo=f"{PREFIX}/bad"), b"not a tar archive, at all" * 100)
    r("image.remove", "DELETE", f"/images/{PREFIX}/second:2")
    r("image.remove.missing", "DELETE", "/images/none-such")
    happened(r, "image")
    r("image.prune.bad-filter", "POST", query("/images/prune", filters={"zzz": ["1"]}))
    r("image.prune.none", "POST", query("/images/prune", filters={"label": ["api-replay-none"]}))
    r("distribution.bad", "GET", "/distribution/UPPER/json")


def create(r, name, step=None, keep=None, **config):
    body = {"Image": IMAGE, "Cmd": ["sleep", "1000"], "Labels": {PREFIX: "yes"}, **config}
    body.setdefault("HostConfig", {}).setdefault("Init", True)
    return r(step or f"create.{name}", "POST", query("/containers/create", name=f"{PREFIX}-{name}"), body, keep=keep)


def containers(r):
    long = {"Hostname": "h", "Domainname": "d", "User": "0", "Env": ["A=1", "B"], "ExposedPorts": {"80/tcp": {}},
            "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1000000000}, "StopSignal": "SIGINT", "StopTimeout": 1,
            "WorkingDir": "/tmp", "Volumes": {"/anonymous": {}},
            "HostConfig": {"Memory": 64 << 20, "PidsLimit": 50, "CpuShares": 512, "RestartPolicy": {"Name": "on-failure",
                           "MaximumRetryCount": 2}, "PortBindings": {"80/tcp": [{"HostPort": ""}]}, "Dns": ["1.1.1.1"],
                           "ExtraHosts": ["a:1.2.3.4"], "CapAdd": ["NET_ADMIN"], "CapDrop": ["MKNOD"], "Tmpfs": {"/t": ""},
                           "Ulimits": [{"Name": "nofile", "Soft": 100, "Hard": 200}], "Binds": [f"{PREFIX}-vol:/v:ro"],
                           "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m"}}, "Init": True}}
    create(r, "full", keep="full", **long)
    r("inspect.full.created", "GET", f"/containers/{PREFIX}-full/json?size=1")
    create(r, "plain", keep="plain")
    r("inspect.plain.created", "GET", f"/containers/{PREFIX}-plain/json")
    create(r, "plain", step="create.name-taken")
    create(r, "_bad!", step="create.ok-name")
    r("create.bad-name", "POST", "/containers/create?name=_bad!", {"Image": IMAGE})
    r("create.no-body", "POST", "/containers/create")
    r("create.broken-json", "POST", "/containers/create", b"{broken", headers={"Content-Type": "application/json"})
    r("create.not-json", "POST", "/containers/create", b"{}", headers={"Content-Type": "text/plain"})
    r("create.empty-object", "POST", "/containers/create", {})
    r("create.wrong-type", "POST", "/containers/create", {"Image": 5})
    r("create.no-image", "POST", "/containers/create", {"Cmd": ["x"]})
    r("create.missing-image", "POST", "/containers/create", {"Image": "none-such"})
    r("create.bad-image", "POST", "/containers/create", {"Image": "UPPER"})
    r("create.other-platform", "POST", "/containers/create?platform=linux%2Farm64", {"Image": IMAGE, "Cmd": ["true"]})
    r("create.no-command", "POST", "/containers/create", {"Image": IMAGE})
    r("create.two-documents", "POST", "/containers/create", b'{"Image":"none-such"}{"x":1}', headers={"Content-Type": "application/json"})
    bad = {
        "memory": {"Memory": 1000}, "memory-swap": {"MemorySwap": 1 << 30}, "swap-below": {"Memory": 64 << 20, "MemorySwap": 1000},
        "reservation": {"MemoryReservation": 10}, "swappiness": {"MemorySwappiness": 101}, "cpus": {"NanoCpus": 10 ** 14},
        "cpu-conflict": {"NanoCpus": 10 ** 9, "CpuQuota": 1000}, "cpu-period": {"CpuPeriod": 1}, "cpu-quota": {"CpuQuota": 1},
        "cpuset": {"CpusetCpus": "0-999"}, "cpuset-bad": {"CpusetCpus": "x"}, "shares": {"CpuShares": -1},
        "restart": {"RestartPolicy": {"Name": "sometimes"}}, "restart-count": {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 3}},
        "restart-rm": {"AutoRemove": True, "RestartPolicy": {"Name": "always"}}, "bind": {"Binds": ["relative:/x:zz"]},
        "bind-path": {"Binds": ["/none-such"]}, "bind-target": {"Binds": ["/etc:relative"]},
        "bind-twice": {"Binds": ["/etc:/x", "/tmp:/x"]},
        "mount-type": {"Mounts": [{"Type": "zzz", "Target": "/x"}]}, "mount-target": {"Mounts": [{"Type": "volume", "Target": ""}]},
        "mount-source": {"Mounts": [{"Type": "bind", "Source": "/none-such-api", "Target": "/x"}]},
        "capability": {"CapAdd": ["ZZZ"]}, "log-driver": {"LogConfig": {"Type": "zzz"}},
        "log-option": {"LogConfig": {"Type": "json-file", "Config": {"zzz": "1"}}},
        "port": {"PortBindings": {"80000/tcp": [{"HostPort": "1"}]}}, "host-port": {"PortBindings": {"80/tcp": [{"HostPort": "x"}]}},
        "extra-host": {"ExtraHosts": ["zzz"]}, "ipc": {"IpcMode": "zzz"}, "pid": {"PidMode": "zzz"}, "uts": {"UTSMode": "zzz"},
        "cgroupns": {"CgroupnsMode": "zzz"}, "userns": {"UsernsMode": "zzz"}, "isolation": {"Isolation": "hyperv"},
        "runtime": {"Runtime": "zzz"}, "sysctl": {"Sysctls": {"kernel.zzz": "1"}}, "ulimit": {"Ulimits": [{"Name": "zzz", "Soft": 1, "Hard": 1}]},
        "ulimit-order": {"Ulimits": [{"Name": "nofile", "Soft": 2, "Hard": 1}]}, "device-rule": {"DeviceCgroupRules": ["zzz"]},
        "storage": {"StorageOpt": {"size": "1G"}}, "volume-driver": {"Binds": [f"{PREFIX}-none:/x"], "VolumeDriver": "zzz"},
        "network-container": {"NetworkMode": "container:none-such"}, "pid-container": {"PidMode": "container:none-such"},
        "ipc-container": {"IpcMode": "container:none-such"}, "oom-score": {"OomScoreAdj": 5000},
        "blkio-weight": {"BlkioWeight": 5}, "shm": {"ShmSize": -1}, "dns": {"Dns": ["zzz"]}, "volumes-from": {"VolumesFrom": ["none-such"]},
        "links": {"Links": ["none-such:x"]}, "security": {"SecurityOpt": ["zzz"]}, "group": {"GroupAdd": ["zzz"]},
        "tmpfs": {"Tmpfs": {"/x": "zzz"}}, "tmpfs-target": {"Tmpfs": {"relative": ""}}, "annotation": {"Annotations": {"": "x"}},
        "pids": {"PidsLimit": -5}, "console": {"ConsoleSize": [1]}, "device-request": {"DeviceRequests": [{"Driver": "zzz"}]},
        "kernel-memory": {"KernelMemoryTCP": 1000}, "cpu-percent": {"CpuPercent": 50}, "network-none-such": {"NetworkMode": "api-none-such"},
    }
    for name, host_config in bad.items():
        create(r, f"bad-{name}", step=f"create.bad.{name}", HostConfig=host_config)
    bad_config = {"workdir": {"WorkingDir": "relative"}, "signal": {"StopSignal": "ZZZ"}, "env": {"Env": ["=x"]}, "health": {"Healthcheck": {"Test": ["ZZZ"]}},
                  "health-interval": {"Healthcheck": {"Interval": 5}}, "exposed": {"ExposedPorts": {"zzz": {}}}, "hostname": {"Hostname": "a" * 70},
                  "stop-timeout": {"StopTimeout": -1}, "volume": {"Volumes": {"relative": {}}}, "mac": {"MacAddress": "zzz"},
                  "endpoint": {"NetworkingConfig": {"EndpointsConfig": {"api-none-such": {}}}},
                  "endpoint-ip": {"NetworkingConfig": {"EndpointsConfig": {"bridge": {"IPAMConfig": {"IPv4Address": "zzz"}}}}}}
    for name, config in bad_config.items():
        create(r, f"badc-{name}", step=f"create.config.{name}", **config)

    r("start", "POST", f"/containers/{PREFIX}-full/start")
    r("start.again", "POST", f"/containers/{PREFIX}-full/start")
    r("start.missing", "POST", "/containers/none-such/start")
    r("start.plain", "POST", f"/containers/{PREFIX}-plain/start")
    r("inspect.full", "GET", f"/containers/{PREFIX}-full/json?size=1")
    r("inspect.plain", "GET", f"/containers/{PREFIX}-plain/json")
    r("inspect.missing", "GET", "/containers/none-such/json")
    r("inspect.slash", "GET", f"/containers/%2F{PREFIX}-plain/json")
    labelled = {"label": [LABEL]}
    r("list", "GET", query("/containers/json", filters=labelled))
    r("list.all", "GET", query("/containers/json", all="1", size="1", filters=labelled))
    for name, filters in {"label-list": {"label": [PREFIX]}, "map": {"label": {LABEL: True}}, "name": {"name": [f"^/{PREFIX}-full$"]},
                          "status": {"status": ["running"], **labelled}, "exited": {"exited": ["0"], **labelled},
                          "ancestor": {"ancestor": [IMAGE]}, "volume": {"volume": [f"{PREFIX}-vol"]}, "network": {"network": ["bridge"], **labelled},
                          "health": {"health": ["none"], **labelled}, "publish": {"publish": ["80/tcp"], **labelled},
                          "expose": {"expose": ["80"], **labelled}, "is-task": {"is-task": ["true"], **labelled},
                          "id": {"id": ["f" * 64]}}.items():
        r(f"list.filter.{name}", "GET", query("/containers/json", filters=filters))
    for name, filters in {"unknown": {"zzz": ["1"]}, "status": {"status": ["zzz"]}, "exited": {"exited": ["x"]}, "health": {"health": ["zzz"]},
                          "before": {"before": ["none-such"]}, "since": {"since": ["none-such"]}, "is-task": {"is-task": ["zzz"]},
                          "publish": {"publish": ["zzz"]}, "expose": {"expose": ["zzz"]}}.items():
        r(f"list.bad.{name}", "GET", query("/containers/json", filters=filters))
    r("list.bad.json", "GET", query("/containers/json", filters="{"))
    r("list.bad.number", "GET", query("/containers/json", filters='{"label":5}'))
    r("list.bad.limit", "GET", "/containers/json?limit=x")
    r("list.ambiguous", "GET", query("/containers/json", limit="1", filters=labelled))

    r("top", "GET", f"/containers/{PREFIX}-plain/top")
    r("top.args", "GET", f"/containers/{PREFIX}-plain/top?ps_args=aux")
    r("top.no-pid", "GET", f"/containers/{PREFIX}-plain/top?ps_args=-o%20comm")
    r("stats", "GET", f"/containers/{PREFIX}-full/stats?stream=0&one-shot=1")
    r("stats.missing", "GET", "/containers/none-such/stats?stream=0")
    r("stats.conflict", "GET", f"/containers/{PREFIX}-full/stats?stream=1&one-shot=1")
    r("update", "POST", f"/containers/{PREFIX}-full/update", {"Memory": 128 << 20, "MemorySwap": 256 << 20, "CpuShares": 256,
      "PidsLimit": 60, "RestartPolicy": {"Name": "always"}})
    for name, change in {"memory": {"Memory": 1000}, "memory-swap": {"Memory": 1 << 32}, "restart": {"RestartPolicy": {"Name": "zzz"}},
                         "cpus": {"NanoCpus": 10 ** 14}, "type": {"Memory": "x"}, "empty": {}, "unknown": {"Zzz": 1}}.items():
        r(f"update.{name}", "POST", f"/containers/{PREFIX}-full/update", change)
    r("update.missing", "POST", "/containers/none-such/update", {})
    r("rename", "POST", f"/containers/{PREFIX}-plain/rename?name={PREFIX}-renamed")
    r("rename.same", "POST", f"/containers/{PREFIX}-renamed/rename?name={PREFIX}-renamed")
    r("rename.taken", "POST", f"/containers/{PREFIX}-renamed/rename?name={PREFIX}-full")
    r("rename.bad", "POST", f"/containers/{PREFIX}-renamed/rename?name=_bad!")
    r("rename.empty", "POST", f"/containers/{PREFIX}-renamed/rename")
    r("rename.missing", "POST", "/containers/none-such/rename?name=x")
    r("rename.back", "POST", f"/containers/{PREFIX}-renamed/rename?name={PREFIX}-plain")
    r("pause", "POST", f"/containers/{PREFIX}-plain/pause")
    r("pause.again", "POST", f"/containers/{PREFIX}-plain/pause")
    r("inspect.paused", "GET", f"/containers/{PREFIX}-plain/json")
    r("exec.paused", "POST", f"/containers/{PREFIX}-plain/exec", {"Cmd": ["true"]})
    r("remove.paused", "DELETE", f"/containers/{PREFIX}-plain")
    r("unpause", "POST", f"/containers/{PREFIX}-plain/unpause")
    r("unpause.again", "POST", f"/containers/{PREFIX}-plain/unpause")
    r("resize", "POST", f"/containers/{PREFIX}-plain/resize?h=10&w=20")
    r("resize.bad", "POST", f"/containers/{PREFIX}-plain/resize?h=x&w=20")
    r("kill.bad-signal", "POST", f"/containers/{PREFIX}-plain/kill?signal=ZZZ")
    r("kill.usr1", "POST", f"/containers/{PREFIX}-plain/kill?signal=SIGCONT")
    r("stop.bad-timeout", "POST", f"/containers/{PREFIX}-plain/stop?t=x")
    r("remove.running", "DELETE", f"/containers/{PREFIX}-plain")
    r("remove.missing", "DELETE", "/containers/none-such")
    r("remove.link", "DELETE", f"/containers/{PREFIX}-plain?link=1")
    r("wait.bad", "POST", f"/containers/{PREFIX}-plain/wait?condition=zzz")
    r("logs", "GET", f"/containers/{PREFIX}-plain/logs?stdout=1")
    r("logs.no-stream", "GET", f"/containers/{PREFIX}-plain/logs")
    r("logs.bad-since", "GET", f"/containers/{PREFIX}-plain/logs?stdout=1&since=zzz")
    r("logs.bad-tail", "GET", f"/containers/{PREFIX}-plain/logs?stdout=1&tail=zzz")
    r("logs.missing", "GET", "/containers/none-such/logs?stdout=1")
    r.usage("df", "/system/df")
    r.usage("df.1.43", "/v1.43/system/df")
    r.usage("df.containers", "/system/df?type=container")
    r.usage("df.two", "/system/df?type=image&type=volume")


def execs(r):
    c = f"{PREFIX}-plain"
    run = r("exec.create", "POST", f"/containers/{c}/exec", {"Cmd": ["sh", "-c", "echo out; echo err >&2; cat; exit 3"], "AttachStdin": True,
            "AttachStdout": True, "AttachStderr": True}, keep="exec")["Id"]
    r("exec.inspect.created", "GET", f"/exec/{run}/json")
    r("exec.resize.created", "POST", f"/exec/{run}/resize?h=1&w=1")
    r.stream("exec.start", f"/exec/{run}/start", {"Detach": False, "Tty": False}, b"input\n")
    r("exec.inspect.ended", "GET", f"/exec/{run}/json")
    r("exec.start.again", "POST", f"/exec/{run}/start", {})
    missing = r("exec.create.missing-program", "POST", f"/containers/{c}/exec", {"Cmd": ["none-such"], "AttachStdout": True}, keep="exec2")["Id"]
    r.stream("exec.start.missing-program", f"/exec/{missing}/start", {})
    r("exec.inspect.missing-program", "GET", f"/exec/{missing}/json")
    detached = r("exec.create.detached", "POST", f"/containers/{c}/exec", {"Cmd": ["true"]}, keep="exec3")["Id"]
    r("exec.start.detached", "POST", f"/exec/{detached}/start", {"Detach": True})
    tty = r("exec.create.tty", "POST", f"/containers/{c}/exec", {"Cmd": ["echo", "hello"], "Tty": True, "AttachStdout": True}, keep="exec4")["Id"]
    r.stream("exec.start.tty", f"/exec/{tty}/start", {"Tty": True})
    r("exec.no-command", "POST", f"/containers/{c}/exec", {})
    r("exec.no-body", "POST", f"/containers/{c}/exec")
    r("exec.bad-keys", "POST", f"/containers/{c}/exec", {"Cmd": ["true"], "DetachKeys": "zzz"})
    r("exec.bad-workdir", "POST", f"/containers/{c}/exec", {"Cmd": ["true"], "WorkingDir": "relative"})
    r("exec.bad-env", "POST", f"/containers/{c}/exec", {"Cmd": ["true"], "Env": ["=x"]})
    r("exec.missing", "GET", "/exec/none-such/json")
    r("exec.start.missing", "POST", "/exec/none-such/start", {})
    r("exec.container-missing", "POST", "/containers/none-such/exec", {"Cmd": ["true"]})
    r("exec.create.bad-user", "POST", f"/containers/{c}/exec", {"Cmd": ["true"], "User": "none-such"})


def attach(r):
    create(r, "cat", Cmd=["cat"], OpenStdin=True, StdinOnce=True, AttachStdin=True, AttachStdout=True)
    c = f"{PREFIX}-cat"
    r("attach.bad-keys", "POST", f"/containers/{c}/attach?stream=1&stdout=1&detachKeys=zzz")
    r("attach.missing", "POST", "/containers/none-such/attach?stream=1&stdout=1")
    r("attach.start", "POST", f"/containers/{c}/start")
    r.stream("attach", f"/containers/{c}/attach?stream=1&stdin=1&stdout=1&stderr=1", None, b"through\n")
    r("attach.wait", "POST", f"/containers/{c}/wait")
    r.stream("attach.logs", f"/containers/{c}/attach?logs=1&stdout=1")
    r("attach.inspect", "GET", f"/containers/{c}/json")


def websockets(r):
    c = f"{PREFIX}-ws"
    for name, tty in {"plain": False, "tty": True}.items():
        create(r, "ws", step=f"ws.{name}.create", Cmd=["sh", "-c", "read line; echo got $line; exit 3"], OpenStdin=True, Tty=tty)
        r(f"ws.{name}.start", "POST", f"/containers/{c}/start")
        r.websocket(f"ws.{name}", f"/containers/{c}/attach/ws?stream=1&stdin=1&stdout=1&stderr=1", (TEXT, b"input\n"))
        r(f"ws.{name}.wait", "POST", f"/containers/{c}/wait")
        r.websocket(f"ws.{name}.logs", f"/containers/{c}/attach/ws?logs=1&stdout=1&stderr=1")
        r.websocket(f"ws.{name}.text", f"/v1.27/containers/{c}/attach/ws?logs=1&stdout=1")
        r(f"ws.{name}.remove", "DELETE", f"/containers/{c}")
    create(r, "ws", step="ws.create", Cmd=["cat"], OpenStdin=True, Tty=True)
    r("ws.start", "POST", f"/containers/{c}/start")
    r.websocket("ws.goodbye", f"/containers/{c}/attach/ws?stream=1&stdin=1&stdout=1", (PING, b"?"), (CLOSE, b"\x03\xe8"))
    r.websocket("ws.detach", f"/containers/{c}/attach/ws?stream=1&stdin=1&detachKeys=ctrl-a,d", (TEXT, b"\x01d"))
    r.websocket("ws.nothing", f"/containers/{c}/attach/ws")
    r.websocket("ws.bad-keys", f"/containers/{c}/attach/ws?stream=1&detachKeys=zzz")
    r.websocket("ws.missing", "/containers/none-such/attach/ws?stream=1")
    r("ws.no-handshake", "GET", f"/containers/{c}/attach/ws?stream=1")
    r("ws.pause", "POST", f"/containers/{c}/pause")
    r.websocket("ws.paused", f"/containers/{c}/attach/ws?stream=1&stdout=1")
    r("attach.paused", "POST", f"/containers/{c}/attach?stream=1&stdout=1")
    r("ws.remove", "DELETE", f"/containers/{c}?force=1")


def updates(r):
    """Every field of UpdateConfig, of a container that runs."""
    values = {"CpuShares": 512, "Memory": 33554432, "CgroupParent": "/x", "BlkioWeight": 300, "BlkioWeightDevice": [{"Path": "/dev/null", "Weight": 200}],
              "BlkioDeviceReadBps": [{"Path": "/dev/null", "Rate": 1}], "CpuPeriod": 50000, "CpuQuota": 20000, "CpuRealtimePeriod": 1000000,
              "CpusetCpus": "0", "CpusetMems": "0", "Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x"}], "DeviceCgroupRules": ["zzz"],
              "DeviceRequests": [{"Driver": "zzz"}], "KernelMemory": 50000000, "KernelMemoryTCP": 50000000, "MemoryReservation": 20000000, "MemorySwap": -1,
              "MemorySwappiness": 10, "NanoCpus": 500000000, "OomKillDisable": True, "Init": True, "PidsLimit": 50, "Ulimits": [{"Name": "zzz"}], "CpuCount": 2,
              "CpuPercent": 50, "IOMaximumIOps": 5, "IOMaximumBandwidth": 5, "RestartPolicy": {"Name": "always"}}
    wrong = {"Memory": 1, "BlkioWeight": -1, "CpuPeriod": 1, "CpuQuota": 1, "CpusetCpus": "x", "CpusetMems": "9", "MemoryReservation": 1, "MemorySwappiness": 200,
             "NanoCpus": 10 ** 14, "RestartPolicy": {"Name": "zzz"}}
    create(r, "updated", Cmd=["sleep", "1000"])
    c = f"{PREFIX}-updated"
    r("update.walk.start", "POST", f"/containers/{c}/start")
    for field, value in values.items():
        r(f"update.walk.{field}", "POST", f"/containers/{c}/update", {field: value})
    for field, value in wrong.items():
        r(f"update.wrong.{field}", "POST", f"/containers/{c}/update", {field: value})
    r("update.walk.inspect", "GET", f"/containers/{c}/json")
    r("update.walk.remove", "DELETE", f"/containers/{c}?force=1")


def creations(r):
    """What of a request to create was dropped silently once."""
    mac = "02:42:ac:11:00:99"
    network, other = f"{PREFIX}-made", {"NetworkingConfig": {"EndpointsConfig": {f"{PREFIX}-made": {"Aliases": ["x"]}}}}
    r("made.network", "POST", "/networks/create", {"Name": network})
    for name, config in {"mac": {"MacAddress": mac}, "mac-host": {"MacAddress": mac, "HostConfig": {"NetworkMode": "host"}}, "mac-other": {"MacAddress": mac, **other},
                         "mac-conflict": {"MacAddress": mac, "NetworkingConfig": {"EndpointsConfig": {"bridge": {"MacAddress": "02:42:ac:11:00:98"}}}},
                         "other": other, "no-network": {"NetworkDisabled": True}, "iops": {"HostConfig": {"IOMaximumIOps": 5}},
                         "bandwidth": {"HostConfig": {"IOMaximumBandwidth": 5}}}.items():
        create(r, "made", step=f"made.{name}", **config)
        r(f"made.{name}.start", "POST", f"/containers/{PREFIX}-made/start")
        r(f"made.{name}.inspect", "GET", f"/containers/{PREFIX}-made/json")
        r(f"made.{name}.remove", "DELETE", f"/containers/{PREFIX}-made?force=1")
    r("made.two-networks.old", "POST", query("/v1.43/containers/create", name=f"{PREFIX}-made"),
      {"Image": IMAGE, "Cmd": ["true"], "NetworkingConfig": {"EndpointsConfig": {network: {}, "bridge": {}}}})


def filters(r, rootfs):
    """What every filter of the lists, of events and of the prunes leaves."""
    began = int(time.time())
    for tag, label in {"one": "x", "two": "y"}.items():
        r.send("POST", query("/images/create", fromSrc="-", repo=f"{PREFIX}/filtered", tag=tag, changes=f"LABEL {PREFIX}={label}"), rootfs)
        time.sleep(1.1)  # created is told in seconds
    r.send("POST", query("/images/create", fromSrc="-", changes=f"LABEL {PREFIX}=dangling"), rootfs)
    for name, more in {"n1": {"k": "v"}, "n2": {}}.items():
        r.send("POST", "/networks/create", {"Name": f"{PREFIX}-{name}", "Labels": {PREFIX: name, **more}})
        r.send("POST", "/volumes/create", {"Name": f"{PREFIX}-{name}", "Labels": {PREFIX: name, **more}})
    runs = {"run": {"HostConfig": {"NetworkMode": f"{PREFIX}-n1", "Binds": [f"{PREFIX}-n1:/data"]}, "ExposedPorts": {"80/tcp": {}, "53/udp": {}}},
            "made": {"Image": f"{PREFIX}/filtered:two"}, "three": {"Cmd": ["sh", "-c", "exit 3"]}, "zero": {"Cmd": ["true"]}, "paused": {}}
    for name, config in runs.items():
        create(r, f"f-{name}", step=f"filter.{name}", Image=config.pop("Image", f"{PREFIX}/filtered:one"), **{"Labels": {PREFIX: name}, **config})
        if name != "made":
            r.send("POST", f"/containers/{PREFIX}-f-{name}/start")
        if name in ("three", "zero"):
            r.send("POST", f"/containers/{PREFIX}-f-{name}/wait")
    r.send("POST", f"/containers/{PREFIX}-f-paused/pause")
    mine = f"{PREFIX}-f-"
    for number, wanted in enumerate([
            {"ancestor": [f"{PREFIX}/filtered:one"]}, {"ancestor": [f"{PREFIX}/filtered"]}, {"ancestor": ["none-such"]}, {"ancestor": ["UPPER"]},
            {"before": [f"{mine}three"]}, {"since": [f"{mine}three"]}, {"before": ["none-such"]}, {"exited": ["3"]}, {"exited": ["0", "3"]}, {"exited": ["-1"]},
            {"health": ["none"]}, {"health": ["zzz"]}, {"id": [""]}, {"isolation": ["default"]}, {"is-task": ["true"]}, {"is-task": ["false"]}, {"is-task": ["zz"]},
            {"label": [f"{PREFIX}=run"]}, {"label": [f"{PREFIX}=run", f"{PREFIX}=three"]}, {"label": [PREFIX, "nope"]}, {"label!": [PREFIX]}, {"name": [f"{mine}run"]},
            {"name": [f"^/{mine}run$"]}, {"name": [f"{mine}t.*"]}, {"name": ["("]}, {"name": [f"^{mine}z"]}, {"network": [f"{PREFIX}-n1"]}, {"network": ["zzz"]},
            {"expose": ["80"]}, {"expose": ["53/udp"]}, {"expose": ["70-90"]}, {"expose": ["81"]}, {"publish": ["80"]}, {"publish": ["80/zzz"]}, {"status": ["running"]},
            {"status": ["created"]}, {"status": ["exited"]}, {"status": ["paused"]}, {"status": ["dead"]}, {"status": ["zzz"]}, {"volume": [f"{PREFIX}-n1"]},
            {"volume": ["/data"]}, {"volume": ["/dat"]}, {"zzz": ["1"]}, {"status": []}, {"name": None}]):
        r.found(f"filter.containers.{number}", "/containers/json", {"name": [mine], **wanted}, all="1")
    for number, wanted in enumerate([{"exited": ["3"]}, {"status": ["created"]}, {"since": [f"{mine}three"]}, {"before": [f"{mine}paused"]}, {"label": [PREFIX]}]):
        r.found(f"filter.containers.running.{number}", "/containers/json", wanted)
    r.found("filter.containers.limit", "/containers/json", {"name": [mine]}, limit="2")
    r.found("filter.containers.no-limit", "/containers/json", {"name": [mine]}, limit="-1")
    one, two = f"{PREFIX}/filtered:one", f"{PREFIX}/filtered:two"
    for number, wanted in enumerate([
            {"before": [two]}, {"since": [one]}, {"before": ["none"]}, {"dangling": ["true"]}, {"dangling": ["false"]}, {"dangling": ["true", "false"]},
            {"label": [f"{PREFIX}=x"]}, {"label": [f"{PREFIX}=x", f"{PREFIX}=y"]}, {"label!": [PREFIX]}, {"label!": [f"{PREFIX}=x"]}, {"reference": [one]},
            {"reference": [f"{PREFIX}/filtered"]}, {"reference": [f"{PREFIX}/*:two"]}, {"reference": [f"*{PREFIX}*"]}, {"reference": [f"docker.io/{PREFIX}/filtered"]},
            {"until": ["1"]}, {"until": ["2100-01-01"]}, {"until": ["2100-01-01T00:00:00Z"]}, {"until": ["1h"]}, {"until": ["zzz"]}, {"until": ["1", "2"]},
            {"containers": ["1"]}]):
        r.found(f"filter.images.{number}", "/images/json", {"label": [PREFIX], **wanted})
    for number, wanted in enumerate([
            {"name": [f"{PREFIX}-n1"]}, {"name": ["n1"]}, {"name": [f"^{PREFIX}-n1$"]}, {"name": ["("]}, {"driver": ["bridge"]}, {"driver": ["bri"]}, {"scope": ["local"]},
            {"scope": ["swarm"]}, {"type": ["custom"]}, {"type": ["builtin"]}, {"type": ["custom", "builtin"]}, {"dangling": ["true"]}, {"dangling": ["0"]},
            {"dangling": ["true", "false"]}, {"label": [f"{PREFIX}=n1", "k=v"]}, {"label!": [PREFIX]}, {"until": ["1h"]}]):
        r.found(f"filter.networks.{number}", "/networks", {"label": [PREFIX], **wanted})
    for number, wanted in enumerate([
            {"name": [f"{PREFIX}-n1"]}, {"name": [f"^{PREFIX}-n1$"]}, {"name": ["("]}, {"driver": ["local"]}, {"driver": ["loc"]}, {"dangling": ["true"]}, {"dangling": ["0"]},
            {"dangling": ["zzz"]}, {"dangling": ["true", "false"]}, {"label": [f"{PREFIX}=n1", "k"]}, {"label!": [PREFIX]}, {"until": ["1h"]}]):
        r.found(f"filter.volumes.{number}", "/volumes", {"label": [PREFIX], **wanted})
    event_filters(r, began)
    prunes(r)


def event_filters(r, began):
    until = int(time.time()) + 1
    time.sleep(2)  # the period is over: nothing is waited for
    run = f"{PREFIX}-f-run"
    whole = json.loads(r.send("GET", f"/containers/{run}/json")[2])["Id"]
    for number, wanted in enumerate([
            {"container": [run]}, {"container": [whole]}, {"container": [whole[:12]]}, {"container": ["zzz"]}, {"container": [run, f"{PREFIX}-f-zero"]},
            {"event": ["start", "die"], "container": [f"{PREFIX}-f-three"]}, {"image": [f"{PREFIX}/filtered:one"], "event": ["create"]},
            {"image": [f"{PREFIX}/filtered"], "event": ["create"]}, {"image": ["zzz"]}, {"label": [f"{PREFIX}=run"]}, {"label": [f"{PREFIX}=run", "nope"]},
            {"type": ["network"], "network": [f"{PREFIX}-n1"]}, {"type": ["volume"], "volume": [f"{PREFIX}-n1"], "event": ["create"]},
            {"type": ["zzz"]}, {"scope": ["swarm"]}, {"daemon": ["zzz"]}, {"plugin": ["x"]}, {"node": ["x"]}, {"secret": ["x"]},
            {"zzz": ["1"], "container": [run]}, {"label!": [PREFIX], "container": [run]}]):
        r.happenings(f"filter.events.{number}", wanted, began, until)


def prunes(r):
    bad = [{"zzz": ["1"]}, {"until": ["zzz"]}, {"until": ["1", "2"]}, {"dangling": ["zzz"]}, {"all": ["zzz"]}, {"dangling": ["true", "false"]}, {"name": ["x"]},
           {"until": ["1h"]}, {"until": ["2100-01-01T00:00:00Z"]}, {"until": ["2100-01-01"]}, {"until": ["4102444800"]}, {"label!": ["x"]}]
    for number, wanted in enumerate(bad):
        for kind_ in ("containers", "images", "networks", "volumes"):
            r(f"prune.{kind_}.{number}", "POST", query(f"/{kind_}/prune", filters={"label": [f"{PREFIX}-none"], **wanted}))
    for number, wanted in enumerate(bad[:7]):
        r(f"prune.build.{number}", "POST", query("/build/prune", filters=wanted) if number != 2 else "/build/prune?filters=%7B")

    def left(step, kind_, path, **values):
        status, _, content = r.send("POST", query(f"/{kind_}/prune", filters=values))
        assert status == 200, content
        r.found(f"prune.left.{step}", path, {"label": [PREFIX]}, **({"all": "1"} if kind_ == "containers" else {}))
    left("containers.young", "containers", "/containers/json", **{"label": [PREFIX], "until": ["1h"]})
    left("containers.but", "containers", "/containers/json", **{"label": [PREFIX], "label!": [f"{PREFIX}=three"]})
    left("containers", "containers", "/containers/json", label=[PREFIX], until=["4102444800"])
    left("images.dangling", "images", "/images/json", label=[PREFIX])
    left("images", "images", "/images/json", label=[f"{PREFIX}=y"], dangling=["false"])
    left("networks.but", "networks", "/networks", **{"label": [PREFIX], "label!": [f"{PREFIX}=n2"]})
    left("networks", "networks", "/networks", label=[PREFIX])
    left("volumes.anonymous", "volumes", "/volumes", label=[PREFIX])
    left("volumes", "volumes", "/volumes", label=[PREFIX], all=["1"])


def files(r):
    c = f"{PREFIX}-cat"
    r("archive.put", "PUT", query(f"/containers/{c}/archive", path="/tmp"), tar_of({"new": "text", "/absolute": "text"}))
    r("archive.put.missing-path", "PUT", query(f"/containers/{c}/archive", path="/none"), tar_of({"new": "x"}))
    r("archive.put.file", "PUT", query(f"/containers/{c}/archive", path="/tmp/new"), tar_of({"new": "x"}))
    r("archive.put.broken", "PUT", query(f"/containers/{c}/archive", path="/tmp"), b"no tar" * 200)
    r("archive.get", "GET", query(f"/containers/{c}/archive", path="/tmp/new"))
    r("archive.head", "HEAD", query(f"/containers/{c}/archive", path="/tmp/new"))
    r("archive.get.missing", "GET", query(f"/containers/{c}/archive", path="/tmp/none"))
    r("archive.no-path", "GET", f"/containers/{c}/archive")
    r("archive.container-missing", "GET", query("/containers/none-such/archive", path="/"))
    r("changes", "GET", f"/containers/{c}/changes")
    r("changes.missing", "GET", "/containers/none-such/changes")
    r("export", "GET", f"/containers/{c}/export")
    r("export.missing", "GET", "/containers/none-such/export")
    r("commit", "POST", query("/commit", container=c, repo=f"{PREFIX}/committed", tag="1", comment="c", author="a", changes="CMD ls"), {}, keep="committed")
    r("commit.inspect", "GET", f"/images/{PREFIX}/committed:1/json")
    r("commit.history", "GET", f"/images/{PREFIX}/committed:1/history")
    made = r("commit.config", "POST", query("/commit", container=c), {"Cmd": ["true"], "Labels": {"a": "b"}})
    r("commit.remove", "DELETE", f"/images/{(made or {}).get('Id', 'none')}")
    r("commit.missing", "POST", query("/commit", container="none-such"))
    r("commit.none", "POST", "/commit")
    r("commit.bad-change", "POST", query("/commit", container=c, changes="FROM x"))
    r("commit.bad-name", "POST", query("/commit", container=c, repo="UPPER"))


def ends(r):
    c = f"{PREFIX}-plain"
    r("stop", "POST", f"/containers/{c}/stop?t=0")
    r("stop.again", "POST", f"/containers/{c}/stop")
    r("inspect.exited", "GET", f"/containers/{c}/json")
    r("kill.stopped", "POST", f"/containers/{c}/kill")
    r("pause.stopped", "POST", f"/containers/{c}/pause")
    r("top.stopped", "GET", f"/containers/{c}/top")
    r("stats.stopped", "GET", f"/containers/{c}/stats?stream=0")
    r("exec.stopped", "POST", f"/containers/{c}/exec", {"Cmd": ["true"]})
    r("resize.stopped", "POST", f"/containers/{c}/resize?h=1&w=1")
    r("wait", "POST", f"/containers/{c}/wait")
    r("attach.stopped.http", "POST", f"/containers/{c}/attach?stream=0&logs=1&stdout=1")
    r("restart", "POST", f"/containers/{c}/restart?t=0")
    r("remove", "DELETE", f"/containers/{c}?force=1&v=1")
    r("remove.again", "DELETE", f"/containers/{c}")
    for name, cmd in {"missing-program": ["none-such"], "no-permission": ["/etc/passwd"], "directory": ["/tmp"]}.items():
        create(r, name, Cmd=cmd, HostConfig={"Init": False})
        r(f"start.{name}", "POST", f"/containers/{PREFIX}-{name}/start")
        r(f"inspect.{name}", "GET", f"/containers/{PREFIX}-{name}/json")
        r(f"wait.{name}", "POST", f"/containers/{PREFIX}-{name}/wait")
    r("image.remove.used", "DELETE", f"/images/{IMAGE}")
    r("prune.bad-filter", "POST", query("/containers/prune", filters={"zzz": ["1"]}))
    r("prune.bad-until", "POST", query("/containers/prune", filters={"until": ["zzz"]}))
    r("prune", "POST", query("/containers/prune", filters={"label": [LABEL]}))
    r("prune.nothing", "POST", query("/containers/prune", filters={"label": [LABEL], "until": ["1h"]}))


def restarting(r):
    """What is answered between two lives of a container. The delay doubles each time, so there is time enough."""
    create(r, "restarting", step="restarting.create", Cmd=["false"], HostConfig={"RestartPolicy": {"Name": "always"}}, keep="restarting")
    c = f"{PREFIX}-restarting"

    def between():
        while True:
            state = json.loads(r.send("GET", f"/containers/{c}/json")[2])
            if state["RestartCount"] >= 4 and state["State"]["Restarting"]:
                return
            time.sleep(0.02)
    r("restarting.start", "POST", f"/containers/{c}/start")
    for name, method, path, body in (("attach", "POST", "/attach?stream=1&stdout=1", None), ("exec", "POST", "/exec", {"Cmd": ["true"]}), ("top", "GET", "/top", None),
                                     ("pause", "POST", "/pause", None), ("logs", "GET", "/logs?stdout=1&follow=1", None), ("remove", "DELETE", "", None)):
        between()
        r(f"restarting.{name}", method, f"/containers/{c}{path}", body)
    r("restarting.remove.force", "DELETE", f"/containers/{c}?force=1")


def networks(r):
    r("network.create", "POST", "/networks/create", {"Name": f"{PREFIX}-net", "Driver": "bridge", "Labels": {PREFIX: "yes"},
      "IPAM": {"Config": [{"Subnet": "10.213.211.0/24", "Gateway": "10.213.211.1"}]}, "Options": {"a": "b"}}, keep="net")
    r("network.create.again", "POST", "/networks/create", {"Name": f"{PREFIX}-net"})
    for name, body in {"no-name": {}, "bad-driver": {"Name": f"{PREFIX}-x", "Driver": "zzz"}, "predefined": {"Name": "bridge"},
                       "overlap": {"Name": f"{PREFIX}-x", "IPAM": {"Config": [{"Subnet": "10.213.211.0/25"}]}},
                       "bad-subnet": {"Name": f"{PREFIX}-x", "IPAM": {"Config": [{"Subnet": "zzz"}]}},
                       "bad-gateway": {"Name": f"{PREFIX}-x", "IPAM": {"Config": [{"Subnet": "10.213.212.0/24", "Gateway": "1.2.3.4"}]}},
                       "bad-ipam": {"Name": f"{PREFIX}-x", "IPAM": {"Driver": "zzz"}}, "host": {"Name": f"{PREFIX}-x", "Driver": "host"},
                       "scope": {"Name": f"{PREFIX}-x", "Scope": "swarm"}, "bad-name": {"Name": f"{PREFIX} space"}}.items():
        r(f"network.create.{name}", "POST", "/networks/create", body)
    r("network.create.broken", "POST", "/networks/create", b"{", headers={"Content-Type": "application/json"})
    r("network.inspect", "GET", f"/networks/{PREFIX}-net")
    r("network.inspect.bridge", "GET", "/networks/bridge?verbose=1")
    r("network.inspect.scope", "GET", f"/networks/{PREFIX}-net?scope=swarm")
    r("network.inspect.missing", "GET", "/networks/none-such")
    r("network.list", "GET", query("/networks", filters={"label": [LABEL]}))
    for name, filters in {"name": {"name": [PREFIX]}, "driver": {"driver": ["null"]}, "type": {"type": ["builtin"]}, "dangling": {"dangling": ["true"], "name": [PREFIX]},
                          "scope": {"scope": ["swarm"]}}.items():
        r(f"network.list.{name}", "GET", query("/networks", filters=filters))
    for name, filters in {"unknown": {"zzz": ["1"]}, "type": {"type": ["zzz"]}, "dangling": {"dangling": ["zzz"]}, "scope": {"scope": ["zzz"]}}.items():
        r(f"network.list.bad-{name}", "GET", query("/networks", filters=filters))
    create(r, "member", HostConfig={"NetworkMode": f"{PREFIX}-net"})
    c = f"{PREFIX}-member"
    r("network.start", "POST", f"/containers/{c}/start")
    r("network.inspect.used", "GET", f"/networks/{PREFIX}-net")
    r("network.member", "GET", f"/containers/{c}/json")
    r("network.remove.used", "DELETE", f"/networks/{PREFIX}-net")
    r("network.second", "POST", "/networks/create", {"Name": f"{PREFIX}-net2", "Labels": {PREFIX: "yes"}}, keep="net2")
    r("network.connect", "POST", f"/networks/{PREFIX}-net2/connect", {"Container": c, "EndpointConfig": {"Aliases": ["other"]}})
    r("network.connect.again", "POST", f"/networks/{PREFIX}-net2/connect", {"Container": c})
    r("network.connect.missing", "POST", "/networks/none-such/connect", {"Container": c})
    r("network.connect.no-container", "POST", f"/networks/{PREFIX}-net2/connect", {"Container": "none-such"})
    r("network.connect.empty", "POST", f"/networks/{PREFIX}-net2/connect", {})
    r("network.connect.bad-ip", "POST", f"/networks/{PREFIX}-net2/connect", {"Container": c, "EndpointConfig": {"IPAMConfig": {"IPv4Address": "zzz"}}})
    r("network.connect.host", "POST", "/networks/host/connect", {"Container": c})
    r("network.connected", "GET", f"/containers/{c}/json")
    r("network.disconnect", "POST", f"/networks/{PREFIX}-net2/disconnect", {"Container": c})
    r("network.disconnect.again", "POST", f"/networks/{PREFIX}-net2/disconnect", {"Container": c})
    r("network.disconnect.missing", "POST", "/networks/none-such/disconnect", {"Container": c})
    r("network.disconnect.no-container", "POST", f"/networks/{PREFIX}-net2/disconnect", {"Container": "none-such"})
    r("network.remove", "DELETE", f"/networks/{PREFIX}-net2")
    r("network.remove.missing", "DELETE", "/networks/none-such")
    r("network.remove.bridge", "DELETE", "/networks/bridge")
    r("network.prune.none", "POST", query("/networks/prune", filters={"label": ["api-replay-none"]}))
    r("network.prune.bad", "POST", query("/networks/prune", filters={"zzz": ["1"]}))
    r("network.third", "POST", "/networks/create", {"Name": f"{PREFIX}-net3", "Labels": {PREFIX: "third"}})
    r("network.prune", "POST", query("/networks/prune", filters={"label": [f"{PREFIX}=third"]}))


def volumes(r):
    r("volume.create", "POST", "/volumes/create", {"Name": f"{PREFIX}-v1", "Labels": {PREFIX: "yes"}})
    r("volume.create.again", "POST", "/volumes/create", {"Name": f"{PREFIX}-v1"})
    r("volume.create.bad-name", "POST", "/volumes/create", {"Name": "_bad!"})
    r("volume.create.bad-driver", "POST", "/volumes/create", {"Name": f"{PREFIX}-v2", "Driver": "zzz"})
    r("volume.create.bad-option", "POST", "/volumes/create", {"Name": f"{PREFIX}-v2", "DriverOpts": {"zzz": "1"}})
    r("volume.create.broken", "POST", "/volumes/create", b"{", headers={"Content-Type": "application/json"})
    r("volume.inspect", "GET", f"/volumes/{PREFIX}-v1")
    r("volume.inspect.missing", "GET", "/volumes/none-such")
    r("volume.list", "GET", query("/volumes", filters={"label": [LABEL]}))
    for name, filters in {"name": {"name": [PREFIX]}, "dangling": {"dangling": ["true"], "name": [PREFIX]}, "driver": {"driver": ["zzz"]}}.items():
        r(f"volume.list.{name}", "GET", query("/volumes", filters=filters))
    for name, filters in {"unknown": {"zzz": ["1"]}, "dangling": {"dangling": ["zzz"]}}.items():
        r(f"volume.list.bad-{name}", "GET", query("/volumes", filters=filters))
    create(r, "volumed", HostConfig={"Binds": [f"{PREFIX}-v1:/v"]})
    r("volume.remove.used", "DELETE", f"/volumes/{PREFIX}-v1")
    r("volume.container", "DELETE", f"/containers/{PREFIX}-volumed")
    r("volume.remove.missing", "DELETE", "/volumes/none-such")
    r("volume.remove.missing.force", "DELETE", "/volumes/none-such?force=1")
    r("volume.prune.none", "POST", query("/volumes/prune", filters={"label": ["api-replay-none"]}))
    r("volume.prune.bad", "POST", query("/volumes/prune", filters={"zzz": ["1"]}))
    r("volume.prune.bad-all", "POST", query("/volumes/prune", filters={"all": ["zzz"]}))
    r("volume.prune", "POST", query("/volumes/prune", filters={"all": ["true"], "label": [LABEL]}))


def events(r):
    r("events", "GET", query("/events", since="0", until="1", filters={"type": ["container"]}))
    r("events.bad-filter", "GET", query("/events", since="0", until="1", filters={"zzz": ["1"]}))
    r("events.bad-since", "GET", query("/events", since="zzz", until="1"))
    r("events.order", "GET", query("/events", since="10", until="1"))
    for kind_ in ("container", "network", "volume"):
        happened(r, kind_)


def happened(r, type_):
    """The engine remembers only so many."""
    until = str(int(time.time()) + 1)
    r(f"events.{type_}", "GET", query("/events", since="1", until=until, filters={"type": [type_]}), only=ours)


def replay(socket_path: str, rootfs: bytes) -> dict:
    r = Replay(socket_path)
    clean_up(r)
    try:
        system(r)
        images(r, rootfs)
        containers(r)
        execs(r)
        attach(r)
        files(r)
        websockets(r)
        updates(r)
        creations(r)
        networks(r)
        ends(r)
        restarting(r)
        volumes(r)
        events(r)
        clean_up(r)
        filters(r, rootfs)
    finally:
        clean_up(r)
    return r.answers
