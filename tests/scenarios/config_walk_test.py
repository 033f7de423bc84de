"""Every field that a request to create a container may have (API 1.51: Config, HostConfig, EndpointSettings): what a client asks for
is kept and seen inside the container, or warned about, or refused. Nothing is dropped silently.
"""
import os
import pathlib
import unittest

from harness import StackCase, UnixHttp

IMAGE = "local/busybox"
CGROUP = f"walk-parent-{os.getpid()}"
KEPT, IGNORED = "kept", "ignored"


class Warned(str):
    """Part of the warning's text."""


class Refused(str):
    """Part of the refusal's text."""


# field: (value, outcome, script run in the container, part of what it prints)
CONFIG = {
    "Hostname": ("h1", KEPT, "hostname", "h1"),
    "Domainname": ("d.example", KEPT, "cat /proc/sys/kernel/domainname /etc/hosts", "h1.d.example"),
    "User": ("1000:1001", KEPT, "id -u; id -g", "1000\n1001"),
    "AttachStdin": (True, KEPT),  # these three say only what a client means to do
    "AttachStdout": (True, KEPT),
    "AttachStderr": (True, KEPT),
    "ExposedPorts": ({"80/tcp": {}}, KEPT),
    "Tty": (True, KEPT, "tty", "/dev/pts/0"),
    "OpenStdin": (True, KEPT),
    "StdinOnce": (True, KEPT),
    "Env": (["A=b"], KEPT, "echo $A", "b"),
    "Cmd": (["sh", "-c", "echo mine"], KEPT),
    "Healthcheck": ({"Test": ["CMD", "true"], "Interval": 2000000000, "Timeout": 3000000000, "Retries": 4, "StartPeriod": 5000000000,
                     "StartInterval": 6000000000}, KEPT),
    "ArgsEscaped": (True, KEPT),  # of images for Windows
    "Image": (IMAGE, KEPT),
    "Volumes": ({"/v": {}}, KEPT, "grep ' /v ' /proc/mounts", " /v "),
    "WorkingDir": ("/tmp", KEPT, "pwd", "/tmp"),
    "Entrypoint": (["env"], KEPT),
    "NetworkDisabled": (True, KEPT, "ls /sys/class/net", "lo\n"),
    "MacAddress": ("02:42:ac:11:00:99", Warned("MacAddress field is now deprecated"), "cat /sys/class/net/eth0/address", "02:42:ac:11:00:99"),
    "OnBuild": (["RUN x"], KEPT),  # for an image made of the container
    "Labels": ({"l": "m"}, KEPT),
    "StopSignal": ("SIGINT", KEPT),
    "StopTimeout": (7, KEPT),
    "Shell": (["/bin/ash", "-c"], KEPT),  # of the health check's CMD-SHELL
}
MOUNTS = [{"Type": "tmpfs", "Target": "/m", "TmpfsOptions": {"SizeBytes": 1048576, "Mode": 448, "Options": [["noexec"]]}},
          {"Type": "volume", "Source": "walk", "Target": "/mv", "ReadOnly": True, "Consistency": "cached",
           "VolumeOptions": {"NoCopy": True, "Labels": {"a": "b"}, "DriverConfig": {"Name": "local", "Options": {"type": "tmpfs", "device": "tmpfs"}}}},
          {"Type": "bind", "Source": "/tmp", "Target": "/mb", "BindOptions": {"Propagation": "rprivate", "NonRecursive": True, "CreateMountpoint": True}},
          {"Type": "image", "Source": IMAGE, "Target": "/im", "ImageOptions": {"Subpath": "bin"}}]
HOST = {
    "Binds": (["/tmp:/t:ro"], KEPT, "grep ' /t ' /proc/mounts", " ro,"),
    "ContainerIDFile": ("/tmp/cid", KEPT),  # written by clients
    "LogConfig": ({"Type": "json-file", "Config": {"max-size": "1m"}}, KEPT),
    "NetworkMode": ("walk", KEPT, "cat /etc/resolv.conf", "127.0.0.11"),
    "PortBindings": ({"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18080"}]}, KEPT),
    "RestartPolicy": ({"Name": "on-failure", "MaximumRetryCount": 2}, KEPT),
    "AutoRemove": (True, KEPT),
    "VolumeDriver": ("local", KEPT),
    "VolumesFrom": (["walk-from"], KEPT, "grep ' /vf ' /proc/mounts", " /vf "),
    "Mounts": (MOUNTS, KEPT, "grep -E ' /(m|mv|mb|im) ' /proc/mounts; ls /im", "busybox"),
    "ConsoleSize": ([30, 40], KEPT),
    "Annotations": ({"a.b": "c"}, KEPT),  # for the runtime
    "CapAdd": (["CAP_NET_ADMIN"], KEPT, "ip link set lo down && echo may", "may"),
    "CapDrop": (["CAP_CHOWN"], KEPT, "chown 5 /tmp || echo may not", "may not"),
    "CgroupnsMode": ("private", KEPT, "cat /proc/self/cgroup", ":/\n"),
    "Dns": (["9.9.9.9"], KEPT, "cat /etc/resolv.conf", "9.9.9.9"),
    "DnsOptions": (["ndots:2"], KEPT, "cat /etc/resolv.conf", "ndots:2"),
    "DnsSearch": (["s.example"], KEPT, "cat /etc/resolv.conf", "s.example"),
    "ExtraHosts": (["x:1.2.3.4"], KEPT, "cat /etc/hosts", "1.2.3.4\tx"),
    "GroupAdd": (["1234"], KEPT, "id -G", "1234"),
    "IpcMode": ("shareable", KEPT),
    "Cgroup": ("x", KEPT),  # nothing for 10 years, as in Docker
    "Links": (["walk-from:al"], "/walk-from:/walk-box/al", "cat /etc/hosts", "\tal "),
    "OomScoreAdj": (100, KEPT, "cat /proc/self/oom_score_adj", "100"),
    "PidMode": ("host", KEPT, "readlink /proc/1/exe | grep -v busybox; ls -d /proc/2", "/proc/2"),
    "Privileged": (True, KEPT, "grep CapEff /proc/self/status; test -e /dev/loop-control && echo devices", "devices"),
    "PublishAllPorts": (True, KEPT),
    "ReadonlyRootfs": (True, KEPT, "touch /x || echo refused", "refused"),
    "SecurityOpt": (["no-new-privileges"], KEPT, "grep NoNewPrivs /proc/self/status", "1"),
    "StorageOpt": ({"size": "1G"}, Refused("--storage-opt is supported only")),
    "Tmpfs": ({"/tf": "size=1m"}, KEPT, "grep ' /tf ' /proc/mounts", "size=1024k"),
    "UTSMode": ("host", KEPT),
    "UsernsMode": ("host", KEPT),
    "ShmSize": (1048576, KEPT, "grep /dev/shm /proc/mounts", "size=1024k"),
    "Sysctls": ({"net.ipv4.ip_default_ttl": "70"}, KEPT, "cat /proc/sys/net/ipv4/ip_default_ttl", "70"),
    "Runtime": ("runc", KEPT),
    "Isolation": ("default", KEPT),
    "MaskedPaths": (["/proc/uptime"], KEPT, "cat /proc/uptime | wc -c", "0\n"),
    "ReadonlyPaths": (["/proc/fs"], KEPT, "grep ' /proc/fs ' /proc/mounts", " ro"),
    "CpuShares": (512, KEPT),
    "Memory": (33554432, KEPT),
    "CgroupParent": (f"/{CGROUP}", KEPT, "cat /proc/self/cgroup", CGROUP),
    "BlkioWeight": (300, Warned("Block I/O weight")),
    "BlkioWeightDevice": ([{"Path": "/dev/null", "Weight": 200}], Warned("Block I/O weight_device")),
    "BlkioDeviceReadBps": ([], KEPT),  # which block devices there are is the host's
    "BlkioDeviceWriteBps": ([], KEPT),
    "BlkioDeviceReadIOps": ([], KEPT),
    "BlkioDeviceWriteIOps": ([], KEPT),
    "CpuPeriod": (50000, KEPT),
    "CpuQuota": (20000, KEPT),
    "CpuRealtimePeriod": (1000000, KEPT),
    "CpuRealtimeRuntime": (0, KEPT),  # more needs a share of the parent group's
    "CpusetCpus": ("0", KEPT, "grep Cpus_allowed_list /proc/self/status", "\t0\n"),
    "CpusetMems": ("0", KEPT),
    "Devices": ([{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x", "CgroupPermissions": "r"}], KEPT, "ls -l /dev/x", "1,   3"),
    "DeviceCgroupRules": (["c 1:3 r"], KEPT),
    "DeviceRequests": ([{"Driver": "zzz", "Count": 1, "Capabilities": [["gpu"]]}], Refused("could not select device driver")),
    "KernelMemory": (50000000, IGNORED),  # no field since 1.42, in Docker as here
    "KernelMemoryTCP": (50000000, Warned("Kernel memory TCP limit discarded")),
    "MemoryReservation": (20000000, KEPT),
    "MemorySwap": (-1, KEPT),
    "MemorySwappiness": (10, KEPT),
    "NanoCpus": (500000000, KEPT),
    "OomKillDisable": (True, Warned("OOM killer")),
    "Init": (True, KEPT, "cat /proc/1/comm", "init"),
    "PidsLimit": (50, KEPT),
    "Ulimits": ([{"Name": "nofile", "Soft": 100, "Hard": 200}], KEPT, "ulimit -n", "100"),
    "CpuCount": (2, Warned("count of CPUs")),
    "CpuPercent": (50, Warned("CPU percent")),
    "IOMaximumIOps": (5, Refused("QoS maximum IOPs")),
    "IOMaximumBandwidth": (5, Refused("QoS maximum bandwidth")),
}
ENDPOINT = {
    "IPAMConfig": ({"IPv4Address": "10.213.219.77", "LinkLocalIPs": ["169.254.1.1"]}, KEPT, "ip addr", "169.254.1.1"),
    "Links": (["walk-member:e"], KEPT, "ping -c1 -W5 e", "1 packets received"),
    "Aliases": (["al1"], KEPT, "ping -c1 -W5 al1", "1 packets received"),
    "MacAddress": ("02:42:ac:11:00:98", KEPT, "cat /sys/class/net/eth0/address", "02:42:ac:11:00:98"),
    "DriverOpts": ({"com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.log_martians=1"}, KEPT,
                   "cat /proc/sys/net/ipv4/conf/eth0/log_martians", "1"),
    "GwPriority": (5, KEPT),
    # answers: what a request says of them counts for nothing
    **{name: ("", IGNORED) for name in ("NetworkID", "EndpointID", "Gateway", "IPAddress", "IPv6Gateway", "GlobalIPv6Address")},
    "IPPrefixLen": (0, IGNORED), "GlobalIPv6PrefixLen": (0, IGNORED), "DNSNames": ([], IGNORED),
}


class ConfigWalk(StackCase):
    def setUp(self):
        super().setUp()
        self.start_engine()
        self.import_busybox()
        self.done("POST", "/networks/create", {"Name": "walk", "IPAM": {"Config": [{"Subnet": "10.213.219.0/24"}]}})
        for name, host in (("walk-from", {}), ("walk-member", {"NetworkMode": "walk"})):
            self.done("POST", f"/containers/create?name={name}", {"Image": IMAGE, "Cmd": ["sleep", "1000"], "Volumes": {"/vf": {}},
                                                                  "HostConfig": {"Init": True, **host}})
            self.done("POST", f"/containers/{name}/start")

    def done(self, method, path, body=None):
        status, answer = self.api(method, path, body)
        self.assertIn(status, (200, 201, 204), (path, answer))
        return answer

    def walk(self, fields, request_of, seen_in):
        for field, (value, outcome, *probe) in fields.items():
            with self.subTest(field=field):
                self.one(request_of(field, value), field, value, outcome, seen_in, *probe)
                status, answer = self.api("DELETE", "/containers/walk-box?force=1&v=1")
                self.assertIn(status, (204, 404, 409), answer)  # AutoRemove was faster, or is at it

    def one(self, request, field, value, outcome, seen_in, script=None, printed=None):
        request = {"Image": IMAGE, "Cmd": ["sh", "-c", script or "true"], **request}
        status, answer = self.api("POST", "/containers/create?name=walk-box", request)
        if isinstance(outcome, Refused):
            self.assertEqual((status, outcome in answer["message"]), (400, True), answer)
            return
        self.assertEqual(status, 201, answer)
        if isinstance(outcome, Warned):
            weighs = field.startswith("BlkioWeight") and not answer["Warnings"]  # this kernel can
            self.assertTrue(weighs or any(outcome in warning for warning in answer["Warnings"]), answer)
        elif outcome != IGNORED:
            self.assertEqual(answer["Warnings"], [])
            seen = seen_in(self.done("GET", "/containers/walk-box/json")).get(field)
            self.assertEqual(seen or None, (value if outcome == KEPT else [outcome]) or None)
        if script:
            self.done("POST", "/containers/walk-box/start")
            self.done("POST", "/containers/walk-box/wait")
            self.assertIn(printed, self.logs(request.get("Tty", False)))

    def logs(self, terminal) -> str:
        connection = UnixHttp(str(self.run_root / "engine.sock"))
        connection.request("GET", "/containers/walk-box/logs?stdout=1&stderr=1")
        text = connection.getresponse().read()
        connection.close()
        if terminal:
            return text.decode().replace("\r", "")
        joined = b""
        while text:
            size = int.from_bytes(text[4:8], "big")
            joined, text = joined + text[8:8 + size], text[8 + size:]
        return joined.decode()

    @staticmethod
    def remove_cgroup_parent():
        for path in [*pathlib.Path("/sys/fs/cgroup").glob(f"*/{CGROUP}"), *pathlib.Path("/sys/fs/cgroup").glob(CGROUP)]:
            path.rmdir()

    def test_config(self):
        def request(field, value):
            return {field: value, **({"Hostname": "h1"} if field == "Domainname" else {})}
        self.walk(CONFIG, request, lambda seen: seen["Config"])

    def test_host_config(self):
        self.addCleanup(self.remove_cgroup_parent)
        self.walk(HOST, lambda field, value: {"HostConfig": {field: value}}, lambda seen: seen["HostConfig"])

    def test_endpoint_settings(self):
        def request(field, value):
            return {"HostConfig": {"NetworkMode": "walk"}, "NetworkingConfig": {"EndpointsConfig": {"walk": {field: value}}}}
        self.walk(ENDPOINT, request, lambda seen: seen["NetworkSettings"]["Networks"]["walk"])


if __name__ == "__main__":
    unittest.main()
