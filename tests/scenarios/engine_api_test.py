"""What the engine's API does beyond the shape of its answers: live limits, layers, sizes, metrics."""
import io
import json
import pathlib
import socket
import subprocess
import tarfile
import time
import unittest
import urllib.parse

import clients
from harness import StackCase, UnixHttp, read, wait_until

IMAGE = "local/busybox"


class EngineApi(StackCase):
    def setUp(self):
        super().setUp()
        self.socket = self.start_engine()
        self.import_busybox()

    def raw(self, method, path, body=None, headers=None):
        connection = UnixHttp(str(self.socket))
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def done(self, method, path, body=None, status=(200, 201, 204)):
        got, answer = self.api(method, path, body)
        self.assertIn(got, status if isinstance(status, tuple) else (status,), answer)
        return answer

    def run_container(self, name, script="sleep 1000", **host):
        self.done("POST", f"/containers/create?name={name}", {"Image": IMAGE, "Cmd": ["sh", "-c", script], "HostConfig": {"Init": True, **host}})
        self.done("POST", f"/containers/{name}/start")

    def inside(self, name, script):
        """Runs a script in a container by an exec of the API; returns its exit code when it has ended."""
        made = self.done("POST", f"/containers/{name}/exec", {"Cmd": ["sh", "-c", script]})
        self.done("POST", f"/exec/{made['Id']}/start", {"Detach": True})
        wait_until(lambda: self.api("GET", f"/exec/{made['Id']}/json")[1]["ExitCode"] is not None, "the command has ended")
        self.assertEqual(self.api("GET", f"/exec/{made['Id']}/json")[1]["ExitCode"], 0, script)

    def log(self, name, **options):
        """The lines of its output; with follow, until the engine ends the stream."""
        status, content = self.raw("GET", f"/containers/{name}/logs?" + urllib.parse.urlencode({"stdout": 1, **options}))
        self.assertEqual(status, 200, content)
        text = b""
        while content:
            size = int.from_bytes(content[4:8], "big")
            text, content = text + content[8:8 + size], content[8 + size:]
        return text.decode().splitlines()

    def limit(self, container, v1, v2):
        """What the kernel says about a running container's limit."""
        pid = self.api("GET", f"/containers/{container}/json")[1]["State"]["Pid"]
        for line in read(f"/proc/{pid}/cgroup").splitlines():
            _, controllers, path = line.split(":", 2)
            if v1.split("/")[0] in controllers.split(","):
                return read(f"/sys/fs/cgroup/{v1.split('/')[0]}{path}/{v1.split('/')[1]}").strip()
        path = next(line.split(":", 2)[2] for line in read(f"/proc/{pid}/cgroup").splitlines() if line.startswith("0::"))
        return read(f"/sys/fs/cgroup{path}/{v2}").strip()

    def v2(self):
        """Are limits those of cgroup v2?"""
        return pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists()

    # --- update ---

    def test_limits_of_a_running_container_change_at_once(self):
        self.run_container("box", Memory=64 << 20)
        self.done("POST", "/containers/box/update", {"Memory": 96 << 20, "MemorySwap": 192 << 20, "PidsLimit": 77, "NanoCpus": 500000000})
        self.assertEqual(self.limit("box", "memory/memory.limit_in_bytes", "memory.max"), str(96 << 20))
        self.assertEqual(self.limit("box", "pids/pids.max", "pids.max"), "77")
        self.assertIn(self.limit("box", "cpu/cpu.cfs_quota_us", "cpu.max"), ("50000", "50000 100000"))
        host = self.api("GET", "/containers/box/json")[1]["HostConfig"]
        self.assertEqual((host["Memory"], host["PidsLimit"], host["NanoCpus"]), (96 << 20, 77, 500000000))
        self.done("POST", "/containers/box/update", {"PidsLimit": 0})
        self.assertEqual(self.limit("box", "pids/pids.max", "pids.max"), "max")
        status, answer = self.api("POST", "/containers/box/update", {"CpuQuota": 20000})
        self.assertEqual((status, "NanoCPUs has already been set" in answer["message"]), (409, True), answer)

    def test_a_cpuset_can_come_later(self):
        self.run_container("box")
        self.done("POST", "/containers/box/update", {"CpusetCpus": "0"})
        pid = self.api("GET", "/containers/box/json")[1]["State"]["Pid"]
        self.assertEqual(next(line.split()[1] for line in read(f"/proc/{pid}/status").splitlines() if line.startswith("Cpus_allowed_list")), "0")

    def test_limits_of_a_stopped_container_hold_from_its_next_start(self):
        self.run_container("box")
        self.done("POST", "/containers/box/stop?t=0")
        self.done("POST", "/containers/box/update", {"Memory": 64 << 20, "MemorySwap": 64 << 20})
        self.done("POST", "/containers/box/start")
        self.assertEqual(self.limit("box", "memory/memory.limit_in_bytes", "memory.max"), str(64 << 20))

    def test_a_new_restart_policy_decides_at_the_next_exit(self):
        self.run_container("box", "test -e /go && sleep 1000; touch /go; while [ ! -e /end ]; do sleep 0.05; done; exit 1")
        self.done("POST", "/containers/box/update", {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}})
        self.inside("box", "touch /end")
        wait_until(lambda: self.api("GET", "/containers/box/json")[1]["RestartCount"] == 1, "the policy has restarted it")

    def test_events_of_images_carry_their_labels_so_that_filters_find_them(self):
        self.run_container("box")
        self.done("POST", "/commit?container=box&repo=local/made&changes=LABEL+made=here")
        self.done("POST", "/images/local/made/tag?repo=local/also")
        found = self.raw("GET", "/events?since=1&until=" + str(int(time.time()) + 1) + "&filters=" + urllib.parse.quote('{"type":["image"],"label":["made=here"]}'))[1]
        self.assertEqual([event["Actor"]["Attributes"]["name"] for event in map(json.loads, found.splitlines())],
                         ["local/made:latest", "local/also:latest"])

    # --- the end of a life, where another one follows ---

    def test_a_followed_log_ends_with_each_life_so_that_no_client_reads_a_line_twice(self):
        self.run_container("box", "echo line; sleep 0.3; exit 3", RestartPolicy={"Name": "on-failure", "MaximumRetryCount": 2})
        self.assertEqual(self.log("box", follow="1"), ["line"])
        wait_until(lambda: self.api("GET", "/containers/box/json")[1]["State"]["Status"] == "exited", "the retries are used up")
        self.assertEqual(self.log("box", follow="1"), ["line"] * 3)

    def test_who_waits_for_an_exit_is_told_the_next_one(self):
        for condition in ("", "not-running", "next-exit"):
            self.run_container("box", "sleep 0.3; exit 3", RestartPolicy={"Name": "always"})
            self.assertEqual(self.done("POST", f"/containers/box/wait?condition={condition}"), {"StatusCode": 3})
            self.done("DELETE", "/containers/box?force=1")
        status = self.stack("container", "run", "--restart", "on-failure:1", "local/busybox", "sh", "-c", "echo once; exit 3", check=False)
        self.assertEqual((status.returncode, status.stdout), (3, "once\n"))

    def test_a_time_after_all_times_is_one(self):
        self.run_container("box", "echo line")
        self.done("POST", "/containers/box/wait")
        self.assertEqual(self.log("box", until="99999999999"), ["line"])
        self.assertEqual(self.log("box", since="99999999999"), [])

    def test_realtime_limits_are_kept_and_what_an_update_does_not_change_is_ignored(self):
        self.run_container("box")
        self.done("POST", "/containers/box/stop?t=0")
        answer = self.api("POST", "/containers/box/update", {"CpuRealtimePeriod": 900000, "KernelMemory": 50000000, "Ulimits": [], "Devices": []})
        if self.v2():
            self.assertEqual(answer, (400, {"message": "kernel does not support CPU real-time scheduler"}))
        else:
            self.assertEqual(answer, (200, {"Warnings": None}))
            self.assertEqual(self.done("GET", "/containers/box/json")["HostConfig"]["CpuRealtimePeriod"], 900000)
            self.done("POST", "/containers/box/start")
            self.assertEqual(self.limit("box", "cpu/cpu.rt_period_us", ""), "900000")
            self.done("POST", "/containers/box/update", {"CpuRealtimePeriod": 800000})
            self.assertEqual(self.limit("box", "cpu/cpu.rt_period_us", ""), "800000")
        for wrong, message in (({"IOMaximumIOps": 5}, "QoS"), ({"MemorySwappiness": 200}, "swappiness"), ({"RestartPolicy": {"Name": "zzz"}}, "zzz")):
            status, answer = self.api("POST", "/containers/box/update", wrong)
            self.assertEqual((status, message in answer["message"]), (400, True), answer)

    def test_block_io_weight_changes_where_the_kernel_has_it(self):
        self.run_container("box")
        warnings = self.done("POST", "/containers/box/update", {"BlkioWeight": 300})["Warnings"]
        weight = self.done("GET", "/containers/box/json")["HostConfig"]["BlkioWeight"]
        if warnings:
            self.assertEqual((warnings, weight), (["Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded."], 0))
        else:
            self.assertEqual(weight, 300)

    def test_a_paused_container_is_removed_by_force_however_fast_it_dies(self):
        for _ in range(20):
            self.run_container("box")
            self.done("POST", "/containers/box/pause")
            self.done("DELETE", "/containers/box?force=1")

    # --- networks ---

    def output(self, name, script) -> str:
        made = self.done("POST", f"/containers/{name}/exec", {"Cmd": ["sh", "-c", script], "AttachStdout": True, "AttachStderr": True, "Tty": True})
        return self.raw("POST", f"/exec/{made['Id']}/start", json.dumps({"Tty": True}), {"Content-Type": "application/json"})[1].decode().replace("\r", "")

    def pings(self, name, other) -> bool:
        return "1 packets received" in self.output(name, f"ping -c1 -W5 {other}")

    def test_a_container_of_the_default_network_learns_names_when_it_is_connected(self):
        self.run_container("plain")
        self.done("POST", "/networks/create", {"Name": "shop"})
        self.run_container("web", NetworkMode="shop")
        self.assertNotIn("127.0.0.11", self.output("plain", "cat /etc/resolv.conf"))
        self.assertFalse(self.pings("plain", "web"))
        self.done("POST", "/networks/shop/connect", {"Container": "plain", "EndpointConfig": {"Aliases": ["guest"]}})
        self.assertIn("nameserver 127.0.0.11\n", self.output("plain", "cat /etc/resolv.conf"))
        address = self.done("GET", "/containers/plain/json")["NetworkSettings"]["Networks"]["shop"]["IPAddress"]
        self.assertIn(f"{address}\t", self.output("plain", "cat /etc/hosts"))
        self.assertTrue(self.pings("plain", "web"))
        self.assertTrue(self.pings("web", "guest"))
        self.done("POST", "/networks/shop/disconnect", {"Container": "plain"})
        self.assertNotIn(f"{address}\t", self.output("plain", "cat /etc/hosts"))
        self.assertFalse(self.pings("plain", "web"))
        self.done("POST", "/networks/shop/connect", {"Container": "plain"})
        self.assertTrue(self.pings("plain", "web"), "once more, by the server that is there already")

    def test_names_learned_later_outlive_the_engine(self):
        self.run_container("plain")
        self.done("POST", "/networks/create", {"Name": "shop"})
        self.run_container("web", NetworkMode="shop")
        self.done("POST", "/networks/shop/connect", {"Container": "plain"})
        self.done("POST", "/containers/plain/rename?name=other")  # writes the container's row
        self.kill_engine()
        wait_until(lambda: len(self.engine_pids()) == 1 and self.answers(), "a shim has started another engine")
        self.assertTrue(self.pings("other", "web"))

    def answers(self):
        try:
            return self.api("GET", "/info")[0] == 200
        except OSError:
            return False

    def test_a_resolv_conf_that_the_container_wrote_stays(self):
        self.run_container("plain")
        self.inside("plain", "echo 'nameserver 192.0.2.1' >/etc/resolv.conf")
        self.done("POST", "/networks/create", {"Name": "shop"})
        self.done("POST", "/networks/shop/connect", {"Container": "plain"})
        self.assertEqual(self.output("plain", "cat /etc/resolv.conf"), "nameserver 192.0.2.1\n")

    def test_a_container_that_names_its_networks_is_on_no_other(self):
        self.done("POST", "/networks/create", {"Name": "shop"})
        self.done("POST", "/containers/create?name=box", {"Image": IMAGE, "Cmd": ["sleep", "1000"], "HostConfig": {"Init": True},
                                                          "NetworkingConfig": {"EndpointsConfig": {"shop": {"Aliases": ["a"]}}}})
        self.done("POST", "/containers/box/start")
        seen = self.done("GET", "/containers/box/json")
        self.assertEqual((list(seen["NetworkSettings"]["Networks"]), seen["HostConfig"]["NetworkMode"]), (["shop"], "bridge"))
        self.assertEqual(self.output("box", "ls /sys/class/net").split(), ["eth0", "lo"])
        self.done("POST", "/containers/box/stop?t=0")
        names = self.done("GET", "/containers/box/json")["NetworkSettings"]["Networks"]["shop"]["DNSNames"]
        self.assertEqual(names, ["box", "a", seen["Id"][:12]], "also while it is stopped")

    # --- attached clients ---

    def test_a_slow_reader_gets_all_that_was_written_before_the_exit(self):
        self.done("POST", "/containers/create?name=box", {"Image": IMAGE, "Cmd": ["head", "-c", "1500000", "/dev/zero"]})
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.settimeout(60)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(str(self.socket))
        client.sendall(b"POST /containers/box/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
        received = b""
        while b"\r\n\r\n" not in received:
            received += client.recv(1)
        self.done("POST", "/containers/box/start")
        self.done("POST", "/containers/box/wait")  # and only then is anything read
        output = 0
        while piece := client.recv(65536):
            output += piece.count(0)  # the frames' headers have some, too
        self.assertGreaterEqual(output, 1500000)

    # --- layers ---

    def test_changes_name_what_is_new_gone_and_other(self):
        self.run_container("box")
        self.assertEqual(self.done("GET", "/containers/box/changes"), None)
        self.inside("box", "rm /etc/group; echo x >/new; mkdir -p /home/a/b; chmod 700 /var; rm -rf /tmp; mkdir /tmp")
        kinds = {"M": 0, "A": 1, "D": 2}
        expected = [("M", "/etc"), ("D", "/etc/group"), ("M", "/home"), ("A", "/home/a"), ("A", "/home/a/b"), ("A", "/new"), ("M", "/tmp"), ("M", "/var")]
        self.assertEqual([(change["Kind"], change["Path"]) for change in self.done("GET", "/containers/box/changes")],
                         [(kinds[kind], path) for kind, path in expected])

    def test_commit_keeps_deletions_links_owners_and_replaced_directories(self):
        self.run_container("box")
        self.inside("box", "mkdir -p /dir/old && echo old >/dir/old/file")
        first = self.done("POST", "/commit?container=box&repo=made/first")["Id"]
        self.done("POST", "/containers/create?name=second", {"Image": first, "Cmd": ["sleep", "1000"], "HostConfig": {"Init": True}})
        self.done("POST", "/containers/second/start")
        self.inside("second", "rm /etc/group; echo one >/a; ln /a /b; chown 33:44 /a; rm -rf /dir; mkdir /dir; echo new >/dir/new")
        changes = urllib.parse.quote("ENV A=b")
        second = self.done("POST", f"/commit?container=second&repo=made/second&comment=why&author=who&changes={changes}",
                           {"Labels": {"l": "1"}})["Id"]
        image = self.done("GET", f"/images/{second}/json")
        self.assertEqual((image["Comment"], image["Author"], image["Parent"]), ("why", "who", first))
        self.assertEqual((image["Config"]["Labels"], image["Config"]["Env"], image["Config"]["Cmd"]), ({"l": "1"}, ["A=b"], ["sleep", "1000"]))
        self.assertEqual(len(image["RootFS"]["Layers"]), 3)
        seen = self.run_once(second, "ls /dir; test -e /etc/group || echo no group; stat -c '%u %g %h' /a; cat /b")
        self.assertEqual(seen, "new\nno group\n33 44 2\none\n")

    def run_once(self, image, script) -> str:
        self.done("POST", "/containers/create?name=once", {"Image": image, "Cmd": ["sh", "-c", script], "Tty": True})
        self.done("POST", "/containers/once/start")
        self.done("POST", "/containers/once/wait")
        text = self.raw("GET", "/containers/once/logs?stdout=1")[1].decode().replace("\r\n", "\n")
        self.done("DELETE", "/containers/once")
        return text

    def test_commit_pauses_unless_told_otherwise_and_an_unchanged_container_adds_no_layer(self):
        self.run_container("box")
        before = self.done("GET", f"/images/{IMAGE}/json")["RootFS"]["Layers"]
        made = self.done("POST", "/commit?container=box")["Id"]
        self.done("POST", "/commit?container=box&pause=0")
        self.assertEqual(self.done("GET", f"/images/{made}/json")["RootFS"]["Layers"], before)
        now = int(subprocess.run(["date", "+%s"], capture_output=True, text=True).stdout) + 1
        _, lines = self.raw("GET", f"/events?since=1&until={now}&" + urllib.parse.urlencode({"filters": json.dumps({"container": ["box"]})}))
        actions = [json.loads(line)["Action"] for line in lines.splitlines()]
        self.assertEqual(actions, ["create", "start", "pause", "unpause", "commit", "commit"])

    def test_export_has_everything_but_what_is_mounted(self):
        self.run_container("box", Binds=["data:/data"])
        self.inside("box", "echo secret >/data/file; echo mine >/mine; rm /etc/group")
        status, content = self.raw("GET", "/containers/box/export")
        self.assertEqual(status, 200)
        names = set(tarfile.open(fileobj=io.BytesIO(content)).getnames())
        self.assertTrue({"mine", "bin/busybox", "etc/passwd"} <= names)
        self.assertFalse({"data/file", "etc/group"} & names)

    def test_sizes_are_those_of_the_own_layer(self):
        self.run_container("box")
        self.inside("box", "head -c 100000 /dev/zero >/big; ln /big /twin")
        item = self.done("GET", "/containers/json?size=1")[0]
        self.assertEqual(item["SizeRw"], 100000, "a file with two names counts once")
        self.assertGreater(item["SizeRootFs"], 1 << 20)
        usage = self.done("GET", "/system/df")
        self.assertEqual(usage["Containers"][0]["SizeRw"], 100000)
        self.assertEqual(usage["LayersSize"], usage["Images"][0]["Size"])
        self.assertEqual(self.done("GET", "/system/df?type=volume")["Containers"], None)

    def test_what_images_share_is_counted_once(self):
        self.run_container("box")
        self.inside("box", "head -c 50000 /dev/zero >/more")
        self.done("POST", "/commit?container=box&repo=made/second")
        base, second = (self.done("GET", f"/images/{name}/json") for name in (IMAGE, "made/second"))
        sizes = {item["Id"]: item["SharedSize"] for item in self.done("GET", "/images/json?shared-size=1")}
        self.assertEqual(sizes, {base["Id"]: base["Size"], second["Id"]: base["Size"]})
        self.assertEqual({item["SharedSize"] for item in self.done("GET", "/images/json")}, {-1})
        self.assertEqual({item["Id"]: item["SharedSize"] for item in self.done("GET", "/system/df")["Images"]}, sizes)
        self.done("DELETE", "/containers/box?force=1")
        self.done("DELETE", "/images/made/second")
        self.assertEqual([item["SharedSize"] for item in self.done("GET", "/images/json?shared-size=1")], [0])

    # --- metrics ---

    def test_metrics_are_read_by_prometheus_own_parser(self):
        self.run_container("box", "exit 1", RestartPolicy={"Name": "on-failure", "MaximumRetryCount": 2})
        wait_until(lambda: self.api("GET", "/containers/box/json")[1]["State"]["Status"] == "exited", "it has given up")
        self.api("GET", "/containers/none-such/json")
        status, text = self.raw("GET", "/stack/v1/metrics")
        self.assertEqual(status, 200)
        script = ("import json, sys\nfrom prometheus_client.parser import text_string_to_metric_families as parse\n"
                  "print(json.dumps([[s.name, s.labels, s.value] for f in parse(sys.stdin.read()) for s in f.samples]))")
        parsed = subprocess.run([clients.debian_python(), "-c", script], input=text.decode(), capture_output=True, text=True)
        self.assertEqual(parsed.returncode, 0, parsed.stderr)
        values = {(name, tuple(sorted(labels.items()))): value for name, labels, value in json.loads(parsed.stdout)}
        self.assertEqual(values["stack_containers", (("state", "exited"),)], 1)
        self.assertEqual(values["stack_container_restarts_total", ()], 2)
        self.assertEqual(values["stack_container_exits_total", ()], 3)
        self.assertEqual(values["stack_api_responses_total", (("route", "containers"), ("status", "4xx"))], 1)
        count = values["stack_api_request_duration_seconds_count", (("route", "containers"),)]
        self.assertEqual(values["stack_api_request_duration_seconds_bucket", (("le", "+Inf"), ("route", "containers"))], count)
        for name in ("process_resident_memory_bytes", "stack_engine_pss_bytes", "process_open_fds", "process_cpu_seconds_total"):
            self.assertGreater(values[name, ()], 0, name)


if __name__ == "__main__":
    unittest.main()
