"""docker compose 2.40 against our engine: a row for every command and way of `up` that compose_test.py does not have.
(tests/client_rows_test.py holds both together against docker compose's own list.) Needs what compose_test.py needs."""
import tarfile
import unittest

import compose_test
from clients_test import IMAGE, OnTerminals
from harness import DEADLINE, rootfs, wait_until
from registry import Registry

CLASSIC = {"DOCKER_BUILDKIT": "0"}


class ComposeCommands(OnTerminals, compose_test.Reference):
    def setUp(self):
        super().setUp()
        self.compose(f"""
name: api
services:
  web:
    image: {IMAGE}
    init: true
    command: [sh, -c, "echo web is up; exec sleep 1000"]
  soon:
    image: {IMAGE}
    command: [sh, -c, "sleep 6; exit 4"]
    profiles: [jobs]
  shell:
    image: {IMAGE}
    command: sh
    tty: true
    stdin_open: true
    profiles: [tools]
  short:
    image: {IMAGE}
    command: [sh, -c, "echo short is up; exit 3"]
    profiles: [jobs]
""")

    def compose_cli(self, *words, **kwargs):
        return self.docker("compose", *words, **kwargs)

    def state(self, name):
        return self.docker("inspect", "-f", "{{.State.Status}}", name).strip()

    # --- up ---

    def test_up_in_the_foreground_ends_with_ctrl_c(self):
        status, said = self.at_a_terminal(["compose", "up", "-t", "1"], [(b"web is up", b"\x03")])
        self.assertIn(status, (0, 130), said)
        self.assertEqual(self.state("api-web-1"), "exited")

    def test_up_ends_with_a_container(self):
        run = self.compose_cli
        said = run("up", "--abort-on-container-exit", "-t", "1", "web", "short", status=3)
        self.assertRegex(said, r"short-1\s+\| short is up")
        self.assertEqual(self.state("api-web-1"), "exited")
        run("up", "--exit-code-from", "short", "-t", "1", "web", "short", status=3)
        said = run("up", "--abort-on-container-exit", "--attach", "short", "-t", "1", "web", "short", status=3)
        self.assertIn("Attaching to short-1\n", said)
        run("down", "-t", "1")

    def test_scale_wait_and_volumes(self):
        run = self.compose_cli
        run("up", "-d", "--wait", "--scale", "web=2")
        self.assertEqual(len(run("ps", "-q").split()), 2)
        run("scale", "web=1")
        self.assertEqual(len(run("ps", "-q").split()), 1)
        run("up", "-d", "soon")
        self.assertRegex(run("wait", "soon", status=4), r"\b4$")
        self.assertEqual(run("volumes", "-q"), "")
        self.assertRegex(run("version"), r"v?2\.\d+")

    # --- what goes on ---

    def test_logs_and_events_are_followed(self):
        logs = None
        events = self.start_docker("compose", "events", "--json")
        self.compose_cli("up", "-d", "web")
        logs = self.start_docker("compose", "logs", "-f", "--no-color", "web")
        self.assertRegex(logs.stdout.readline(), r"web-1\s+\| web is up")
        self.assertRegex(next(line for line in events.stdout if '"start"' in line), '"service":"web"')
        self.compose_cli("stop", "-t", "0", "web")
        self.assertEqual(logs.wait(DEADLINE), 0, "nothing is left to follow")
        self.compose_cli("start", "web")
        self.assertIn("web", self.compose_cli("stats", "--no-stream"))
        self.assertIn(IMAGE.split(":")[0], self.compose_cli("images"))
        self.assertIn("sleep 1000", self.compose_cli("top"))

    def test_pauses_kills_and_restarts(self):
        run = self.compose_cli
        run("up", "-d")
        run("pause")
        self.assertEqual(self.state("api-web-1"), "paused")
        run("unpause")
        run("restart", "-t", "0")
        self.assertEqual(self.state("api-web-1"), "running")
        run("kill", "-s", "KILL")
        wait_until(lambda: self.state("api-web-1") == "exited", "it is killed")
        run("rm", "-f")
        self.assertEqual(self.docker("ps", "-aq"), "")
        run("create")
        self.assertEqual(self.state("api-web-1"), "created")
        self.assertIn("api", run("ls", "-a"))
        run("config", "--quiet")

    # --- terminals ---

    def test_exec_run_and_attach_at_a_terminal(self):
        self.compose_cli("up", "-d", "web", "shell")
        status, said = self.at_a_terminal(["compose", "exec", "web", "sh", "-c", "tty; exit 4"], [])
        self.assertEqual(status, 4, said)
        self.assertIn("/dev/pts/", said)
        status, said = self.at_a_terminal(["compose", "run", "--rm", "web", "sh"], [(b"# ", b"tty; exit 5\n")])
        self.assertEqual(status, 5, said)
        self.assertIn("/dev/pts/", said)
        status, said = self.at_a_terminal(["compose", "attach", "shell"], [(b"", b"echo jo''ined\n"), (b"joined", b"\x10\x11")])
        self.assertIn("joined", said)
        self.assertEqual(self.state("api-shell-1"), "running", "it was left")

    # --- files and images ---

    def test_files_and_images_of_a_service(self):
        run = self.compose_cli
        run("up", "-d")
        self.write({"file": "copied\n"})
        run("cp", "file", "web:/tmp/")
        self.assertEqual(run("exec", "-T", "web", "cat", "/tmp/file"), "copied\n")
        run("commit", "web", "made/committed:1")
        self.assertEqual(self.docker("run", "--rm", "made/committed:1", "cat", "/tmp/file"), "copied\n")
        run("export", "-o", "web.tar", "web")
        with tarfile.open(self.dir / "web.tar") as archive:
            self.assertIn("tmp/file", archive.getnames())

    def test_images_come_from_registries_and_builds(self):
        registry = Registry(self, self.base / "registry")
        registry.put_image("app", "1", [rootfs("busybox-rootfs").read_bytes()])
        self.compose(f"services: {{web: {{image: '{registry.host}/app:1', command: sleep 1000}}, made: {{image: '{registry.host}/made:1', build: .}}}}\n",
                     Dockerfile=f"FROM {IMAGE}\nRUN touch /made\nCMD [\"sleep\", \"1000\"]\n")
        run = self.compose_cli
        run("pull", "web")
        run("build", "made", env=CLASSIC)
        run("up", "-d", "--pull", "never")
        run("exec", "-T", "made", "test", "-e", "/made")
        self.assertIn("not supported", run("push", "made", status=1))

    def test_watch_needs_something_to_watch(self):
        self.assertIn("watch", self.compose_cli("watch", "--no-up", status=1))


del compose_test.Reference, compose_test.DockerCommand28, compose_test.Compose, OnTerminals  # what is imported is no test of this file

if __name__ == "__main__":
    unittest.main()
