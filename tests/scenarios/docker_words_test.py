"""What a tutorial for docker does, with `stack container`, `stack image` and the like in docker's place. Outputs that can be
compared word for word are in golden_commands_test.py."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from harness import DEADLINE, STACK, StackCase, rootfs, wait_until
from registry import Registry

IMAGE = "local/busybox"


class OnATerminal:
    """`stack ARGS` with a terminal of 24 by 80."""

    def __init__(self, case, *args):
        self.fd, theirs = pty.openpty()
        self.resize(24, 80)
        self.process = subprocess.Popen([str(STACK), *args], cwd=case.dir, env=case.env, stdin=theirs, stdout=theirs, stderr=theirs,
                                        start_new_session=True)
        os.close(theirs)
        self.seen = ""
        case.addCleanup(self.end)

    def resize(self, rows: int, columns: int):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str):
        os.write(self.fd, text.encode())

    def read(self) -> bool:
        """Takes what there is; false when the terminal was left."""
        if not select.select([self.fd], [], [], 0.1)[0]:
            return True
        try:
            self.seen += os.read(self.fd, 65536).decode(errors="replace")
            return True
        except OSError:  # EIO: nobody has it open any more
            return False

    def wait_for(self, pattern: str):
        end = time.monotonic() + DEADLINE
        while not re.search(pattern, self.seen):
            if not self.read() or time.monotonic() > end:
                raise AssertionError(f"{pattern!r} is not in {self.seen!r}")

    def exit_status(self) -> int:
        end = time.monotonic() + DEADLINE
        while self.read() and self.process.poll() is None and time.monotonic() < end:
            pass
        return self.process.wait(DEADLINE)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.fd)


class DockerWords(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()

    def container(self, *args, **kwargs):
        return self.stack("container", *args, **kwargs)

    def state(self, name: str, field="Status"):
        return self.container("inspect", "-f", f"{{{{.State.{field}}}}}", name).stdout.strip()

    # --- terminals ---

    def test_a_shell_on_a_terminal_is_left_by_ctrl_p_ctrl_q_and_joined_again(self):
        shell = OnATerminal(self, "container", "run", "-it", "--name", "shell", IMAGE, "sh")
        shell.wait_for("/ # ")
        shell.type("stty size; echo si''ze\r")
        shell.wait_for(r"24 80\s+size")
        shell.resize(30, 100)
        os.killpg(shell.process.pid, signal.SIGWINCH)
        wait_until(lambda: self.container("exec", "shell", "stty", "-F", "/dev/pts/0", "size").stdout == "30 100\n", "the new size")
        shell.type("\x10\x11")
        self.assertEqual(shell.exit_status(), 0)
        self.assertEqual(self.state("shell"), "running")
        joined = OnATerminal(self, "container", "attach", "--detach-keys", "ctrl-a,x", "shell")
        joined.type("\x10\x11\x15echo jo''ined\r")  # other keys than those are the shell's
        joined.wait_for("joined")
        joined.type("\x01x")
        self.assertEqual(joined.exit_status(), 1)
        self.assertIn("read escape sequence", joined.seen)
        last = OnATerminal(self, "container", "attach", "shell")
        last.type("exit 5\r")
        self.assertEqual(last.exit_status(), 5)
        again = OnATerminal(self, "container", "start", "-ai", "shell")
        again.type("exit 6\r")
        self.assertEqual(again.exit_status(), 6)
        self.container("rm", "shell")

    def test_exec_on_a_terminal_is_left_by_the_same_keys(self):
        self.container("run", "-d", "--name", "web", IMAGE, "sleep", "600")
        shell = OnATerminal(self, "container", "exec", "-it", "web", "sh")
        shell.wait_for("/ # ")
        shell.type("tty\r")
        shell.wait_for("/dev/pts/")
        shell.type("\x10\x11")
        self.assertEqual(shell.exit_status(), 1)
        self.container("rm", "-f", "web")

    def test_compose_attach_is_left_by_the_same_keys(self):
        self.compose(f"services: {{a: {{image: {IMAGE}, command: sh, tty: true, stdin_open: true}}}}")
        self.stack("up", "-d")
        joined = OnATerminal(self, "attach", "a")
        joined.type("echo jo''ined\r")
        joined.wait_for("joined")
        joined.type("\x10\x11")
        self.assertEqual(joined.exit_status(), 0)
        self.assertEqual(self.containers()[0]["State"], "running")
        self.stack("down", "-t", "0")

    # --- run ---

    def test_a_container_that_has_just_ended_is_started_and_joined(self):
        self.stack("container", "create", "--name", "short", IMAGE, "echo", "hello")
        for _ in range(12):  # the run before is anywhere between its end and its record
            self.stack("container", "start", "short")
            self.assertIn(self.stack("container", "start", "-a", "short").stdout, ("hello\n", ""))  # "": it had said it already

    def test_run_sends_input_and_passes_signals_on(self):
        counted = self.container("run", "-i", "--rm", IMAGE, "wc", "-c", input="12345")
        self.assertEqual(counted.stdout, "5\n")
        waiting = self.start("container", "run", "--rm", "--name", "one", IMAGE, "sh", "-c", "trap 'exit 9' INT; echo ready; sleep 600 & wait")
        self.assertEqual(waiting.stdout.readline(), "ready\n")
        waiting.send_signal(signal.SIGINT)
        self.assertEqual(waiting.wait(DEADLINE), 9)

    def test_run_writes_the_id_once(self):
        first = self.container("run", "-d", "--rm", "--cidfile", "id", IMAGE, "sleep", "600").stdout.strip()
        self.assertEqual((self.dir / "id").read_text(), first)
        second = self.container("run", "--cidfile", "id", IMAGE, "true", check=False)
        self.assertEqual(second.returncode, 125)
        self.assertIn("container ID file found", second.stderr)
        self.container("rm", "-f", first)
        self.container("run", "--rm", "--cidfile", "other", IMAGE, "nosuch-program", check=False)
        failed = self.container("run", "--cidfile", "third", "--name", "-bad-", IMAGE, "true", check=False)
        self.assertEqual(failed.returncode, 125)
        self.assertFalse((self.dir / "third").exists())

    def test_run_pulls_what_is_not_here(self):
        registry = Registry(self, self.base / "registry")
        registry.put_image("app", "1", [rootfs("busybox-rootfs").read_bytes()])
        name = f"{registry.host}/app:1"
        ran = self.container("run", "--rm", name, "echo", "pulled")
        self.assertEqual(ran.stdout, "pulled\n")
        self.assertIn(f"Unable to find image '{name}' locally", ran.stderr)
        self.assertIn("Status: Downloaded newer image for", ran.stderr)
        self.assertEqual(self.container("run", "--rm", name, "echo", "again").stderr, "")
        self.stack("image", "rm", name)
        self.assertEqual(self.container("run", "--rm", "--quiet", name, "true").stderr, "")
        missing = self.container("run", "--rm", f"{registry.host}/nosuch:1", "true", check=False)
        self.assertEqual(missing.returncode, 125)

    def test_gpus_are_refused_clearly(self):
        refused = self.container("run", "--rm", "--gpus", "all", IMAGE, "true", check=False)
        self.assertEqual(refused.returncode, 125)
        self.assertRegex(refused.stderr, "(?i)gpu|device")

    # --- looking ---

    def test_copies_go_both_ways(self):
        self.container("run", "-d", "--name", "web", IMAGE, "sleep", "600")
        self.write({"in.txt": "hello\n"})
        self.container("cp", "in.txt", "web:/tmp/")
        self.container("cp", "web:/tmp/in.txt", "out.txt")
        self.assertEqual((self.dir / "out.txt").read_text(), "hello\n")
        self.assertIn("hello", self.container("cp", "web:/tmp/in.txt", "-").stdout)
        wrong = self.container("cp", "a", "b", check=False)
        self.assertIn("CONTAINER:PATH", wrong.stderr)
        self.container("rm", "-f", "web")

    def test_logs_follow_and_keep_the_streams_apart(self):
        self.container("run", "-d", "--name", "one", IMAGE, "sh", "-c", "echo one; echo two >&2; read _; echo three")
        wait_until(lambda: self.state("one") == "exited", "it has ended")
        logs = self.container("logs", "one")
        self.assertEqual((logs.stdout, logs.stderr), ("one\nthree\n", "two\n"))
        stamp = r"\d{4}-\d\d-\d\dT[\d:.]+Z"
        self.assertRegex(self.container("logs", "-t", "one").stdout, f"^{stamp} one\n{stamp} three\n$")
        self.assertEqual(self.container("logs", "-n", "0", "one").stdout, "")
        self.container("rm", "one")

    def test_stats_and_top(self):
        self.container("run", "-d", "--name", "one", IMAGE, "sleep", "600")
        rows = [json.loads(line) for line in self.container("stats", "--no-stream", "--format", "json", "one").stdout.splitlines()]
        self.assertEqual([(row["Name"], row["Container"], row["PIDs"]) for row in rows], [("one", "one", "1")])
        table = self.container("stats", "--no-stream").stdout.splitlines()
        self.assertTrue(table[0].startswith("CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT"), table)
        self.assertEqual(self.container("stats", "--no-stream", "nosuch", check=False).returncode, 1)
        top = self.container("top", "one").stdout.splitlines()
        self.assertEqual(top[0].split()[:3], ["UID", "PID", "PPID"])
        self.assertIn("sleep 600", top[1])
        self.container("rm", "-f", "one")

    def test_events_as_lines_json_and_templates(self):
        self.container("run", "--rm", "--name", "one", IMAGE, "true")
        lines = self.stack("system", "events", "--since", "5m", "--until", "0s", "--filter", "type=container").stdout.splitlines()
        self.assertRegex(lines[0], r"^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d) container create [0-9a-f]{64} \(image=.*name=one\)$")
        shown = self.stack("system", "events", "--since", "5m", "--until", "0s", "--filter", "type=container", "--format",
                           "{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.nosuch}}").stdout.splitlines()
        self.assertEqual(shown[0], "container create one <no value>")
        self.assertEqual(len(shown), len(lines))
        objects = self.stack("system", "events", "--since", "5m", "--until", "0s", "--format", "json").stdout.splitlines()
        self.assertEqual(json.loads(objects[-1])["Type"], "container")

    def test_info_and_inspect_of_everything(self):
        self.assertEqual(self.stack("system", "info", "--format", "{{.OSType}} {{.NCPU}}").stdout, f"linux {os.cpu_count()}\n")
        self.assertIn(" Storage Driver: ", self.stack("system", "info").stdout)
        self.assertEqual(json.loads(self.stack("image", "inspect", IMAGE).stdout)[0]["Os"], "linux")
        wrong = self.stack("image", "inspect", "-f", "{{.Os", IMAGE, check=False)
        self.assertEqual((wrong.returncode, wrong.stderr), (1, "template:1:6: unclosed action\n"))

    def test_build_from_a_directory_a_dockerfile_and_an_archive(self):
        self.write({"Dockerfile": f"FROM {IMAGE}\nARG WHAT=none\nCOPY file /file\nRUN echo $WHAT > /what\n", "file": "content\n"})
        self.stack("image", "build", "-t", "local/built:1", "--build-arg", "WHAT=it", "--label", "a=1", ".")
        self.assertEqual(self.container("run", "--rm", "local/built:1", "cat", "/file", "/what").stdout, "content\nit\n")
        self.assertEqual(self.stack("image", "inspect", "-f", "{{.Config.Labels}}", "local/built:1").stdout, "map[a:1]\n")
        quiet = self.stack("image", "build", "-q", "--iidfile", "id", "-", input=f"FROM {IMAGE}\nENV X=1\n").stdout
        self.assertRegex(quiet, "^sha256:[0-9a-f]{64}\n$")
        self.assertEqual((self.dir / "id").read_text(), quiet.strip())
        archive = subprocess.run(["tar", "-C", str(self.dir), "-c", "Dockerfile", "file"], stdout=subprocess.PIPE, check=True).stdout
        self.stack("image", "build", "-t", "local/built:2", "-", input=archive)
        self.assertEqual(self.container("run", "--rm", "local/built:2", "cat", "/what").stdout, "none\n")

    def test_import_save_load(self):
        imported = self.stack("image", "import", "-m", "mine", rootfs("busybox-rootfs"), "local/one:1").stdout
        self.assertRegex(imported, "^sha256:[0-9a-f]{64}\n$")
        self.stack("image", "save", "-o", "images.tar", "local/one:1")
        self.stack("image", "rm", "local/one:1")
        self.assertIn("Loaded image: local/one:1", self.stack("image", "load", "-i", "images.tar").stdout)


if __name__ == "__main__":
    unittest.main()
