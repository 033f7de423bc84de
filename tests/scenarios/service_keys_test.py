"""The service keys about process, security, namespaces and limits, looked at from inside the container, and what is refused.

What is expected was recorded from docker compose: tests/golden/service_keys/record.
"""
import json
import os
import pathlib
import re
import subprocess
import unittest

import service_keys as cases
from harness import SOURCE, StackCase, need_kernel, wait_until

GOLDEN = SOURCE / "tests/golden/service_keys"
HAS_V1 = os.path.isdir(f"{cases.CGROUP}/memory")

# whose numbers are in files of v1 controllers, or need what a host may lack
NEEDS_V1 = {"memory, cpu and pids", "without limits", "deploy.resources", "block devices", "devices", "every device by a rule",
            "the host's group tree"}
NEEDS = {"block devices": bool(cases.a_disk()), "devices": os.path.exists("/dev/kmsg") and os.path.exists("/dev/net/tun")}

# where we say it before anything is started, or in better words
OWN_WORDS = {
    "security_opt: ['seccomp=none.json']": "services.app.security_opt[0]: opening seccomp profile (none.json) failed: ",
    "cpuset: '999'": "Requested CPUs are not available - requested 999, available: 0-",
    "networks: {bridge: {ipv4_address: 172.17.0.77}}":
        "invalid endpoint settings:\n* user specified IP address is supported on user defined networks only\n"
        "* network-scoped alias is supported only for containers in user defined networks",
}
REFUSED_BY_US_TOO = {
    "userns_mode: private": "only host is possible, this engine does not remap users",
    "uts: host\ndomainname: foo": "conflicting options: domainname and the UTS mode",
    "ulimits: {nofile: {soft: 20, hard: 10}}": "soft limit must be less than or equal to hard limit: 20 > 10",
    "devices: ['/dev/kmsg:/dev/x:q']": "invalid permissions of device /dev/kmsg: \"q\"",
    "blkio_config: {device_read_bps: [{path: /dev/null, rate: 5}]}": "/dev/null is no block device",
    "cgroup_parent: stack-other": "names that begin with stack- belong to engines",
    "security_opt: ['seccomp=bad.json']": "services.app.security_opt[0]: the seccomp profile ",
    "cgroup: x": "services.app.cgroup: 'x' is neither host nor private",
    "networks: {n: {interface_name: lo}}": "invalid interface name \"lo\"",
    "networks: {n: {interface_name: sixteen_letters_}}": "invalid interface name \"sixteen_letters_\"",
    "networks: {n: {mac_address: '01:00:00:00:00:09'}}": "is one of a group, not of an interface",
}


class Case(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()
        self.write(cases.FILES)
        self.disk = cases.a_disk()

    def app(self, keys: str, rest: str = "", parent: str = "keys-parent"):
        self.write({"compose.yaml": cases.compose_file(keys, "local/busybox", self.disk, parent, rest)})

    def inside(self, script: str, service: str = "app") -> str:
        return self.stack("exec", "-T", service, "sh", "-c", script).stdout


class Inside(Case):
    def test_a_container_looks_as_docker_compose_makes_it(self):
        expected = json.loads((GOLDEN / "inside.json").read_text())
        for title, (keys, script, rest) in cases.INSIDE.items():
            if (title in NEEDS_V1 and not HAS_V1) or not NEEDS.get(title, True):
                continue
            with self.subTest(title):
                # a parent group of our own name: it stays, as the reference leaves it
                parent = f"keys-{os.getpid()}"
                self.app(keys, rest, parent)
                done = self.stack("run", "--rm", "-T", "app", "sh", "-c", script, check=False)
                seen = cases.without_numbers_of_disk(done.stdout + done.stderr, self.disk).replace(parent, "PARENT")
                self.assertEqual(self.lines(seen), self.lines(expected[title]))
                self.stack("down")
        for folder in pathlib.Path(cases.CGROUP).glob(f"*/keys-{os.getpid()}"):
            folder.rmdir()

    @staticmethod
    def lines(text: str) -> list:
        """Standard error may come before or after; progress of the command is not the container's."""
        return sorted(line for line in text.splitlines()
                      if line.strip() and not re.match(r"\s*(Network|Container|app) ", line) and "WARN" not in line)

    def test_labels_from_files(self):
        self.app("label_file: more.labels\nlabels: {L1: own}\ncommand: ['true']")
        self.stack("up", "-d")
        labels = self.inspect("keys-app-1")["Config"]["Labels"]
        self.assertEqual((labels["L1"], labels["L2"]), ("own", "two words"))

    def test_a_terminal_and_open_standard_input(self):
        self.app("tty: true\nstdin_open: true\ninit: true\ncommand: [sh, -c, 'test -t 0 && test -t 1 && echo both; read line']")
        self.stack("up", "-d")
        wait_until(lambda: "both" in self.stack("logs", "--no-log-prefix").stdout, "the line written to the terminal")
        shown = self.inspect("keys-app-1")
        self.assertEqual((shown["Config"]["Tty"], shown["Config"]["OpenStdin"], shown["State"]["Running"]), (True, True, True))

    def test_namespaces_of_the_host(self):
        self.app("pid: host\nipc: host\nuts: host\nnetwork_mode: host\nuserns_mode: host\ncgroup: host\n"
                 "command: [sleep, '100000']\ninit: true")
        self.stack("up", "-d")
        names = ("pid", "ipc", "uts", "net", "user", "cgroup")
        links = self.inside(f"for name in {' '.join(names)}; do readlink /proc/self/ns/$name; done").split()
        self.assertEqual(links, [os.readlink(f"/proc/self/ns/{name}") for name in names])
        self.assertEqual(self.inside("df /dev/shm | tail -1"), subprocess.run(
            ["busybox", "df", "/dev/shm"], capture_output=True, text=True).stdout.splitlines()[-1] + "\n")

    def test_warnings_where_docker_only_warns(self):
        need_kernel("cgroup v1 memory controller", HAS_V1)
        self.app("cpu_percent: 50\ncpu_count: 2\noom_kill_disable: true\ncredential_spec: {file: x}\ncommand: ['true']")
        warned = self.stack("up", "-d").stderr
        self.assertIn("linux does not support CPU percent. Percent discarded.", warned)
        self.assertIn("OOM killer is disabled for the container, but no memory limit is set", warned)


class Refused(Case):
    def refusal(self, keys: str) -> str:
        self.app(keys)
        done = self.stack("run", "--rm", "-T", "app", "true", check=False)
        self.assertNotEqual(done.returncode, 0, keys)
        return done.stdout + done.stderr

    def test_what_docker_refuses_is_refused_in_its_words(self):
        expected = json.loads((GOLDEN / "refused.json").read_text())
        for keys in cases.REFUSED:
            with self.subTest(keys):
                self.assertIn(OWN_WORDS.get(keys, expected[keys]), self.refusal(keys))
        self.assertEqual(self.all_container_names(), [])

    def test_what_would_have_no_effect_or_fail_later_is_refused(self):
        for keys, words in REFUSED_BY_US_TOO.items():
            with self.subTest(keys):
                self.assertIn(words, self.refusal(keys))
        self.assertEqual(self.all_container_names(), [])


SHARING = """
name: keys
services:
  owner:
    image: local/busybox
    init: true
    stop_grace_period: 0s
    hostname: owner
    ipc: shareable
    command: [sh, -c, "echo shared >/dev/shm/file; exec sleep 100000"]
    environment: {VERSION: "1"}
    networks: {default: {aliases: [named]}}
  guest:
    image: local/busybox
    init: true
    stop_grace_period: 0s
    command: [sleep, "100000"]
    network_mode: service:owner
    ipc: service:owner
    pid: service:owner
"""


class Sharing(Case):
    def owner_and_guest(self):
        self.write({"compose.yaml": SHARING})
        self.stack("up", "-d")

    def check_shared(self):
        for name in ("net", "ipc", "pid"):
            link = f"readlink /proc/self/ns/{name}"
            self.assertEqual(self.inside(link, "owner"), self.inside(link, "guest"), name)
        self.assertNotEqual(self.inside("readlink /proc/self/ns/uts", "owner"), self.inside("readlink /proc/self/ns/uts", "guest"))
        wait_until(lambda: "file" in self.inside("ls /dev/shm", "owner"), "the owner's file")
        self.assertEqual(self.inside("cat /dev/shm/file; hostname", "guest"), "shared\nowner\n")
        for file in ("/etc/hosts", "/etc/resolv.conf"):
            self.assertEqual(self.inside(f"cat {file}", "owner"), self.inside(f"cat {file}", "guest"))
        self.assertIn("Address", self.inside("nslookup -type=a named", "guest"))
        self.assertIn("echo shared", self.inside("tr '\\0' ' ' </proc/1/cmdline", "guest"))

    def test_namespaces_of_another_service(self):
        self.owner_and_guest()
        self.check_shared()
        guest = self.inspect("keys-guest-1")["HostConfig"]
        owner = self.inspect("keys-owner-1")["Id"]
        self.assertEqual([guest[key] for key in ("NetworkMode", "IpcMode", "PidMode")], [f"container:{owner}"] * 3)
        self.assertNotIn("Creat", self.stack("up", "-d").stderr)

        # a new owner: its guest is made anew too
        before = self.inspect("keys-guest-1")["Id"]
        self.write({"compose.yaml": SHARING.replace('VERSION: "1"', 'VERSION: "2"')})
        self.stack("up", "-d")
        self.assertNotEqual(self.inspect("keys-guest-1")["Id"], before)
        self.check_shared()

    def test_the_guest_finds_the_owner_after_both_ended_and_the_engine_was_killed(self):
        self.owner_and_guest()
        self.kill_engine()
        self.check_shared()
        self.stack("restart", "-t", "0")
        self.check_shared()

    def test_namespaces_of_a_container_by_name(self):
        self.owner_and_guest()
        self.write({"other/compose.yaml": "name: other\nservices:\n  app:\n    image: local/busybox\n"
                    "    network_mode: container:keys-guest-1\n    ipc: container:keys-owner-1\n"})
        seen = self.stack("run", "--rm", "-T", "app", "sh", "-c", "readlink /proc/self/ns/net; cat /dev/shm/file; hostname",
                          cwd=self.dir / "other").stdout.splitlines()
        self.assertEqual(seen, [self.inside("readlink /proc/self/ns/net", "owner").strip(), "shared", "owner"])

    def test_what_cannot_be_shared(self):
        self.owner_and_guest()

        def refusal(keys):
            self.write({"other/compose.yaml": f"name: other\nservices:\n  app:\n    image: local/busybox\n{keys}"})
            done = self.stack("run", "--rm", "-T", "app", "true", cwd=self.dir / "other", check=False)
            self.assertNotEqual(done.returncode, 0, keys)
            return done.stderr

        joined = "    network_mode: container:keys-owner-1\n"
        self.assertIn("conflicting options: hostname and the network mode", refusal(joined + "    hostname: x\n"))
        self.assertIn("conflicting options: dns and the network mode", refusal(joined + "    dns: [1.2.3.4]\n"))
        self.assertIn("conflicting options: port exposing and the container type network mode", refusal(joined + "    expose: ['80']\n"))
        self.stack("stop", "-t", "0", "owner")
        self.assertIn("cannot join network namespace of a non running container: container keys-owner-1 is exited", refusal(joined))
        self.assertRegex(refusal("    pid: container:keys-owner-1\n"), "failed to join PID namespace: container [0-9a-f]{64} is not running")

    def test_ipc_must_be_shareable(self):
        self.write({"compose.yaml": SHARING.replace("    ipc: shareable\n", "")})
        done = self.stack("up", "-d", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("non-shareable IPC (hint: use IpcMode:shareable for the donor container)", done.stderr)


LINKS = """
name: keys
services:
  web:
    image: local/busybox
    init: true
    stop_grace_period: 0s
    command: [sleep, "100000"]
    links: ["db:base", cache]
    external_links: ["elsewhere:far"]
    networks: [one, two]
  db: {image: local/busybox, init: true, stop_grace_period: 0s, command: [sleep, "100000"], networks: [one], scale: 2}
  cache: {image: local/busybox, init: true, stop_grace_period: 0s, command: [sleep, "100000"], networks: [two]}
  old: {image: local/busybox, init: true, stop_grace_period: 0s, command: [sleep, "100000"], network_mode: bridge, links: ["older:o"]}
  older: {image: local/busybox, init: true, stop_grace_period: 0s, command: [sleep, "100000"], network_mode: bridge}
networks: {one: {}, two: {}}
"""


class Links(Case):
    def addresses(self, service, name):
        return sorted(re.findall(r"Address: (\d+\.\d+\.\d+\.\d+)$",
                                 self.stack("exec", "-T", service, "nslookup", "-type=a", name, check=False).stdout, re.M))

    def address_of(self, container, network):
        return self.inspect(container)["NetworkSettings"]["Networks"][network]["IPAddress"]

    def test_links_are_names_for_one_container_and_imply_the_order(self):
        self.write({"compose.yaml": LINKS})
        self.stack("up", "-d")
        self.write({"far/compose.yaml": "name: far\nservices: {app: {image: local/busybox, init: true, stop_grace_period: 0s, container_name: elsewhere, "
                                        "command: [sleep, '100000'], networks: [one]}}\n"
                                        "networks: {one: {external: true, name: keys_one}}\n"})
        self.stack("up", "-d", cwd=self.dir / "far")
        both = sorted(self.address_of(f"keys-db-{n}", "keys_one") for n in (1, 2))
        self.assertEqual(self.addresses("web", "base"), both)
        self.assertEqual(self.addresses("web", "db-2"), [self.address_of("keys-db-2", "keys_one")])
        self.assertEqual(self.addresses("web", "cache"), [self.address_of("keys-cache-1", "keys_two")])
        self.assertEqual(self.addresses("web", "far"), [self.address_of("elsewhere", "keys_one")])
        self.assertEqual(self.addresses("db", "base"), [])
        self.kill_engine()
        self.assertEqual(self.addresses("web", "base"), both)
        web = self.inspect("keys-web-1")
        self.assertIn("keys-db-1:base", web["NetworkSettings"]["Networks"]["keys_one"]["Links"])
        self.assertEqual(web["Config"]["Labels"]["com.docker.compose.depends_on"], "cache:service_started:true,db:service_started:true")
        # on the default bridge, where no DNS server answers, links are lines of /etc/hosts
        address = self.address_of("keys-older-1", "bridge")
        self.assertRegex(self.inside("cat /etc/hosts", "old"), rf"(?m)^{re.escape(address)}\to \w{{12}} keys-older-1$")
        self.assertIn("/keys-older-1:/keys-old-1/o", self.inspect("keys-old-1")["HostConfig"]["Links"])
        self.stack("down", cwd=self.dir / "far")


class Predefined(Case):
    def test_the_predefined_networks_are_dockers(self):
        self.app("network_mode: bridge\ncommand: [sleep, '100000']\ninit: true")
        self.stack("up", "-d")
        status, networks = self.api("GET", "/networks?filters={\"type\":{\"builtin\":true}}")
        self.assertEqual(sorted((n["Name"], n["Driver"]) for n in networks), [("bridge", "bridge"), ("host", "host"), ("none", "null")])
        for name in ("bridge", "host", "none"):
            self.assertEqual(self.api("DELETE", f"/networks/{name}"),
                             (403, {"message": f"{name} is a pre-defined network and cannot be removed"}))
            self.assertEqual(self.api("POST", "/networks/create", {"Name": name}),
                             (403, {"message": f"operation is not permitted on predefined {name} network"}))
        self.assertEqual(self.api("POST", "/networks/create", {"Name": "x", "Driver": "host"}),
                         (403, {"message": "only one instance of \"host\" network is allowed"}))
        self.assertEqual(self.api("POST", "/networks/prune")[1]["NetworksDeleted"], None)
        self.assertEqual(self.api("GET", "/networks/none")[1]["IPAM"]["Config"], None)
        bridge = self.api("GET", "/networks/bridge")[1]
        self.assertEqual(bridge["Options"]["com.docker.network.bridge.default_bridge"], "true")
        self.assertEqual([c["Name"] for c in bridge["Containers"].values()], ["keys-app-1"])
        self.assertNotIn("127.0.0.11", self.inside("cat /etc/resolv.conf"))

    def container(self, name, **host):
        status, made = self.api("POST", f"/containers/create?name={name}",
                                {"Image": "local/busybox", "Cmd": ["sleep", "100000"], "HostConfig": {"Init": True, **host}})
        self.assertEqual(status, 201, made)
        self.assertEqual(self.api("POST", f"/containers/{made['Id']}/start")[0], 204)
        return made["Id"]

    def test_connecting_to_them(self):
        self.app("command: ['true']")
        self.stack("up", "-d")  # starts the engine
        plain = self.container("plain")
        self.assertIn("bridge", self.inspect("plain")["NetworkSettings"]["Networks"])
        host = self.container("on-host", NetworkMode="host")
        none = self.container("on-none", NetworkMode="none")

        def message(action, network, container, **endpoint):
            return self.api("POST", f"/networks/{network}/{action}", {"Container": container, "EndpointConfig": endpoint})[1]["message"]

        multiple = "container cannot be connected to multiple networks with one of the networks in private (none) mode"
        sharing = "container sharing network namespace with another container or host cannot be connected to any other network"
        to_host = "cannot connect container to host network - container must be created in host network mode"
        self.assertEqual(message("connect", "host", plain), to_host)
        self.assertEqual(message("connect", "none", plain), multiple)
        self.assertEqual(message("connect", "bridge", host), sharing)
        self.assertEqual(message("connect", "bridge", none), multiple)
        self.assertEqual(message("disconnect", "host", host),
                         "cannot disconnect container from host network - container was created in host network mode")
        self.assertIn("network-scoped alias is supported only", message("connect", "bridge", plain, Aliases=["x"]))
        for network, container in (("host", host), ("none", none)):
            self.assertEqual(list(self.api("GET", f"/networks/{network}")[1]["Containers"]), [container])
        self.assertEqual(self.api("POST", "/networks/none/disconnect", {"Container": none})[0], 200)
        self.assertEqual(self.api("POST", "/networks/bridge/connect", {"Container": none})[0], 200)
        self.assertEqual(sorted(os.listdir(f"/proc/{self.inspect('on-none')['State']['Pid']}/root/sys/class/net")), ["eth0", "lo"])
        self.assertEqual(self.api("POST", f"/containers/{none}/restart?t=0")[0], 204)
        self.assertEqual(sorted(os.listdir(f"/proc/{self.inspect('on-none')['State']['Pid']}/root/sys/class/net")), ["eth0", "lo"])


if __name__ == "__main__":
    unittest.main()
