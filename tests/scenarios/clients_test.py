"""The clients that people have, against our engine: the docker command, docker-py, dockerode, Testcontainers. Every row is an operation
with its asserted result (tests/clients for the last three)."""
import os
import pty
import re
import select
import subprocess
import time
import unittest

import clients
from harness import DEADLINE, SOURCE, StackCase, wait_until

IMAGE = "local/busybox:latest"
CONTEXT = {"Dockerfile": f"FROM {IMAGE}\nCOPY hello /hello\nRUN touch /made\nCMD [\"cat\", \"/hello\"]\n", "hello": "hello from the context\n"}


class Clients(StackCase):
    def setUp(self):
        super().setUp()
        self.socket = self.start_engine()
        self.import_busybox(IMAGE)
        self.write(CONTEXT)
        self.client_env = {**self.env, "DOCKER_HOST": f"unix://{self.socket}", "IMAGE": IMAGE, "BUILD": str(self.dir)}

    def rows(self, command, **env):
        """Runs a script of tests/clients; every row it knows must have been ok."""
        done = subprocess.run(command, env={**self.client_env, **env}, cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, timeout=2 * DEADLINE)
        self.assertEqual(done.returncode, 0, done.stdout)
        ok = [line for line in done.stdout.splitlines() if line.startswith("ok ")]
        self.assertRegex(done.stdout, rf"(?m)^{len(ok)} rows, 0 failed$")
        return ok

    def test_docker_py(self):
        python = clients.debian_python()
        if subprocess.run([python, "-c", "import docker"], stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("Debian's python3-docker is not installed")
        self.assertGreaterEqual(len(self.rows([python, str(SOURCE / "tests/clients/docker_py.py")])), 20)

    def node(self, script, **env):
        modules = clients.node_modules()
        return self.rows(["node", str(SOURCE / "tests/clients" / script)], NODE_PATH=str(modules), **env)

    def test_dockerode(self):
        subprocess.run("mkdir in && echo 'hello from the archive' >in/hello && tar -C in -cf archive.tar hello && tar -cf context.tar Dockerfile hello",
                       shell=True, cwd=self.dir, check=True)
        ok = self.node("dockerode.js", ARCHIVE=str(self.dir / "archive.tar"), CONTEXT=str(self.dir / "context.tar"))
        self.assertGreaterEqual(len(ok), 30)

    def test_testcontainers(self):
        ok = self.node("testcontainers.js", TESTCONTAINERS_RYUK_DISABLED="true", TESTCONTAINERS_HOST_OVERRIDE="127.0.0.1")
        self.assertGreaterEqual(len(ok), 11)


class OnTerminals:
    """For cases whose terminal_command(words) is a client's command line, and client_env its environment."""

    def at_a_terminal(self, words, keys):
        """Runs docker with a terminal, types each of `keys` once the text before it has come, and returns (status, all it said)."""
        main, child = pty.openpty()
        process = subprocess.Popen(self.terminal_command(words), env=self.client_env, stdin=child, stdout=child, stderr=child, cwd=self.dir,
                                   start_new_session=True)
        os.close(child)
        said = b""

        def read(until):
            nonlocal said
            while until is None or not re.search(until, said):
                if not select.select([main], [], [], DEADLINE)[0]:
                    process.kill()
                    raise AssertionError(f"{until} did not come: {said}")
                try:
                    piece = os.read(main, 65536)
                except OSError:
                    piece = b""
                if not piece:
                    return
                said += piece

        for expected, typed in keys:
            read(expected)
            os.write(main, typed)
        read(None)
        os.close(main)
        return process.wait(DEADLINE), said.decode(errors="replace")


class DockerCommand(OnTerminals, Clients):
    """The docker command of Debian 12 (20.10, API 1.41): it speaks an older version than ours."""

    test_docker_py = test_dockerode = test_testcontainers = None
    API_VERSIONS = r"1\.51 1\.41"

    def setUp(self):
        self.program = clients.docker_command()
        super().setUp()

    def docker(self, *words, status=0, input=None, env=None):
        """What it prints; `status`: its exit status."""
        done = subprocess.run([str(self.program), *map(str, words)], env={**self.client_env, **(env or {})}, cwd=self.dir, input=input,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=DEADLINE, text=not isinstance(input, bytes))
        self.assertEqual(done.returncode, status, f"docker {' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}")
        return done.stdout if status == 0 else done.stdout + done.stderr

    def running(self, name, *options):
        return self.docker("run", "-d", "--init", "--name", name, *options, IMAGE, "sleep", "1000").strip()

    def test_version_info_and_what_is_not_there(self):
        self.assertRegex(self.docker("version", "--format", "{{.Server.APIVersion}} {{.Client.APIVersion}}"), self.API_VERSIONS)
        info = self.docker("info")
        self.assertIn("Server Version:", info)
        self.assertIn("Swarm: inactive", info)
        self.assertNotIn("ERROR", info)
        self.assertIn("This node is not a swarm manager", self.docker("node", "ls", status=1))
        self.assertEqual(len(self.docker("plugin", "ls").splitlines()), 1)
        self.assertIn("local/busybox", self.docker("search", "busybox"))
        self.assertIn("not supported", self.docker("push", IMAGE, status=1))

    def test_run(self):
        self.assertEqual(self.docker("run", "--rm", IMAGE, "echo", "hello"), "hello\n")
        self.docker("run", "--rm", IMAGE, "sh", "-c", "exit 7", status=7)
        self.docker("run", "--rm", IMAGE, "no-such-program", status=127)
        self.docker("run", "--rm", IMAGE, "/etc/passwd", status=126)
        self.assertIn("No such image", self.docker("create", "--pull", "never", "none-such", status=1))
        self.assertEqual(self.docker("run", "--rm", "-i", IMAGE, "cat", input="through\n"), "through\n")
        self.assertEqual(self.docker("run", "--rm", "-e", "A=1", "-w", "/tmp", "-u", "33", "--hostname", "boxed", IMAGE, "sh", "-c",
                                     "echo $A $(pwd) $(id -u) $(hostname)"), "1 /tmp 33 boxed\n")
        self.assertEqual(self.docker("run", "--rm", "--read-only", "--tmpfs", "/scratch", IMAGE, "sh", "-c",
                                     "touch /x 2>/dev/null || echo read-only; touch /scratch/x && echo writable"), "read-only\nwritable\n")
        self.assertEqual(self.docker("ps", "-aq"), "")

    def test_the_life_of_a_container(self):
        identifier = self.running("life", "--label", "row=life", "-p", "127.0.0.1::80")
        self.assertRegex(identifier, "^[0-9a-f]{64}$")
        self.assertEqual(self.docker("ps", "-q", "--no-trunc", "--filter", "label=row=life").strip(), identifier)
        self.assertRegex(self.docker("ps", "--format", "{{.Names}} {{.Status}} {{.Ports}}"), r"^life Up .* 127\.0\.0\.1:\d+->80/tcp")
        self.assertRegex(self.docker("port", "life", "80"), r"^127\.0\.0\.1:\d+$")
        self.assertRegex(self.docker("ps", "-s", "--format", "{{.Size}}"), r"^\d+B \(virtual ")
        self.assertEqual(self.docker("inspect", "-f", "{{.State.Status}} {{.Config.Image}}", identifier[:12]).strip(), f"running {IMAGE}")
        self.docker("pause", "life")
        self.assertIn("(Paused)", self.docker("ps", "--format", "{{.Status}}"))
        self.docker("unpause", "life")
        self.assertIn("sleep 1000", self.docker("top", "life"))
        self.assertIn("life", self.docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}} {{.PIDs}}"))
        self.docker("update", "--memory", "64m", "--memory-swap", "128m", "--cpus", "0.5", "--restart", "no", "life")
        self.assertEqual(self.docker("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}", "life").strip(), "67108864 500000000")
        self.docker("rename", "life", "renamed")
        self.docker("kill", "--signal", "CONT", "renamed")
        self.docker("restart", "-t", "0", "renamed")
        self.docker("stop", "-t", "0", "renamed")
        self.assertIn(self.docker("wait", "renamed").strip(), ("137", "143"), "killed at once, or by the first signal already")
        self.assertRegex(self.docker("ps", "-a", "--filter", "status=exited", "--format", "{{.Names}} {{.Status}}"), r"^renamed Exited \(1(37|43)\)")
        self.docker("start", "renamed")
        self.assertIn("container is running", self.docker("rm", "renamed", status=1))
        self.docker("rm", "-f", "renamed")
        self.assertIn("No such container", self.docker("inspect", "--type", "container", "renamed", status=1))

    def test_logs_exec_and_attach(self):
        self.docker("run", "-d", "--init", "--name", "talks", IMAGE, "sh", "-c", "echo one; echo two >&2; sleep 1000")
        wait_until(lambda: "one" in self.docker("logs", "talks"), "the container has spoken")
        self.assertEqual(self.docker("logs", "--tail", "all", "talks"), "one\n", "the other line goes to standard error")
        self.assertRegex(self.docker("logs", "-t", "talks"), r"(?m)^\d{4}-\d\d-\d\dT\S+Z one$")
        self.assertEqual(self.docker("exec", "talks", "echo", "hi"), "hi\n")
        self.assertEqual(self.docker("exec", "-i", "talks", "cat", input="in\n"), "in\n")
        self.docker("exec", "talks", "sh", "-c", "exit 5", status=5)
        self.docker("exec", "talks", "no-such-program", status=127)
        self.assertEqual(self.docker("exec", "-e", "A=1", "-u", "33", "-w", "/tmp", "talks", "sh", "-c", "echo $A $(id -u) $(pwd)"), "1 33 /tmp\n")
        self.docker("exec", "-d", "talks", "touch", "/detached")
        wait_until(lambda: "/detached" in self.docker("diff", "talks"), "the detached command ran")
        self.docker("create", "-i", "--name", "cat", IMAGE, "cat")
        self.assertEqual(self.docker("start", "-a", "-i", "cat", input="typed\n"), "typed\n")

    def test_files_layers_and_images(self):
        self.running("files")
        self.docker("cp", "hello", "files:/tmp/there")
        self.assertEqual(self.docker("exec", "files", "cat", "/tmp/there"), "hello from the context\n")
        self.docker("cp", "files:/tmp/there", "back")
        self.assertEqual((self.dir / "back").read_text(), "hello from the context\n")
        self.docker("exec", "files", "rm", "/etc/group")
        self.assertEqual(self.docker("diff", "files"), "C /etc\nD /etc/group\nC /tmp\nA /tmp/there\n")
        self.docker("commit", "-m", "why", "-a", "who", "-c", 'CMD ["cat", "/tmp/there"]', "files", "made/image:1")
        self.assertEqual(self.docker("run", "--rm", "made/image:1"), "hello from the context\n")
        self.assertIn("why", self.docker("history", "made/image:1"))
        self.docker("run", "--rm", "made/image:1", "test", "-e", "/etc/group", status=1)
        self.docker("export", "-o", "files.tar", "files")
        self.docker("import", "files.tar", "made/imported:1")
        self.assertEqual(self.docker("run", "--rm", "made/imported:1", "cat", "/tmp/there"), "hello from the context\n")
        self.docker("tag", "made/image:1", "made/tagged:2")
        self.docker("save", "-o", "saved.tar", "made/tagged:2")
        self.assertIn("Untagged: made/tagged:2", self.docker("rmi", "made/tagged:2"))
        self.assertIn("Loaded image: made/tagged:2", self.docker("load", "-i", "saved.tar"))
        self.assertEqual(sorted(self.docker("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference=made/*").split()),
                         ["made/image:1", "made/imported:1", "made/tagged:2"])
        self.assertIn("is being used by running container", self.docker("rmi", self.docker("images", "-q", "local/busybox").strip(), status=1))
        built = self.docker("build", "-t", "made/built:1", ".", env={"DOCKER_BUILDKIT": "0"})
        self.assertIn("Successfully tagged made/built:1", built)
        self.assertEqual(self.docker("run", "--rm", "made/built:1"), "hello from the context\n")
        self.assertIn("made/image", self.docker("system", "df", "-v"))
        self.docker("image", "prune", "-a", "-f")

    def test_networks_and_volumes(self):
        self.docker("network", "create", "--subnet", "10.213.97.0/24", "--label", "row=net", "front")
        self.running("server", "--network", "front", "--network-alias", "web", "-v", "data:/data")
        self.docker("network", "create", "back")
        self.running("client", "--network", "back")
        self.docker("network", "connect", "--alias", "second", "front", "client")
        self.assertRegex(self.docker("exec", "client", "nslookup", "web"), r"10\.213\.97\.")
        self.assertIn('"Name": "client"', self.docker("network", "inspect", "front"))
        self.assertIn("has active endpoints", self.docker("network", "rm", "front", status=1))
        self.docker("network", "disconnect", "front", "client")
        self.assertEqual(self.docker("network", "ls", "-q", "--filter", "label=row=net").count("\n"), 1)
        self.docker("volume", "create", "--label", "row=vol", "second")
        self.assertEqual(self.docker("volume", "ls", "-q").split(), ["data", "second"])
        self.assertIn("volume is in use", self.docker("volume", "rm", "data", status=1))
        self.assertIn("/second/_data", self.docker("volume", "inspect", "-f", "{{.Mountpoint}}", "second"))
        self.docker("rm", "-f", "server", "client")
        self.assertIn("front", self.docker("network", "prune", "-f"))
        self.docker("volume", "rm", "second")
        self.docker("volume", "prune", "-f")
        self.assertIn("Total reclaimed space", self.docker("system", "prune", "-f"))

    def test_events_are_replayed_and_filtered(self):
        self.docker("run", "--rm", "--name", "seen", IMAGE, "true")
        lines = self.docker("events", "--since", "10m", "--until", str(int(time.time()) + 1), "--filter", "container=seen", "--format", "{{.Action}}").split()
        self.assertEqual(lines, ["create", "attach", "start", "die", "destroy"])

    def terminal_command(self, words):
        return [str(self.program), *words]

    def test_a_terminal_and_its_detach_keys(self):
        status, said = self.at_a_terminal(["run", "-it", "--name", "shell", IMAGE, "sh"], [(b"# ", b"echo at-$((1+1))\n"), (b"at-2", b"\x10\x11")])
        self.assertIn("at-2", said)
        self.assertEqual(self.docker("inspect", "-f", "{{.State.Running}}", "shell").strip(), "true", "it goes on")
        status, said = self.at_a_terminal(["attach", "--detach-keys", "ctrl-x,x", "shell"], [(b"", b"echo again-$((2+2))\n"), (b"again-4", b"\x18x")])
        self.assertIn("again-4", said)
        self.assertEqual(self.docker("inspect", "-f", "{{.State.Running}}", "shell").strip(), "true")
        status, said = self.at_a_terminal(["exec", "-it", "shell", "sh", "-c", "stty size; exit 6"], [])
        self.assertEqual(status, 6, said)
        status, said = self.at_a_terminal(["attach", "shell"], [(b"", b"exit 3\n")])
        self.assertEqual(status, 3, said)
        self.assertEqual(self.docker("wait", "shell").strip(), "3")


if __name__ == "__main__":
    unittest.main()
