"""The runc command line of the shim, with no engine running: the life of a container, and what bundles ask for compared with runc."""
import array
import json
import os
import pathlib
import platform
import shutil
import socket
import subprocess
import tempfile
import unittest

import oci_bundle
import oci_cases
from harness import BUILD, read, rootfs, wait_until


class OciCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="stack-oci-", dir="/var/tmp"))
        self.bundle = self.base / "bundle"
        self.state = self.base / "state"
        oci_bundle.prepare(self.bundle, rootfs("busybox-rootfs"))
        self.made = []
        self.addCleanup(self.clean_up)

    def clean_up(self):
        for container in self.made:
            self.oci("delete", "--force", container, check=False)
        subprocess.run(["umount", self.bundle / "data/below"], check=False)
        left = sorted(p.name for p in self.state.iterdir()) if self.state.exists() else []
        groups = [os.path.join(folder, name) for folder, names, _ in os.walk("/sys/fs/cgroup") for name in names
                  if name in self.made]
        shutil.rmtree(self.base)
        self.assertEqual((left, groups), ([], []), "left behind by delete")

    def id(self, name="one"):
        container = f"oci-{os.getpid()}-{name}"
        self.made.append(container)
        return container

    def oci(self, *args, check=True, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run([str(BUILD / "stack-oci"), "--root", str(self.state), *map(str, args)], text=True, timeout=60,
                              stdout=options.pop("stdout", subprocess.PIPE), stderr=options.pop("stderr", subprocess.PIPE), **options)
        if check:
            self.assertEqual(done.returncode, 0, f"{args}\n{done.stdout}\n{done.stderr}")
        return done

    def refused(self, status: int, message: str, *args, **options):
        done = self.oci(*args, check=False, **options)
        said = json.dumps(message)[1:-1] in done.stderr or message in done.stderr  # quoted in a log line
        self.assertEqual((done.returncode, said), (status, True), f"{args}: {done.returncode} {done.stderr}")

    def configure(self, script="exec sleep 1000", change=None, mounts=(), namespaces=()):
        config = oci_bundle.config(script, change, mounts, namespaces)
        (self.bundle / "config.json").write_text(json.dumps(config))

    def create(self, container, *flags, output=None):
        """As a container manager does it: the streams are the container's, so nobody waits for their end."""
        with open(output or os.devnull, "a") as out:
            return self.oci("create", "--bundle", self.bundle, *flags, container, stdout=out, stderr=subprocess.STDOUT)

    def status(self, container) -> str:
        return json.loads(self.oci("state", container).stdout)["status"]

    def kill_and_wait(self, container):
        self.oci("kill", container, "KILL")
        wait_until(lambda: self.status(container) == "stopped", "the container has stopped")


class Life(OciCase):
    def test_create_start_exec_kill_delete(self):
        self.configure("echo started; exec sleep 1000", {"annotations": {"a": "b"}})
        one = self.id()
        self.create(one, "--pid-file", self.base / "pid", output=self.base / "output")
        state = json.loads(self.oci("state", one).stdout)
        self.assertEqual(list(state), ["ociVersion", "id", "pid", "status", "bundle", "rootfs", "created", "annotations", "owner"])
        self.assertEqual((state["id"], state["status"], state["bundle"], state["rootfs"], state["annotations"]),
                         (one, "created", str(self.bundle), str(self.bundle / "rootfs"), {"a": "b"}))
        self.assertEqual(read(self.base / "pid"), str(state["pid"]))
        self.assertEqual(read(self.base / "output"), "", "the command has not run")
        self.refused(1, "container with given ID already exists", "create", "--bundle", self.bundle, one)
        self.oci("start", one)
        self.assertEqual(self.status(one), "running")
        wait_until(lambda: read(self.base / "output") == "started\n", "the command runs")
        self.assertEqual(read(f"/proc/{state['pid']}/comm"), "sleep\n")
        self.refused(1, "cannot start an already running container", "start", one)
        self.refused(1, f"cannot delete container {one} that is not stopped: running", "delete", one)

        with open("/etc/hostname") as hostname:
            done = self.oci("exec", one, "sh", "-c", "echo $0 $PPID; cat; exit 3", "x", check=False, stdin=hostname)
        self.assertEqual((done.returncode, done.stdout), (3, "x 0\n" + read("/etc/hostname")))
        self.assertEqual(self.oci("exec", "-e", "A=1", "--cwd", "/usr", "-u", "33:44", one, "sh", "-c", "echo $A; pwd; id -u; id -g").stdout,
                         "1\n/usr\n33\n44\n")
        self.refused(255, 'exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH',
                     "exec", one, "nosuch")
        process = {"args": ["sh", "-c", "sleep 1000"], "cwd": "/", "user": {"uid": 1, "gid": 1}, "env": ["PATH=/bin"]}
        (self.base / "process.json").write_text(json.dumps(process))
        self.oci("exec", "--process", self.base / "process.json", "--detach", "--pid-file", self.base / "exec-pid", one,
                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        exec_pid = int(read(self.base / "exec-pid"))
        self.assertEqual(os.stat(f"/proc/{exec_pid}").st_uid, 1)
        self.assertEqual(sorted(json.loads(self.oci("ps", "-f", "json", one).stdout)), sorted([state["pid"], exec_pid]))

        listed = json.loads(self.oci("list", "-f", "json").stdout)
        self.assertEqual([(item["id"], item["status"]) for item in listed], [(one, "running")])
        self.assertEqual(self.oci("list", "-q").stdout, one + "\n")
        self.assertRegex(self.oci("list").stdout, rf"^ID +PID +STATUS +BUNDLE +CREATED +OWNER\n{one} +\d+ +running +{self.bundle} +2\S+ +root\n$")

        self.refused(1, 'unknown signal "BOGUS"', "kill", one, "BOGUS")
        self.oci("kill", one, "0")
        self.kill_and_wait(one)
        self.assertEqual(json.loads(self.oci("state", one).stdout)["pid"], 0)
        self.refused(1, "container not running", "kill", one)
        self.refused(255, "cannot exec in a stopped container", "exec", one, "true")
        self.oci("delete", one)
        for command in ("state", "start", "kill", "delete", "pause"):
            self.refused(1, "container does not exist", command, one)
        self.oci("delete", "--force", one)
        self.assertEqual(json.loads(self.oci("list", "-f", "json").stdout), [])

    def test_a_created_container_can_be_deleted(self):
        self.configure()
        one = self.id()
        self.create(one)
        pid = json.loads(self.oci("state", one).stdout)["pid"]
        self.oci("delete", one)
        wait_until(lambda: "sleep" not in read(f"/proc/{pid}/comm") and "exe" not in read(f"/proc/{pid}/comm"), "its process is gone")

    def test_pause_resume_update_and_events(self):
        self.configure(change={"linux": {"resources": {"memory": {"limit": 1 << 26}, "pids": {"limit": 50}}}})
        one = self.id()
        self.create(one)
        self.oci("pause", one)
        self.assertEqual(self.status(one), "paused", "also before its start")
        self.refused(255, "cannot exec in a paused container", "exec", one, "true")
        self.oci("resume", one)
        self.assertEqual(self.status(one), "created")
        self.oci("start", one)
        self.oci("pause", one)
        self.assertEqual(self.status(one), "paused")
        self.refused(1, "container not running", "pause", one)
        self.refused(255, "cannot exec in a paused container", "exec", one, "true")
        self.oci("resume", one)
        self.refused(1, "container not paused", "resume", one)
        self.assertEqual(self.status(one), "running")
        self.oci("update", "--memory", "32M", "--pids-limit", "20", one)
        (self.base / "resources.json").write_text('{"cpu": {"shares": 300}}')
        self.oci("update", "--resources", self.base / "resources.json", one)
        stats = json.loads(self.oci("events", "--stats", one).stdout)
        self.assertEqual((stats["type"], stats["id"], stats["data"]["memory"]["usage"]["limit"], stats["data"]["pids"]["limit"]),
                         ("stats", one, 32 << 20, 20))
        self.oci("pause", one)
        self.oci("delete", "--force", one)

    def group_file(self, container: str, controller: str, file: str) -> str:
        """What a file of the container's group holds, in the first version of cgroups."""
        pid = json.loads(self.oci("state", container).stdout)["pid"]
        lines = [line.split(":", 2) for line in read(f"/proc/{pid}/cgroup").splitlines()]
        group = next(path for _, controllers, path in lines if controller in controllers.split(","))
        return read(f"/sys/fs/cgroup/{controller}{group}/{file}").strip()

    @unittest.skipUnless(os.path.exists("/sys/fs/cgroup/memory"), "no first version of cgroups")
    def test_update_changes_every_limit(self):
        self.configure(change={"linux": {"resources": {"memory": {"limit": 1 << 26}}}})
        one = self.id()
        self.create(one)
        self.oci("start", one)
        for flag, value, controller, file, shown in (
                ("cpu-period", "50000", "cpu", "cpu.cfs_period_us", "50000"), ("cpu-quota", "40000", "cpu", "cpu.cfs_quota_us", "40000"),
                ("cpu-burst", "1000", "cpu", "cpu.cfs_burst_us", "1000"), ("cpu-share", "300", "cpu", "cpu.shares", "300"),
                ("cpuset-mems", "0", "cpuset", "cpuset.mems", "0"), ("cpuset-cpus", "0", "cpuset", "cpuset.cpus", "0"),
                ("memory", "40M", "memory", "memory.limit_in_bytes", str(40 << 20)),
                ("memory-reservation", "30M", "memory", "memory.soft_limit_in_bytes", str(30 << 20)),
                ("pids-limit", "20", "pids", "pids.max", "20"), ("pids-limit", "-1", "pids", "pids.max", "max"),
                ("cpu-idle", "1", "cpu", "cpu.idle", "1")):
            with self.subTest(flag=flag):
                self.oci("update", f"--{flag}", value, one)
                self.assertEqual(self.group_file(one, controller, file), shown)
        self.assertEqual(self.oci("exec", one, "grep", "Cpus_allowed_list", "/proc/1/status").stdout.split()[1], "0", "moved")
        self.oci("update", "--cpu-idle", "0", one)
        self.oci("update", "--cpu-period", "100000", "--cpu-quota", "90000", one)
        self.oci("update", "--cpu-period", "50000", "--cpu-quota", "45000", one)
        self.assertEqual(self.group_file(one, "cpu", "cpu.cfs_quota_us"), "45000", "both in one step, whichever must go first")
        (self.base / "resources.json").write_text('{"pids": {"limit": 33}, "cpu": {"shares": 44}}')
        with open(self.base / "resources.json") as resources:
            self.oci("update", "--resources", "-", one, stdin=resources)
        self.assertEqual((self.group_file(one, "pids", "pids.max"), self.group_file(one, "cpu", "cpu.shares")), ("33", "44"))
        self.oci("update", "--memory", "-1", one)
        self.assertGreater(int(self.group_file(one, "memory", "memory.limit_in_bytes")), 1 << 50)
        self.refused(1, "l3 cache schema is not enabled", "update", "--l3-cache-schema", "L3:0=f", one)
        self.refused(1, "memory bandwidth schema is not enabled", "update", "--mem-bw-schema", "MB:0=20", one)
        self.refused(1, "invalid value for cpu-share: -5", "update", "--cpu-share", "-5", one)
        self.assertIn("--kernel-memory has no effect", self.oci("update", "--kernel-memory", "1M", one).stderr)
        (self.base / "resources.json").write_text('{"blockIO": {"leafWeight": 300}}')
        self.refused(1, "leafWeight", "update", "--resources", self.base / "resources.json", one)
        (self.base / "resources.json").write_text('{"unified": {"memory.high": "1"}}')
        self.refused(1, "cannot use unified on cgroup v1", "update", "--resources", self.base / "resources.json", one)

    def follow(self, container: str, *flags):
        follower = subprocess.Popen([BUILD / "stack-oci", "--root", self.state, "events", *flags, container], stdout=subprocess.PIPE, text=True)
        self.addCleanup(follower.stdout.close)
        return follower

    def test_events_are_followed_until_the_end(self):
        self.configure(change={"linux": {"resources": {"memory": {"limit": 24 << 20, "swap": 24 << 20}}}})
        one = self.id()
        self.create(one)
        self.oci("start", one)
        follower = self.follow(one, "--interval", "100ms")
        for _ in range(2):
            event = json.loads(follower.stdout.readline())
            self.assertEqual((event["type"], event["id"], event["data"]["memory"]["usage"]["limit"]), ("stats", one, 24 << 20))
        self.assertEqual(self.oci("exec", one, "sh", "-c", "tail /dev/zero; echo $?").stdout, "137\n")
        while (event := json.loads(follower.stdout.readline()))["type"] != "oom":
            self.assertEqual(event["type"], "stats")
        self.assertEqual(event, {"type": "oom", "id": one})
        self.kill_and_wait(one)
        rest = [json.loads(line)["type"] for line in follower.communicate(timeout=30)[0].splitlines()]
        self.assertEqual((follower.returncode, set(rest) - {"stats", "oom"}), (0, set()))
        self.refused(1, "container not running", "events", "--stats", one)
        self.refused(1, "duration interval must be greater than 0", "events", "--interval", "0s", one)

    @unittest.skipUnless(os.path.exists("/sys/fs/cgroup/pids"), "no first version of cgroups")
    def test_without_a_path_the_group_is_below_the_callers(self):
        outer = pathlib.Path(f"/sys/fs/cgroup/pids/oci-outer-{os.getpid()}")
        outer.mkdir()
        self.addCleanup(outer.rmdir)
        self.configure()
        one = self.id()
        with open(os.devnull, "a") as out:
            self.oci("create", "--bundle", self.bundle, one, stdout=out, stderr=out,
                     preexec_fn=lambda: (outer / "cgroup.procs").write_text(str(os.getpid())))
        pid = json.loads(self.oci("state", one).stdout)["pid"]
        self.assertIn(f":pids:/{outer.name}/{one}\n", read(f"/proc/{pid}/cgroup"))
        self.oci("start", one)
        self.assertIn(f":pids:/{outer.name}/{one}\n", self.oci("exec", one, "cat", "/proc/self/cgroup").stdout, "whoever calls")
        self.oci("pause", one)
        self.oci("resume", one)
        self.oci("delete", "--force", one)
        self.assertEqual([path for path in outer.iterdir() if path.is_dir()], [])

    def test_processors_of_further_processes(self):
        self.configure()
        one = self.id()
        self.create(one)
        self.oci("start", one)
        process = {"args": ["grep", "Cpus_allowed_list", "/proc/self/status"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}
        for affinity, status, shown in (({"final": "0"}, 0, "Cpus_allowed_list:\t0\n"), ({"initial": "0"}, 0, "Cpus_allowed_list:\t0\n"),
                                        ({"final": "4000-"}, 255, ""), ({"final": "1023"}, 255, ""), ({"initial": "1023"}, 255, "")):
            (self.base / "process.json").write_text(json.dumps({**process, "execCPUAffinity": affinity}))
            done = self.oci("exec", "--process", self.base / "process.json", one, check=False)
            self.assertEqual((done.returncode, done.stdout), (status, shown), (affinity, done.stderr))
            self.assertEqual("execCPUAffinity" in done.stderr, status != 0, done.stderr)

    def test_what_has_no_effect_is_a_warning(self):
        self.configure("true", {"linux": {"resources": {"memory": {"kernel": 1 << 26}}},
                                "process": {"capabilities": {"bounding": ["CAP_NOSUCH"], "effective": [], "permitted": []}}})
        self.oci("--log", self.base / "log", "--log-format", "json", "run", "--bundle", self.bundle, self.id())
        warnings = [json.loads(line) for line in read(self.base / "log").splitlines()]
        self.assertEqual([(line["level"], line["msg"]) for line in warnings], [
            ("warning", "linux/resources/memory/kernel in config.json has no effect"),
            ("warning", "ignoring unknown capability CAP_NOSUCH in bounding")])

    def test_a_rootless_bundle_to_begin_with(self):
        (self.bundle / "config.json").unlink(missing_ok=True)
        self.oci("spec", "--rootless", "--bundle", self.bundle)
        config = json.loads(read(self.bundle / "config.json"))
        self.assertEqual((config["linux"]["uidMappings"], config["linux"].get("resources", {})),
                         ([{"containerID": 0, "hostID": os.geteuid(), "size": 1}], {}))
        self.assertEqual({ns["type"] for ns in config["linux"]["namespaces"]} & {"user", "network"}, {"user"})
        config["process"].update(args=["sh", "-c", "id -u; cat /proc/self/uid_map"], terminal=False)
        (self.bundle / "config.json").write_text(json.dumps(config))
        self.assertEqual(self.oci("run", "--bundle", self.bundle, self.id()).stdout.split(), ["0", "0", str(os.geteuid()), "1"])

    def test_features_have_the_keys_of_runc(self):
        features = json.loads(self.oci("features").stdout)
        self.assertEqual(list(features), ["ociVersionMin", "ociVersionMax", "hooks", "mountOptions", "linux", "annotations",
                                          "potentiallyUnsafeConfigAnnotations"])
        self.assertEqual(sorted(features["linux"]), ["apparmor", "capabilities", "cgroup", "intelRdt", "mountExtensions", "namespaces",
                                                     "seccomp", "selinux"])
        self.assertEqual(features["hooks"], ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"])
        self.assertEqual(sorted(features["linux"]["seccomp"]), ["actions", "archs", "enabled", "knownFlags", "operators", "supportedFlags"])

    def test_run_in_the_foreground(self):
        self.configure("cat; echo error >&2; exit 5", {"process": {"terminal": False}})
        with open("/etc/hostname") as hostname:
            done = self.oci("run", "--bundle", self.bundle, self.id(), check=False, stdin=hostname)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (5, read("/etc/hostname"), "error\n"))
        self.assertEqual(self.oci("list", "-q").stdout, "")

    def test_run_passes_signals_on(self):
        self.configure("trap 'echo ended; exit 9' TERM; echo ready; while :; do sleep 0.05; done")
        run = subprocess.Popen([BUILD / "stack-oci", "--root", self.state, "run", "--bundle", self.bundle, self.id()],
                               stdout=subprocess.PIPE, text=True)
        self.assertEqual(run.stdout.readline(), "ready\n")
        run.terminate()
        self.assertEqual((run.communicate(timeout=30)[0], run.returncode), ("ended\n", 9))

    def test_a_terminal_through_a_console_socket(self):
        self.configure("tty; stty size; read line; echo got $line", {"process": {"terminal": True, "consoleSize": {"height": 33, "width": 99}}})
        one = self.id()
        self.refused(1, "without setting console socket", "create", "--bundle", self.bundle, one)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.base / "console"))
        listener.listen()
        self.create(one, "--console-socket", self.base / "console")
        master = self.receive_descriptor(listener)
        self.oci("start", one)
        os.write(master, b"hello\n")
        output = self.read_terminal(master)
        # the terminal echoes at its own pace
        self.assertEqual(sorted(output.split()), sorted("/dev/pts/0 33 99 hello got hello".split()))
        wait_until(lambda: self.status(one) == "stopped", "the command has ended")
        self.oci("delete", one)

    def test_exec_with_a_terminal(self):
        self.configure()
        one = self.id()
        self.create(one)
        self.oci("start", one)
        self.assertIn("/dev/pts/0", self.oci("exec", "--tty", one, "tty").stdout)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.base / "console"))
        listener.listen()
        self.oci("exec", "--tty", "--detach", "--console-socket", self.base / "console", one, "sh", "-c", "test -t 0 && echo yes")
        self.assertEqual(self.read_terminal(self.receive_descriptor(listener)).strip(), "yes")

    def receive_descriptor(self, listener) -> int:
        connection, _ = listener.accept()
        fds = array.array("i")
        data, control, _, _ = connection.recvmsg(100, socket.CMSG_SPACE(4))
        self.assertEqual(data, b"/dev/ptmx")
        fds.frombytes(control[0][2])
        connection.close()
        listener.close()
        return fds[0]

    def read_terminal(self, master: int) -> str:
        output = b""
        try:
            while piece := os.read(master, 1000):
                output += piece
        except OSError:  # EIO: the last who had it open is gone
            pass
        os.close(master)
        return output.decode()

    def test_descriptors_are_kept_on_request_only(self):
        self.configure("readlink /proc/self/fd/3; readlink /proc/self/fd/4")
        with open(self.base / "kept", "w") as kept, open(self.base / "not", "w") as other:
            os.dup2(kept.fileno(), 100)
            script = f'exec 3>{self.base}/kept 4>{self.base}/not; exec "$@"'
            done = subprocess.run(["sh", "-c", script, "sh", BUILD / "stack-oci", "--root", self.state, "run", "--preserve-fds", "1", "--bundle",
                                   self.bundle, self.id()], capture_output=True, text=True, stdin=subprocess.DEVNULL)
            self.assertTrue(other)
        self.assertEqual(done.stdout, f"{self.base}/kept\n")

    def test_errors_go_to_the_log_file_as_json(self):
        self.refused(1, "container does not exist", "--log", self.base / "log", "--log-format", "json", "start", "nosuch")
        line = json.loads(read(self.base / "log"))
        self.assertEqual((line["level"], line["msg"]), ("error", "container does not exist"))

    def test_command_lines_that_are_wrong(self):
        self.configure()
        self.refused(1, "invalid container ID format", "create", "--bundle", self.bundle, "a/b")
        self.refused(1, "flag provided but not defined: -nosuch", "create", "--nosuch", "x")
        self.refused(1, 'unknown command "nosuch"', "nosuch")
        self.refused(1, "usage: stack-oci create", "create")
        for command in ("checkpoint", "restore"):
            self.refused(1, "checkpoints are not supported: they need CRIU", command, "--image-path", self.base, "x")
        self.refused(1, "--systemd-cgroup is not supported", "--systemd-cgroup", "create", "--bundle", self.bundle, "x")
        self.refused(1, f"JSON specification file {self.base}/config.json not found", "create", "--bundle", self.base, "x")
        self.configure(change={"linux": {"cgroupsPath": "machine.slice:x:y"}})
        self.refused(1, "for systemd", "create", "--bundle", self.bundle, "x")
        self.assertIn("stack-oci version", self.oci("--version").stdout)
        self.assertIn("ridmap", json.loads(self.oci("features").stdout)["mountOptions"])
        new = self.base / "new"
        new.mkdir()
        self.oci("spec", "--bundle", new)
        self.assertEqual(json.loads(read(new / "config.json"))["process"]["args"], ["sh"])
        self.refused(1, "File config.json exists", "spec", "--bundle", new)


class Hooks(OciCase):
    def hook(self, kind: str) -> dict:
        """Writes kind, its mount namespace's root and what came in."""
        return {"path": "/bin/sh", "args": ["sh", "-c", f"echo {kind} $(stat -Lc %i /proc/self/ns/pid) $(cat) >>{self.base}/hooks"],
                "env": ["PATH=/bin:/usr/bin"]}

    def test_order_namespaces_and_state(self):
        outside = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
        hooks = {kind: [self.hook(kind)] for kind in outside}
        hooks["startContainer"] = [{"path": "/bin/sh", "args": ["sh", "-c", "cat >/hooks/startContainer; cat /proc/1/comm >>/hooks/startContainer"],
                                    "env": ["PATH=/bin"]}]
        self.configure("echo command >>/hooks/command; exec sleep 1000", {"hooks": hooks},
                       [{"destination": "/hooks", "type": "bind", "source": str(self.base), "options": ["bind"]}])
        one = self.id()
        self.create(one)
        seen = lambda: [line.split(" ", 2) for line in read(self.base / "hooks").splitlines()]
        self.assertEqual([line[0] for line in seen()], ["prestart", "createRuntime", "createContainer"])
        self.assertFalse((self.base / "startContainer").exists())
        self.oci("start", one)
        self.assertTrue((self.base / "startContainer").exists())
        pid = json.loads(self.oci("state", one).stdout)["pid"]
        inside = str(os.stat(f"/proc/{pid}/ns/pid").st_ino)
        self.kill_and_wait(one)
        self.oci("delete", one)
        own = str(os.stat("/proc/self/ns/pid").st_ino)
        states = [(kind, where, json.loads(state)) for kind, where, state in seen()]
        self.assertEqual([(kind, where, state["status"], state["pid"]) for kind, where, state in states],
                         [("prestart", own, "creating", pid), ("createRuntime", own, "creating", pid), ("createContainer", inside, "creating", 1),
                          ("poststart", own, "running", pid), ("poststop", own, "stopped", 0)])
        self.assertTrue(all(state["id"] == one and state["bundle"] == str(self.bundle) for _, _, state in states))

    def test_a_hook_that_takes_too_long_ends_the_creation(self):
        self.configure(change={"hooks": {"prestart": [{"path": "/bin/sleep", "args": ["sleep", "100"], "timeout": 1}],
                                         "poststop": [self.hook("poststop")]}})
        self.refused(1, "error running prestart hook #0: hook ran past specified timeout", "create", "--bundle", self.bundle, self.id())
        self.assertTrue(read(self.base / "hooks").startswith("poststop"), "what began is taken down")


class Namespaces(OciCase):
    def test_of_another_container(self):
        self.configure(change={"linux": {"uidMappings": oci_bundle.IDS, "gidMappings": oci_bundle.IDS, "resources": {"devices": []}}},
                       namespaces=[{"type": "user"}])
        one, two = self.id("one"), self.id("two")
        self.create(one)
        self.oci("start", one)
        pid = json.loads(self.oci("state", one).stdout)["pid"]
        self.assertEqual(self.oci("exec", one, "sh", "-c", "id -u; cat /proc/self/uid_map").stdout.split(), ["0", "0", "100000", "65536"])
        shared = {"pid": "pid", "network": "net", "ipc": "ipc", "user": "user"}
        self.configure("ps -o pid,args; id -u", {"linux": {"resources": {"devices": []}, "namespaces": [
            {"type": "mount"}, {"type": "uts"}, *({"type": kind, "path": f"/proc/{pid}/ns/{name}"} for kind, name in shared.items())]}})
        done = self.oci("run", "--bundle", self.bundle, two)
        self.assertIn("sleep 1000", done.stdout)
        self.assertTrue(done.stdout.endswith("\n0\n"), done.stdout)

    def test_names_groups_and_clocks_of_another_container(self):
        self.configure(change={"hostname": "theirs", "linux": {"timeOffsets": {"boottime": {"secs": 7}}}}, namespaces=[{"type": "cgroup"}, {"type": "time"}])
        one, two = self.id("one"), self.id("two")
        self.create(one)
        self.oci("start", one)
        pid = json.loads(self.oci("state", one).stdout)["pid"]
        kinds = ("uts", "cgroup", "time")
        self.configure("hostname; for n in uts cgroup time; do readlink /proc/self/ns/$n; done; tail -1 /proc/self/timens_offsets", {
            "hostname": "", "linux": {"namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "mount")] +
                                      [{"type": kind, "path": f"/proc/{pid}/ns/{kind}"} for kind in kinds]}})
        lines = self.oci("run", "--bundle", self.bundle, two).stdout.splitlines()
        self.assertEqual(lines[:4], ["theirs"] + [os.readlink(f"/proc/{pid}/ns/{kind}") for kind in kinds])
        self.assertEqual(lines[4].split(), ["boottime", "7", "0"])

    def test_without_mounts_of_its_own(self):
        before = read("/proc/self/mounts")
        bundle = oci_bundle.without("mount", "exec sleep 1000", {**oci_bundle.WRITABLE, "linux": {"maskedPaths": [], "readonlyPaths": []}})
        (self.bundle / "config.json").write_text(json.dumps(bundle))
        one = self.id()
        self.create(one)
        self.oci("start", one)
        self.assertIn(f"{self.bundle}/rootfs/proc", read("/proc/self/mounts"), "the host's mounts are the container's")
        self.assertEqual(self.oci("exec", one, "sh", "-c", "pwd; ls -d /to-tmp; readlink /proc/self/root").stdout, "/\n/to-tmp\n/\n")
        self.oci("delete", "--force", one)
        self.assertEqual(read("/proc/self/mounts"), before)

        bundle["process"]["args"] = ["nosuch"]
        (self.bundle / "config.json").write_text(json.dumps(bundle))
        self.refused(1, "executable file not found", "run", "--bundle", self.bundle, self.id("two"))
        self.assertEqual(read("/proc/self/mounts"), before, "also when it could not be made")

    def test_in_the_mount_namespace_of_another_process(self):
        other = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo; exec sleep 1000"], stdout=subprocess.PIPE)
        self.addCleanup(lambda: (other.kill(), other.wait(), other.stdout.close()))
        other.stdout.readline()
        before = read("/proc/self/mounts")
        self.configure("exec sleep 1000", {**oci_bundle.WRITABLE, "linux": {"maskedPaths": [], "readonlyPaths": [], "namespaces": [
            {"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount", "path": f"/proc/{other.pid}/ns/mnt"}]}})
        one = self.id()
        self.create(one)
        self.oci("start", one)
        self.assertIn(f"{self.bundle}/rootfs/proc", read(f"/proc/{other.pid}/mounts"))
        self.assertEqual(read("/proc/self/mounts"), before)
        self.assertEqual(self.oci("exec", one, "ls", "-d", "/to-tmp").stdout, "/to-tmp\n")
        self.oci("delete", "--force", one)

    def test_a_network_namespace_by_name(self):
        name = f"oci-test-{os.getpid()}"
        subprocess.run(["ip", "netns", "add", name], check=True)
        self.addCleanup(subprocess.run, ["ip", "netns", "delete", name])
        subprocess.run(["ip", "-n", name, "link", "add", "special0", "type", "bridge"], check=True)
        namespaces = [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")] + [{"type": "network", "path": f"/run/netns/{name}"}]
        self.configure("ls /sys/class/net", {"linux": {"namespaces": namespaces}})
        self.assertIn("special0", self.oci("run", "--bundle", self.bundle, self.id()).stdout)


class Compared(OciCase):
    """With runc and crun, whose outcomes are recorded."""

    def setUp(self):
        super().setUp()
        self.runc, self.crun = (json.loads((oci_cases.GOLDEN / f"{name}.json").read_text()) for name in ("runc", "crun"))

    def skip_elsewhere(self, name: str):
        if name in oci_cases.OF_THE_KERNEL and platform.release() != self.runc["kernel"]:
            self.skipTest("another kernel than the one recorded with")
        if name in oci_cases.V1_CASES and not os.path.exists("/sys/fs/cgroup/memory"):
            self.skipTest("no first version of cgroups")

    def test_every_case_ends_as_recorded(self):
        for recorded in (self.runc, self.crun):
            self.assertEqual(list(recorded["outcomes"]), list(oci_cases.ALL), "record anew: see oci_cases.py")
        for name in oci_cases.ALL:
            with self.subTest(case=name):
                self.skip_elsewhere(name)
                expected = self.runc["outcomes"][name]
                if name in oci_cases.DIFFERENCES:
                    own, why = oci_cases.DIFFERENCES[name]
                    own = own or self.crun["outcomes"][name]
                    self.assertNotEqual(own, expected, f"no difference any more: {why}")
                    expected = own
                outcome = oci_cases.outcome([str(BUILD / "stack-oci")], self.bundle, name)
                shown = ["status", "output", "mounts left"] + ["error"] * (name in oci_cases.SAID_ALIKE)
                self.assertEqual({key: outcome.get(key) for key in shown}, {key: expected.get(key) for key in shown}, outcome["said"])
                self.assertEqual(outcome["groups left"], [])


if __name__ == "__main__":
    unittest.main()
