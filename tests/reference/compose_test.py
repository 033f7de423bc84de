"""Docker's own newer tools against our engine: the docker command 28 with the rows of scenarios/clients_test.py, and docker compose with
every command of a project's life. Needs STACK_REFERENCE_ENTER: a program that runs its arguments where those tools are, and
STACK_REFERENCE_SHARE: a folder that has the same path inside and outside. Skipped without them; label `reference`.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenarios"))
import clients_test  # noqa: E402
from harness import DEADLINE, StackCase, wait_until  # noqa: E402

ENTER, SHARE = os.environ.get("STACK_REFERENCE_ENTER"), os.environ.get("STACK_REFERENCE_SHARE")
IMAGE = clients_test.IMAGE


class Reference(StackCase):
    """The project folder is one that both sides see."""

    def setUp(self):
        if not ENTER or not SHARE:
            self.skipTest("STACK_REFERENCE_ENTER and STACK_REFERENCE_SHARE are not set")
        self.shared_base = pathlib.Path(tempfile.mkdtemp(prefix="api-", dir=SHARE))
        self.addCleanup(shutil.rmtree, self.shared_base, ignore_errors=True)
        StackCase.setUp(self)  # not that of the other base, which has a docker command of its own
        self.socket = self.base / "docker.sock"
        self.start_engine("--listen", f"unix://{self.socket}")
        self.client_env = {**self.env, "DOCKER_HOST": f"unix://{self.socket}"}
        wait_until(self.socket.exists, "it listens there, too")
        self.import_busybox(IMAGE)

    def docker(self, *words, status=0, input=None, env=None):
        settings = [f"{key}={value}" for key, value in {"DOCKER_HOST": f"unix://{self.socket}", "HOME": str(self.base), **(env or {})}.items()]
        script = 'cd "$0" && exec env "$@"'
        done = subprocess.run([ENTER, "sh", "-c", script, str(self.dir), *settings, "docker", *map(str, words)], input=input,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=DEADLINE, text=not isinstance(input, bytes))
        self.assertEqual(done.returncode, status, f"docker {' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}")
        return done.stdout if status == 0 else done.stdout + done.stderr


    def terminal_command(self, words):
        return [ENTER, "sh", "-c", 'cd "$0" && exec env "$@"', str(self.dir), f"DOCKER_HOST=unix://{self.socket}", f"HOME={self.base}", "docker", *words]

    def start_docker(self, *words):
        """Starts a command whose standard output is read as it comes."""
        process = subprocess.Popen(self.terminal_command(list(words)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   text=True, start_new_session=True)

        def end():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

        self.addCleanup(end)
        return process


class DockerCommand28(Reference, clients_test.DockerCommand):
    API_VERSIONS = r"1\.51 1\.5\d"

    def setUp(self):
        Reference.setUp(self)
        self.program = ENTER
        self.write(clients_test.CONTEXT)

    docker = Reference.docker

    def test_build_needs_the_classic_builder(self):
        self.assertIn("Successfully tagged", self.docker("build", "-t", "classic:1", ".", env={"DOCKER_BUILDKIT": "0"}))


class Compose(Reference):
    def setUp(self):
        super().setUp()
        self.compose(f"""
name: api
services:
  web:
    image: {IMAGE}
    init: true
    command: [sh, -c, "echo web is up; mkdir -p /www; echo page >/www/index.html; exec httpd -f -p 80 -h /www"]
    ports: ["127.0.0.1::80"]
    depends_on: {{db: {{condition: service_healthy}}}}
    volumes: [data:/data]
    configs: [{{source: words, target: /words}}]
  db:
    image: {IMAGE}
    init: true
    command: [sleep, '1000']
    healthcheck: {{test: [CMD, 'true'], interval: 200ms}}
    networks: [default, back]
  once:
    image: {IMAGE}
    command: [echo, "done once"]
    profiles: [jobs]
configs: {{words: {{content: some words}}}}
networks: {{back: {{}}}}
volumes: {{data: {{}}}}
""")

    def compose_cli(self, *words, **kwargs):
        return self.docker("compose", *words, **kwargs)

    def states(self):
        return {item["Name"]: item["State"] for item in map(json.loads, self.compose_cli("ps", "-a", "--format", "json").splitlines())}

    def test_the_life_of_a_project(self):
        run = self.compose_cli
        run("up", "-d", "--wait")
        self.assertEqual(self.states(), {"api-web-1": "running", "api-db-1": "running"})
        before = self.docker("ps", "-q", "--no-trunc")
        run("up", "-d")
        self.assertEqual(self.docker("ps", "-q", "--no-trunc"), before, "nothing to do")
        wait_until(lambda: "web is up" in run("logs", "web"), "the service has spoken")
        self.assertRegex(run("logs", "--no-color", "web"), r"(?m)^web-1\s+\| web is up$")
        self.assertEqual(run("exec", "-T", "web", "cat", "/words"), "some words")
        self.assertEqual(run("exec", "-T", "web", "wget", "-qO-", "http://web/"), "page\n")
        run("exec", "-T", "web", "sh", "-c", "exit 6", status=6)
        self.assertEqual(run("run", "--rm", "-T", "once"), "done once\n")
        self.write({"file": "copied\n"})
        run("cp", "file", "web:/tmp/there")
        self.assertEqual(run("exec", "-T", "web", "cat", "/tmp/there"), "copied\n")
        run("cp", "web:/tmp/there", "back")
        self.assertEqual((self.dir / "back").read_text(), "copied\n")
        self.assertRegex(run("port", "web", "80"), r"^127\.0\.0\.1:\d+$")
        self.assertIn("httpd", run("top", "web"))
        self.assertIn("api", run("ls"))
        self.assertIn(IMAGE.split(":")[0], run("images"))
        self.assertIn("api-web-1", run("stats", "--no-stream"))
        self.assertIn("api_data", run("volumes"))
        events = run("events", "--since", "10m", "--until", "0s", "--json", status=1)  # it takes the stream's end for an error
        self.assertIn('"action":"start"', events)

    def test_changes(self):
        run = self.compose_cli
        run("up", "-d", "--wait")
        run("restart", "-t", "0", "db")
        run("pause", "db")
        self.assertEqual(self.states()["api-db-1"], "paused")
        run("unpause", "db")
        run("kill", "web")
        run("stop", "-t", "0")
        self.assertEqual(set(self.states().values()), {"exited"})
        run("start")
        self.assertEqual(set(self.states().values()), {"running"})
        self.write({"compose.yaml": (self.dir / "compose.yaml").read_text().replace("sleep, '1000'", "sleep, '2000'")})
        run("up", "-d", "-t", "0", "--wait")
        self.assertIn("2000", self.docker("inspect", "-f", "{{.Config.Cmd}}", "api-db-1"), "recreated")
        run("up", "-d", "--scale", "db=2", "--no-recreate")
        self.assertEqual(len(self.states()), 3)
        run("scale", "db=1")
        self.assertEqual(len(self.states()), 2)
        run("rm", "-f", "-s", "web")
        run("create")
        self.assertEqual(self.states()["api-web-1"], "created")
        run("config", "-q")
        run("down", "-v", "-t", "0")
        self.assertEqual(self.docker("ps", "-aq") + self.docker("volume", "ls", "-q"), "")
        self.assertEqual(self.docker("network", "ls", "-q", "--filter", "type=custom"), "")


# what is imported is no test of this file
del clients_test.Clients, clients_test.DockerCommand

if __name__ == "__main__":
    unittest.main()
