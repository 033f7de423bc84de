"""The commands that look at a project and act on its containers, with docker compose's words and exit codes."""
import json
import os
import re
import signal
import time
import unittest

from harness import StackCase, UnixHttp, read, wait_until

PROJECT = """
name: pc
services:
  web:
    image: local/busybox
    init: true
    command: [sh, -c, "echo out line; exec sleep 100000"]
    ports: ["127.0.0.1:18480:80", "18481:81", "127.0.0.1:18490:90/udp"]
    volumes: [data:/data]
    depends_on: [db]
    stop_grace_period: 1s
  db:
    image: local/busybox
    init: true
    command: [sh, -c, "echo db line; exec sleep 100000"]
    volumes: [/anon]
    stop_grace_period: 1s
    scale: 2
  extra:
    image: local/busybox
    profiles: [more]
    init: true
    command: [sleep, "100000"]
    stop_grace_period: 1s
volumes: {data: {}}
"""


class ProjectCommands(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()
        self.compose(PROJECT)

    def states(self):
        return {item["Name"]: item["State"] for item in self.containers()}

    def done(self, *args, **kwargs):
        """(exit status, stdout, sorted lines of stderr without their indentation)"""
        ran = self.stack(*args, check=False, **kwargs)
        return ran.returncode, ran.stdout, sorted(line.strip() for line in ran.stderr.splitlines())

    def test_kill_pause_and_unpause(self):
        self.stack("up", "-d")
        self.assertEqual(self.done("pause", "db"), (0, "", ["Container pc-db-1  Paused", "Container pc-db-2  Paused"]))
        self.assertEqual(self.states()["pc-db-1"], "paused")
        again = self.stack("pause", "db", check=False)
        self.assertEqual(again.returncode, 1)
        self.assertRegex(again.stderr, r"Container [0-9a-f]{64} is already paused")
        self.assertEqual(self.done("unpause", "db"), (0, "", ["Container pc-db-1  Unpaused", "Container pc-db-2  Unpaused"]))
        not_paused = self.stack("unpause", "db", check=False)
        self.assertEqual(not_paused.returncode, 1)
        self.assertRegex(not_paused.stderr, r"Container [0-9a-f]{64} is not paused")
        self.assertEqual(self.states()["pc-db-1"], "running")
        self.assertEqual(self.done("kill", "-s", "USR1", "web")[0], 0)
        wait_until(lambda: self.states()["pc-web-1"] == "exited", "SIGUSR1 ends the shell")
        self.assertEqual(self.done("kill", "web"), (0, "", ["no container to kill"]))
        self.assertEqual(self.done("kill", "nosuch"), (1, "", ["no such service: nosuch"]))
        self.assertEqual(self.done("kill"), (0, "", ["Container pc-db-1  Killed", "Container pc-db-1  Killing",
                                                     "Container pc-db-2  Killed", "Container pc-db-2  Killing"]))
        wait_until(lambda: set(self.states().values()) == {"exited"}, "all are killed")
        bogus = self.stack("kill", "-s", "BOGUS", "db", check=False)
        self.assertEqual(bogus.returncode, 0, "nothing runs: the signal is not looked at")

    def test_rm_takes_what_is_stopped_and_asks(self):
        self.stack("up", "-d")
        self.assertEqual(self.done("rm", "-f"), (0, "", ["No stopped containers"]))
        self.stack("stop", "db")
        refused = self.stack("rm", "db", input="n\n")
        self.assertEqual(refused.stdout, "Going to remove pc-db-1, pc-db-2")
        self.assertEqual(self.states()["pc-db-1"], "exited")
        self.stack("rm", "db", input="y\n")
        self.assertEqual(set(self.states()), {"pc-web-1"})
        volumes = len(self.api("GET", "/volumes")[1]["Volumes"])
        self.assertEqual(volumes, 3, "anonymous volumes stay without -v")
        forced = self.stack("rm", "-fsv")
        self.assertEqual(forced.stdout, "Going to remove pc-web-1\n")
        self.assertEqual([line.strip() for line in forced.stderr.splitlines()],
                         ["Container pc-web-1  Stopping", "Container pc-web-1  Stopped",
                          "Container pc-web-1  Removing", "Container pc-web-1  Removed"])
        self.assertEqual(self.states(), {})
        self.stack("up", "-d")
        self.stack("rm", "-fsv", "db")
        self.assertEqual(len(self.api("GET", "/volumes")[1]["Volumes"]), volumes, "-v takes the anonymous ones")

    def test_port_and_top(self):
        self.stack("up", "-d")
        self.assertEqual(self.stack("port", "web", "80").stdout, "127.0.0.1:18480\n")
        self.assertEqual(self.stack("port", "web", "81").stdout, "0.0.0.0:18481\n")
        self.assertEqual(self.stack("port", "--protocol", "UDP", "web", "90").stdout, "127.0.0.1:18490\n")
        missing = self.stack("port", "web", "99", check=False)
        self.assertEqual((missing.returncode, missing.stdout), (1, ""))
        self.assertEqual(missing.stderr, "no port 99/tcp for container pc-web-1: it publishes 80/tcp, 81/tcp, 90/udp\n")
        self.assertEqual(self.done("port", "--index", "7", "db", "80"),
                         (1, "", ['service "db" is not running container #7']))
        lines = self.stack("top").stdout.splitlines()
        self.assertRegex(lines[0], r"^SERVICE  #   UID +PID +PPID +C +STIME +TTY +TIME +CMD$")
        self.assertEqual([line.split()[:3] for line in lines[1:]],
                         [["db", "1", "root"]] * 2 + [["db", "2", "root"]] * 2 + [["web", "1", "root"]] * 2)
        self.assertTrue(lines[-1].endswith("sleep 100000"))
        self.assertEqual(self.done("top", "nosuch"), (1, "", ["no such service: nosuch"]))
        status, top = self.api("GET", "/containers/pc-web-1/top?ps_args=-o%20user,pid,comm")
        self.assertEqual((status, top["Titles"]), (200, ["USER", "PID", "COMMAND"]))
        self.assertEqual([process[0] for process in top["Processes"]], ["root", "root"])
        self.assertEqual(self.api("GET", "/containers/pc-web-1/top?ps_args=--nonsense")[0], 400)

    def test_images_volumes_and_ls(self):
        self.stack("up", "-d")
        lines = self.stack("images").stdout.splitlines()
        self.assertRegex(lines[0], r"^CONTAINER {11}REPOSITORY {10}TAG {17}PLATFORM {12}IMAGE ID {12}SIZE {16}CREATED$")
        self.assertRegex(lines[3], r"^pc-web-1 +local/busybox +latest +linux/\w+ +[0-9a-f]{12} +[\d.]+MB +\S.* ago$")
        shown = json.loads(self.stack("images", "--format", "json", "web").stdout)
        self.assertEqual([(item["ContainerName"], item["Repository"], item["Tag"]) for item in shown],
                         [("pc-web-1", "local/busybox", "latest")])
        self.assertEqual(set(shown[0]), {"ID", "ContainerName", "Repository", "Tag", "Platform", "Size", "LastTagTime"})
        self.assertRegex(self.stack("images", "-q").stdout, r"^[0-9a-f]{64}\n$")

        self.assertEqual(self.stack("volumes").stdout, "DRIVER    VOLUME NAME\nlocal     pc_data\n")
        self.assertEqual(self.stack("volumes", "-q", "web").stdout, "pc_data\n")
        self.assertEqual(self.stack("volumes", "-q", "db").stdout, "")
        self.assertEqual(self.stack("volumes", "--format", "{{.Name}} {{.Driver}}").stdout, "pc_data local\n")
        self.assertEqual(json.loads(self.stack("volumes", "--format", "json").stdout)["Name"], "pc_data")

        self.assertEqual(self.stack("ls").stdout.splitlines()[0], "NAME                STATUS              CONFIG FILES")
        listed = json.loads(self.stack("ls", "--format", "json").stdout)
        self.assertEqual(listed, [{"Name": "pc", "Status": "running(3)", "ConfigFiles": str(self.dir / "compose.yaml")}])
        self.stack("stop", "web")
        self.assertEqual(json.loads(self.stack("ls", "-a", "--format", "json").stdout)[0]["Status"], "exited(1), running(2)")
        self.stack("stop")
        self.assertEqual(self.stack("ls", "-q").stdout, "")
        self.assertEqual(self.stack("ls", "-q", "-a", "--filter", "name=p.$").stdout, "pc\n")
        self.assertEqual(self.stack("ls", "-q", "-a", "--filter", "name=other").stdout, "")
        self.assertEqual(self.done("ls", "--filter", "foo=bar")[0], 1)

    def test_events_are_replayed_and_end_at_until(self):
        since = time.time()
        self.stack("up", "-d", "web")
        self.stack("kill", "web")
        self.stack("run", "--rm", "-T", "--no-deps", "web", "true")
        wait_until(lambda: self.states()["pc-web-1"] == "exited", "web is killed")
        time_range = ("--since", f"{since:.6f}", "--until", f"{time.time():.6f}")
        shown = self.stack("events", *time_range, "web").stdout.splitlines()
        actions = [line.split()[3] for line in shown]
        self.assertEqual([action for action in actions if action in ("create", "start", "kill", "die")],
                         ["create", "start", "kill", "die"], "one-off containers are left out")
        self.assertRegex(shown[0], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} container create [0-9a-f]{64} "
                                   r"\(image=local/busybox, name=pc-web-1\)$")
        objects = [json.loads(line) for line in self.stack("events", "--json", *time_range).stdout.splitlines()]
        self.assertEqual({item["service"] for item in objects}, {"web", "db"})
        self.assertEqual(set(objects[0]), {"action", "attributes", "id", "service", "time", "type"})
        self.assertFalse([name for item in objects for name in item["attributes"] if name.startswith("com.docker.compose")])

    def test_events_follow(self):
        self.stack("create")
        follower = self.start("events", "--json", "web")
        self.stack("start")
        first = json.loads(follower.stdout.readline())
        while first["action"] != "start":
            first = json.loads(follower.stdout.readline())
        self.assertEqual(first["attributes"]["name"], "pc-web-1")
        os.kill(follower.pid, signal.SIGINT)
        self.assertEqual(follower.wait(30), 130)

    def test_create_and_scale(self):
        self.stack("create")
        self.assertEqual(self.states(), {"pc-web-1": "created", "pc-db-1": "created", "pc-db-2": "created"})
        self.assertEqual(self.done("create", "--build", "--no-build"), (1, "", ["--build and --no-build are incompatible"]))
        self.assertEqual(self.done("create", "--force-recreate", "web")[2],
                         ["Container pc-web-1  Recreate", "Container pc-web-1  Recreated"])
        self.stack("scale", "db=3")
        self.assertEqual(self.states(), {"pc-web-1": "created", "pc-db-1": "running", "pc-db-2": "running", "pc-db-3": "running"})
        self.stack("scale", "db=1", "extra=1")
        self.assertEqual(self.states(), {"pc-web-1": "created", "pc-db-1": "running", "pc-extra-1": "running"})
        for wrong in ("web", "web=x", "web=-1"):
            self.assertEqual(self.done("scale", wrong)[0], 1)
        self.assertEqual(self.done("scale", "nosuch=2")[0], 1)

    def test_start_of_a_service_starts_what_it_depends_on(self):
        self.stack("create")
        self.stack("start", "web")
        self.assertEqual(set(self.states().values()), {"running"})

    def test_wait_gives_the_status_of_the_service(self):
        self.stack("up", "-d")
        waiter = self.start("wait", "web")
        wait_until(lambda: self.api("GET", "/info")[0] == 200 and waiter.poll() is None, "the wait has begun")
        self.stack("kill", "-s", "TERM", "web")
        output, _ = waiter.communicate(timeout=30)
        self.assertRegex(output, r'^container "[0-9a-f]{64}" exited with status code 143\n$')
        self.assertEqual(waiter.returncode, 143)
        self.assertEqual(self.done("wait", "web")[0], 1, "nothing runs that could be waited for")
        waiter = self.start("wait", "--down-project", "db")
        self.stack("kill", "db")
        waiter.communicate(timeout=30)
        self.assertEqual(waiter.returncode, 137)
        self.assertEqual(self.states(), {})

    def test_attach_joins_the_first_process(self):
        self.compose("name: at\nservices:\n  cat: {image: local/busybox, command: [sh, -c, 'read line; echo got $$line; exit 7'], "
                     "stdin_open: true}\n")
        self.stack("up", "-d")
        joined = self.stack("attach", "cat", input="hello\n", check=False)
        self.assertEqual((joined.stdout, joined.returncode), ("got hello\n", 7))
        self.assertEqual(self.done("attach", "cat"), (1, "", ['service "cat" is not running']))

    def test_who_waits_for_an_end_is_told_though_the_container_starts_again(self):
        self.compose("name: ag\nservices:\n  again: {image: local/busybox, restart: always, stop_grace_period: 1s, stdin_open: true,\n"
                     "    command: [sh, -c, 'read line; echo got $$line; exit 7']}\n")
        self.stack("up", "-d")
        answers = []
        for condition in ("not-running", "next-exit"):
            connection = UnixHttp(str(self.run_root / "engine.sock"))
            self.addCleanup(connection.close)
            connection.request("POST", f"/containers/ag-again-1/wait?condition={condition}")
            answers.append(connection.getresponse())  # its header says that the wait has begun
        joined = self.stack("attach", "again", input="hello\n", check=False)
        self.assertEqual((joined.stdout, joined.returncode), ("got hello\n", 7))
        self.assertEqual([json.loads(answer.read())["StatusCode"] for answer in answers], [7, 7])
        wait_until(lambda: self.states()["ag-again-1"] == "running", "the policy starts it again")

    def test_a_wait_for_containers_ends_at_the_first_interrupt(self):
        self.stack("up", "-d", "db")
        waiter = self.start("container", "wait", "pc-db-1", "pc-db-2")
        caught = lambda: int(re.search(r"SigCgt:\s*(\w+)", read(f"/proc/{waiter.pid}/status"))[1], 16) >> (signal.SIGINT - 1) & 1
        wait_until(caught, "the command looks after interrupts itself")
        waiter.send_signal(signal.SIGINT)
        waiter.communicate(timeout=30)
        self.assertEqual(waiter.returncode, 130)

    def test_detach_keys_that_are_none_are_named(self):
        self.compose("name: at\nservices:\n  cat: {image: local/busybox, command: [cat], stdin_open: true, stop_grace_period: 1s}\n")
        self.stack("up", "-d")
        self.assertEqual(self.done("attach", "--detach-keys", "ctrl-1", "cat")[2],
                         ['invalid detach keys "ctrl-1": "ctrl-1" is neither a character nor ctrl- and a letter'])

    def test_stats_measure_the_processor_memory_and_processes(self):
        self.compose("name: st\nservices:\n  busy: {image: local/busybox, init: true, command: [sh, -c, 'while :; do :; done'], "
                     "stop_grace_period: 1s, mem_limit: 64m}\n"
                     "  idle: {image: local/busybox, init: true, command: [sleep, '100000'], stop_grace_period: 1s}\n")
        self.stack("up", "-d")
        rows = {row["Name"]: row for row in map(json.loads, self.stack("stats", "--no-stream", "--format", "json").stdout.splitlines())}
        self.assertEqual(set(rows), {"st-busy-1", "st-idle-1"})
        self.assertGreater(float(rows["st-busy-1"]["CPUPerc"].rstrip("%")), 1)
        self.assertLess(float(rows["st-idle-1"]["CPUPerc"].rstrip("%")), float(rows["st-busy-1"]["CPUPerc"].rstrip("%")))
        self.assertTrue(rows["st-busy-1"]["MemUsage"].endswith(" / 64MiB"), rows)
        self.assertEqual(rows["st-busy-1"]["PIDs"], "2")
        self.assertRegex(rows["st-idle-1"]["NetIO"], r"^[\d.]+k?B / [\d.]+k?B$")
        table = self.stack("stats", "--no-stream", "idle").stdout.splitlines()
        self.assertRegex(table[0], r"^CONTAINER ID +NAME +CPU % +MEM USAGE / LIMIT +MEM % +NET I/O +BLOCK I/O +PIDS$")
        self.assertEqual(len(table), 2)
        self.stack("stop", "idle")
        stopped = self.stack("stats", "--no-stream", "-a", "--format", "table {{.Name}}\\t{{.MemUsage}}", "idle").stdout
        self.assertEqual(re.sub(" +", " ", stopped), "NAME MEM USAGE / LIMIT\nst-idle-1 0B / 0B\n")

    def test_stats_end_at_the_first_interrupt(self):
        self.stack("up", "-d", "db")
        watching = self.start("stats", "--format", "{{.Name}}")
        for _ in range(3):  # it has measured more than once, so it is between two samples
            self.assertTrue(watching.stdout.readline())
        watching.send_signal(signal.SIGINT)
        self.assertEqual(watching.wait(timeout=30), 130)

    def test_start_says_what_has_no_container(self):
        refused = self.stack("start", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("has no container to start", refused.stderr)

    def test_exec_has_the_limits_of_the_container(self):
        self.compose("services: {a: {image: local/busybox, command: [sleep, '1000'], init: true, stop_grace_period: 1s,\n"
                     "  ulimits: {nofile: {soft: 100, hard: 200}}, oom_score_adj: 70}}\n")
        self.stack("up", "-d")
        self.assertEqual(self.stack("exec", "-T", "a", "sh", "-c", "ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj").stdout,
                         "100\n200\n70\n")

    def test_a_wrong_working_directory_of_exec_has_the_status_of_a_missing_command(self):
        self.stack("up", "-d", "--no-deps", "web")
        for directory, words in (("/nosuch", "no such file or directory"), ("/etc/passwd", "not a directory")):
            ran = self.stack("exec", "-T", "-w", directory, "web", "pwd", check=False)
            self.assertEqual(ran.returncode, 127)
            self.assertIn(f'chdir to cwd ("{directory}") set in config.json failed: {words}\n', ran.stdout + ran.stderr)

    def test_what_was_not_interpolated_is_not_escaped(self):
        self.compose("services: {a: {image: 'b:${TAG:?which}', command: 'echo $$0'}}\n")
        shown = self.stack("config", "--no-interpolate").stdout
        self.assertIn("${TAG:?which}", shown)
        self.assertNotIn("$${", shown)
        self.assertIn("command: echo $$0\n", shown)

    def test_the_stats_route_compares_two_samples(self):
        self.stack("up", "-d", "web")
        status, stats = self.api("GET", "/containers/pc-web-1/stats?stream=0")
        self.assertEqual((status, stats["name"]), (200, "/pc-web-1"))
        self.assertGreater(stats["cpu_stats"]["system_cpu_usage"], stats["precpu_stats"]["system_cpu_usage"])
        self.assertGreater(stats["read"], stats["preread"])
        self.assertGreater(stats["memory_stats"]["usage"], 0)
        self.assertIn("eth0", stats["networks"])
        status, once = self.api("GET", "/containers/pc-web-1/stats?stream=0&one-shot=1")
        self.assertEqual((status, once["preread"]), (200, "0001-01-01T00:00:00Z"))
        self.assertEqual(self.api("GET", "/containers/pc-web-1/stats?stream=1&one-shot=1")[0], 400)
        self.assertEqual(self.api("GET", "/containers/nosuch/stats?stream=0")[0], 404)
        self.stack("stop", "web")
        status, stopped = self.api("GET", "/containers/pc-web-1/stats?stream=0")
        self.assertEqual((status, stopped["memory_stats"], stopped["read"]), (200, {}, "0001-01-01T00:00:00Z"))

    def test_down_of_one_service_leaves_the_others(self):
        self.stack("up", "-d")
        self.stack("down", "-t", "1", "web")
        self.assertEqual(set(self.states()), {"pc-db-1", "pc-db-2"})
        self.assertIn("pc_default", [network["Name"] for network in self.api("GET", "/networks")[1]])
        self.stack("down", "-t", "1", "db")
        self.assertNotIn("pc_default", [network["Name"] for network in self.api("GET", "/networks")[1]])

    def test_run_publishes_ports_and_changes_capabilities(self):
        self.write({"more.env": "FROM_FILE='a b'\nBOTH=file\n"})
        shown = self.stack("run", "--rm", "-T", "--no-deps", "--cap-add", "SYS_TIME", "--cap-drop", "NET_RAW", "--env-from-file",
                           "more.env", "-e", "BOTH=flag", "db", "sh", "-c", "echo $FROM_FILE $BOTH; grep CapEff /proc/self/status")
        self.assertEqual(shown.stdout, "a b flag\nCapEff:\t00000000aa0405fb\n")
        self.stack("run", "-d", "--no-deps", "--name", "published", "-p", "127.0.0.1:18555:80/udp", "--use-aliases", "web")
        details = self.inspect("published")
        self.assertEqual(details["HostConfig"]["PortBindings"], {"80/udp": [{"HostIp": "127.0.0.1", "HostPort": "18555"}]})
        self.assertIn("web", details["NetworkSettings"]["Networks"]["pc_default"]["Aliases"])
        self.assertEqual(self.done("run", "-p", "80:99999", "web", "true"),
                         (1, "", ["--publish[0]: '80:99999': '99999' is not a container port (1-65535)"]))

    def test_dependencies_are_recreated_when_asked(self):
        self.stack("up", "-d")
        before = self.inspect("pc-db-1")["Id"]
        self.stack("up", "-d", "--force-recreate", "web")
        self.assertEqual(self.inspect("pc-db-1")["Id"], before)
        self.stack("up", "-d", "--always-recreate-deps", "web")
        self.assertNotEqual(self.inspect("pc-db-1")["Id"], before)


if __name__ == "__main__":
    unittest.main()
