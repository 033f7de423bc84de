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
        last.wait_for("/ # ")  # the prompt is drawn again
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

    def test_inspect_finds_whatever_has_the_name(self):
        self.stack("network", "create", "net")
        self.stack("volume", "create", "vol")
        self.container("create", "--name", "one", IMAGE, "true")
        self.assertEqual(self.stack("inspect", "-f", "{{.Name}}", "one", "net", "vol").stdout, "/one\nnet\nvol\n")
        self.assertEqual(self.stack("inspect", "--type", "image", "-f", "{{.Os}}", IMAGE).stdout, "linux\n")
        partly = self.stack("inspect", "-f", "{{.Name}}", "one", "nosuch", check=False)
        self.assertEqual((partly.returncode, partly.stdout, partly.stderr), (1, "/one\n", "No such object: nosuch\n"))
        wrong = self.stack("inspect", "--type", "image", "one", check=False)
        self.assertEqual((wrong.returncode, wrong.stdout), (1, "[]\n"))
        self.assertIn("not a valid value for --type", self.stack("inspect", "--type", "pod", "one", check=False).stderr)

    def test_words_that_mean_a_projects_services_tell_where_dockers_are(self):
        for words, meant in ((("run", "alpine"), "stack container run"), (("logs", "web"), "stack container logs"),
                             (("run", "--network", "host", "alpine"), "stack container run"), (("ps", "--size"), "stack container ls")):
            refused = self.stack(*words, check=False)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn(f'"{meant}"', refused.stderr)
        self.compose(f"services: {{web: {{image: {IMAGE}}}}}")
        self.assertIn('no such service: alpine\n"stack run" is about', self.stack("run", "alpine", check=False).stderr)
        self.assertEqual(self.stack("rmi", "nosuch", check=False).returncode, 1)
        self.assertIn('"stack up"', self.stack("compose", "up", check=False).stderr)
        self.assertIn("config.json", self.stack("login", check=False).stderr)

    def test_images_are_asked_for_by_platform(self):
        here = "linux/" + self.stack("image", "inspect", "-f", "{{.Architecture}}", IMAGE).stdout.strip()
        other = "linux/s390x"
        self.assertEqual(self.stack("image", "inspect", "--platform", here, "-f", "{{.Os}}", IMAGE).stdout, "linux\n")
        self.stack("image", "history", "--platform", here, IMAGE)
        self.stack("image", "save", "--platform", here, "-o", "images.tar", IMAGE)
        self.assertIn("Loaded image: ", self.stack("image", "load", "--platform", here, "-i", "images.tar").stdout)
        for words in (("inspect", IMAGE), ("history", IMAGE), ("save", "-o", "other.tar", IMAGE), ("rm", IMAGE)):
            refused = self.stack("image", words[0], "--platform", other, *words[1:], check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("does not match the specified platform (linux/s390x)", refused.stderr)
        self.assertIn("no image for linux/s390x", self.stack("image", "load", "--platform", other, "-i", "images.tar", check=False).stderr)
        self.assertIn("invalid platform", self.stack("image", "history", "--platform", "a/b/c/d", IMAGE, check=False).stderr)
        self.assertFalse((self.dir / "other.tar").exists())
        self.stack("image", "rm", "--platform", here, IMAGE)

    def test_all_tags_of_a_repository(self):
        registry = Registry(self, self.base / "registry")
        for tag in ("1", "2", "latest"):
            registry.put_image("app", tag, [rootfs("busybox-rootfs").read_bytes()])
        name = f"{registry.host}/app"
        pulled = self.stack("image", "pull", "--all-tags", name).stdout
        self.assertTrue(pulled.endswith(f"\n{name}\n"), pulled)
        self.assertEqual(sorted(self.stack("image", "ls", "--format", "{{.Tag}}", name).stdout.split()), ["1", "2", "latest"])
        self.assertIn("tag can't be used", self.stack("image", "pull", "-a", f"{name}:1", check=False).stderr)
        self.assertNotEqual(self.stack("image", "pull", "-a", f"{registry.host}/nosuch", check=False).returncode, 0)

    def test_an_image_is_listed_by_the_names_that_match(self):
        self.stack("image", "tag", IMAGE, "other/name:1")
        self.assertEqual(self.stack("image", "ls", "--format", "{{.Repository}}", "other/*").stdout, "other/name\n")
        self.container("create", "--name", "one", IMAGE, "true")
        tree = self.stack("image", "ls", "--tree").stdout
        self.assertRegex(tree, r"(?m)^local/busybox:latest *\nother/name:1 +[0-9a-f]{12} +[\d.]+MB +U$")
        self.assertIn("look of its own", self.stack("image", "ls", "--tree", "-q", check=False).stderr)

    def test_volumes_with_options_are_not_pruned(self):
        self.stack("volume", "create", "plain")
        self.stack("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "special")
        self.stack("volume", "prune", "-a", "-f")
        self.assertEqual(self.stack("volume", "ls", "-q").stdout, "special\n")

    def test_links_are_names_in_a_network_of_ones_own(self):
        self.stack("network", "create", "net")
        self.container("run", "-d", "--init", "--name", "server", "--network", "net", IMAGE, "sleep", "600")
        looked = self.container("run", "--rm", "--network", "net", "--link", "server:alias", IMAGE, "nslookup", "alias").stdout
        address = self.container("inspect", "-f", "{{.NetworkSettings.Networks.net.IPAddress}}", "server").stdout.strip()
        self.assertIn(f"Address: {address}\n", looked)
        self.container("rm", "-f", "server")

    # --- what docker's config.json says ---

    def test_the_looks_and_keys_of_dockers_config(self):
        folder = self.base / "docker"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({
            "psFormat": "ps {{.Names}}", "imagesFormat": "image {{.Repository}}", "networksFormat": "net {{.Name}}",
            "volumesFormat": "vol {{.Name}}", "statsFormat": "stats {{.Name}}", "detachKeys": "ctrl-x,q"}))
        self.env["DOCKER_CONFIG"] = str(folder)
        self.stack("volume", "create", "data")
        self.container("run", "-dit", "--name", "shell", IMAGE, "sh")
        self.assertEqual(self.container("ls").stdout, "ps shell\n")
        self.assertEqual(self.container("ls", "--format", "{{.State}}").stdout, "running\n")
        self.assertRegex(self.container("ls", "-q").stdout, "^[0-9a-f]{12}\n$")
        self.assertEqual(self.stack("image", "ls").stdout, f"image {IMAGE.split(':')[0]}\n")
        self.assertIn("net bridge\n", self.stack("network", "ls").stdout)
        self.assertEqual(self.stack("volume", "ls").stdout, "vol data\n")
        self.assertEqual(self.container("stats", "--no-stream").stdout, "stats shell\n")
        joined = OnATerminal(self, "container", "attach", "shell")
        joined.type("\x10\x11\x15echo jo''ined\r")  # docker's own keys are the shell's now
        joined.wait_for("joined")
        joined.type("\x18q")
        self.assertEqual(joined.exit_status(), 1)
        self.assertIn("read escape sequence", joined.seen)
        self.container("rm", "-f", "shell")
        (folder / "config.json").write_text('{"proxies": {"default": {"httpProxy": "http://proxy:3128", "noProxy": "localhost"}}}')
        shown = self.container("run", "--rm", "-e", "no_proxy=mine", IMAGE, "sh", "-c", "env | grep -i _proxy | sort").stdout
        self.assertEqual(shown, "HTTP_PROXY=http://proxy:3128\nNO_PROXY=localhost\nhttp_proxy=http://proxy:3128\nno_proxy=mine\n")
        (folder / "config.json").write_text('{"psFormat": 1}')
        self.assertIn("config.json.psFormat", self.container("ls", check=False).stderr)

    def test_a_copy_is_told_on_a_terminal(self):
        self.container("create", "--name", "box", IMAGE, "true")
        self.write({"file": "x" * 1000})
        copying = OnATerminal(self, "container", "cp", "file", "box:/tmp/")
        copying.wait_for(r"Successfully copied 2\.56kB to box:/tmp/")
        self.assertEqual(copying.exit_status(), 0)
        back = OnATerminal(self, "container", "cp", "box:/tmp/file", "back")
        back.wait_for(rf"Successfully copied \S+ to {self.dir}/back")
        self.assertEqual(back.exit_status(), 0)
        self.assertEqual(self.container("cp", "file", "box:/tmp/").stderr, "", "not where nobody looks")


if __name__ == "__main__":
    unittest.main()
