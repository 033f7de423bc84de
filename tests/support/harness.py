"""What the scenario tests share: a data root of their own, the real programs, and the proof that nothing is left behind.

A scenario runs in a network namespace of its own (run-scenario), so links, nft tables and ports are all its own; mounts, cgroups
and processes are told apart by the data root.
"""
import fcntl
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("STACK_BUILD_DIR", SOURCE / "build/release"))
STACK = BUILD / "stack"
DEADLINE = 60  # seconds that a wait for a condition may take before the test fails


def read(path) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def wait_until(condition, what: str, seconds: float = DEADLINE):
    """Waits until condition() is true and returns its value; fails naming `what`. Only for what offers no event to wait on."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def listens(path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def sanitized() -> bool:
    """Whether the programs are built with a sanitizer: their memory then says nothing."""
    return re.search(r"^STACK_SANITIZER:\w+=\w", read(BUILD / "CMakeCache.txt"), re.M) is not None


def need_kernel(feature: str, present: bool):
    """Skips when the kernel lacks a feature; the probe is the caller's, so a skip is honest under CI too."""
    if not present:
        raise unittest.SkipTest(f"the kernel has no {feature}")


class UnixHttp(http.client.HTTPConnection):
    def __init__(self, path: str, timeout=DEADLINE):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def rootfs(script: str) -> pathlib.Path:
    """The tar that tests/support/SCRIPT writes, made once for a build directory."""
    archive = BUILD / f"{script}.tar"
    with open(BUILD / f"{script}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            temporary = archive.with_suffix(".new")
            with open(temporary, "wb") as out:
                subprocess.run([str(SOURCE / "tests/support" / script)], stdout=out, check=True, timeout=10 * DEADLINE)
            temporary.rename(archive)
    return archive


class StackCase(unittest.TestCase):
    """One data root per test method; `self.stack(...)` runs the program in the project folder `self.dir`."""

    maxDiff = None
    shared_base = None  # of SharedRootCase
    run_root_stays = False  # for tests that keep an engine from clearing up behind itself

    def setUp(self):
        self.base = self.shared_base or pathlib.Path(tempfile.mkdtemp(prefix="stack-test-", dir="/var/tmp"))
        self.root = self.base / "root"
        self.dir = self.base / "project"
        self.dir.mkdir()
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("COMPOSE_", "DOCKER_", "STACK_"))}
        self.env.update(STACK_ROOT=str(self.root), HOME=str(self.base), NO_COLOR="1")
        self.before = self.leftovers(everything=True)
        self.addCleanup(self.finish)

    # --- running the program ---

    def stack(self, *args, check=True, input=None, env=None, cwd=None, timeout=DEADLINE):
        """Runs `stack ARGS`; returns the CompletedProcess with text output. check: fail unless the exit status is 0."""
        done = subprocess.run([str(STACK), *map(str, args)], input=input, cwd=cwd or self.dir, env={**self.env, **(env or {})},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                              text=not isinstance(input, bytes))
        if check:
            self.assertEqual(done.returncode, 0, f"stack {' '.join(map(str, args))}\n{done.stdout}\n{done.stderr}")
        return done

    def start(self, *args, **kwargs):
        """Starts `stack ARGS` in the background with its output on pipes; ended at the test's end."""
        process = subprocess.Popen([str(STACK), *map(str, args)], cwd=self.dir, env={**self.env, **kwargs.pop("env", {})},
                                   stdin=kwargs.pop("stdin", subprocess.DEVNULL), stdout=kwargs.pop("stdout", subprocess.PIPE),
                                   stderr=kwargs.pop("stderr", subprocess.PIPE), text=True, **kwargs)

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()

        self.addCleanup(end)
        return process

    def start_engine(self, *args) -> pathlib.Path:
        """An engine in the foreground, which does not end when it is idle; returns its socket once it listens, an engine on demand
        before it having ended."""
        # finish() ends it: killed before, the monitors of what still runs would start another one at that very moment
        process = subprocess.Popen([str(STACK), "engine", "--root", str(self.root), *args], cwd=self.dir, env=self.env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        type(self).addClassCleanup(process.wait)
        socket_path = self.run_root / "engine.sock"
        wait_until(lambda: self.engine_pids() == [process.pid] and listens(socket_path), "the engine listens")
        return socket_path

    def write(self, files: dict):
        """Writes files below the project folder."""
        for name, text in files.items():
            path = self.dir / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def compose(self, text: str, **files):
        self.write({"compose.yaml": text, **files})

    def import_busybox(self, name="local/busybox"):
        self.stack("image", "import", rootfs("busybox-rootfs"), name)

    def import_debian(self, name="local/debian:12"):
        self.stack("image", "import", rootfs("debian-base"), name, timeout=5 * DEADLINE)

    # --- looking at the engine ---

    @property
    def run_root(self) -> pathlib.Path:
        paths = self.stack("engine", "--print-paths").stdout
        return pathlib.Path(dict(line.split("=", 1) for line in paths.splitlines())["run_root"])

    def api(self, method: str, path: str, body=None):
        """One request to the engine's socket: (status, decoded JSON or text)."""
        connection = UnixHttp(str(self.run_root / "engine.sock"))
        connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def inspect(self, name: str) -> dict:
        return json.loads(self.stack("container", "inspect", name).stdout)[0]

    def containers(self, *args) -> list:
        """`stack ps -a --format json`, decoded."""
        return [json.loads(line) for line in self.stack("ps", "-a", "--format", "json", *args).stdout.splitlines()]

    def processes(self) -> dict:
        """pid -> argv of every process that belongs to this data root."""
        found = {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            argv = read(f"/proc/{entry}/cmdline").split("\0")[:-1]
            if any(str(self.base) in word for word in argv) or (argv[:1] == ["stack-shim"] and self.has_open(entry)):
                found[int(entry)] = argv
        return found

    def has_open(self, pid) -> bool:
        """A monitor's argv does not say whose it is; its descriptors do."""
        try:
            return any(str(self.base) in os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            return False

    def engine_pids(self) -> list:
        return [pid for pid, argv in self.processes().items() if argv[1:2] == ["engine"]]

    def kill_engine(self):
        """SIGKILL, by pid; returns when the process is gone."""
        for pid in self.engine_pids():
            handle = os.pidfd_open(pid)
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not read(f"/proc/{pid}/cmdline"), "the killed engine is gone")
            os.close(handle)

    # --- nothing is left behind ---

    def leftovers(self, everything=False) -> dict:
        """Counts of what the engine makes on the host. everything: also what lives in this network namespace."""
        instance_words = [str(self.base)]
        cgroups = []
        if self.root.exists():
            instance = dict(line.split("=", 1) for line in self.stack("engine", "--print-paths").stdout.splitlines())["instance"]
            for folder, names, _ in os.walk("/sys/fs/cgroup"):
                cgroups += [os.path.join(folder, name) for name in names if instance in name]
                if folder.count("/") > 6:
                    names.clear()
        return {
            "mounts": [line.split()[4] for line in read("/proc/self/mountinfo").splitlines()
                       if any(word in line for word in instance_words)],
            "cgroups": sorted(cgroups),
            "links": sorted(line.split(":")[1].strip() for line in
                            subprocess.run(["ip", "-o", "link"], capture_output=True, text=True).stdout.splitlines()),
            "nft": subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True).stdout,
            "processes": self.processes() if everything else {},
        }

    def finish(self):
        """Takes everything down and checks that the host is as it was; whatever is left is removed all the same."""
        run_root = self.run_root
        try:
            for name in self.all_container_names():
                self.api("DELETE", f"/containers/{name}?force=1&v=1")
            for network in self.api_list("/networks"):
                if network["Name"] not in ("bridge", "host", "none"):
                    self.api("DELETE", f"/networks/{network['Id']}")
            after = self.leftovers()
            running = bool(self.engine_pids())
            self.stop_engine()
            self.assertEqual({**self.before, "processes": {}}, {**after, "processes": {}}, "left behind after down")
            # a released monitor may still be letting go of its mount
            wait_until(lambda: not self.processes(), "no process is left")
            self.assertFalse(running and not self.run_root_stays and run_root.exists(), f"{run_root} went with the engine")
        finally:
            self.end_processes()
            shutil.rmtree(run_root, ignore_errors=True)
            shutil.rmtree(self.base / "project" if self.shared_base else self.base, ignore_errors=True)

    def end_processes(self):
        """SIGKILL for what a failed test leaves: stopped first, so that no monitor starts another engine."""
        left = list(self.processes())
        for pid in left:
            left += [int(child) for child in read(f"/proc/{pid}/task/{pid}/children").split()]
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in left:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass

    def stop_engine(self):
        for pid in self.engine_pids():
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not read(f"/proc/{pid}/cmdline"), "the engine ended after SIGTERM")

    def api_list(self, path):
        if not self.engine_pids():
            return []
        try:
            status, items = self.api("GET", path)
        except (FileNotFoundError, ConnectionError):  # ended at this moment, having nothing to do
            return []
        return items if status == 200 else []

    def all_container_names(self) -> list:
        return [item["Id"] for item in self.api_list("/containers/json?all=1")]


class SharedRootCase(StackCase):
    """All test methods of the class use one data root, so that what is expensive to build is built once."""

    @classmethod
    def setUpClass(cls):
        cls.shared_base = pathlib.Path(tempfile.mkdtemp(prefix="stack-test-", dir="/var/tmp"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.shared_base, ignore_errors=True)
