"""Bad input gets one clear error that names the service, a status that is not 0, and `down` cleans up everything."""
import shutil
import socket
import subprocess
import unittest

from harness import STACK, StackCase


class Errors(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()

    def fails(self, *args, **kwargs) -> str:
        done = self.stack(*args, check=False, **kwargs)
        self.assertNotEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stderr

    def service(self, keys: str, rest: str = ""):
        indented = "".join(f"    {line}\n" for line in keys.splitlines())
        self.compose(f"name: bad\nservices:\n  web:\n{indented}{rest}")

    def test_an_unknown_key_is_shown_with_its_place(self):
        self.service("image: local/busybox\nimagge: x")
        message = self.fails("config")
        self.assertRegex(message, r"compose\.yaml:5:5")
        self.assertIn("services.web", message)
        self.assertIn("imagge", message)
        self.assertIn("image", message)

    def test_a_wrong_type_is_shown_with_its_place(self):
        self.service("image: local/busybox\nports: 80")
        message = self.fails("up", "-d")
        self.assertRegex(message, r"compose\.yaml:5:\d+")
        self.assertIn("services.web.ports", message)

    def test_a_missing_file_says_which(self):
        self.assertIn("nowhere.yaml", self.fails("-f", "nowhere.yaml", "up", "-d"))

    def test_no_file_at_all_says_what_was_looked_for(self):
        self.assertRegex(self.fails("up", "-d"), r"compose\.yaml")

    def test_a_missing_image_names_image_and_service(self):
        self.service("image: local/absent")
        message = self.fails("up", "-d")
        self.assertIn("local/absent", message)
        self.assertIn("web", message)
        self.assertEqual(self.containers(), [])

    def test_a_missing_env_file_says_which(self):
        self.service("image: local/busybox\nenv_file: absent.env")
        self.assertIn("absent.env", self.fails("up", "-d"))

    def test_a_taken_port_names_the_port_and_its_holder(self):
        with socket.create_server(("0.0.0.0", 18083)):
            self.service('image: local/busybox\ncommand: [sleep, "1000"]\ninit: true\nports: ["18083:80"]')
            message = self.fails("up", "-d")
        self.assertIn("18083", message)
        self.assertIn("web", message)
        self.assertRegex(message, r"(?m)" + self.place(r"ports\[0\]", 7))
        self.assertIn("python", message, "the message names the program that holds the port")
        self.stack("down")

    def test_a_port_of_another_container_names_it(self):
        self.compose('name: bad\nservices:\n'
                     '  one: {image: local/busybox, init: true, command: [sleep, "1000"], ports: ["18084:80"]}\n'
                     '  two: {image: local/busybox, init: true, command: [sleep, "1000"], ports: ["18084:80"], depends_on: [one]}\n')
        message = self.fails("up", "-d")
        self.assertIn("18084", message)
        self.assertIn("bad-one-1", message)
        self.stack("down")

    def place(self, key: str, line: int) -> str:
        return rf"^service web, {key} \(.*compose\.yaml:{line}:\d+\): "

    def test_a_database_that_never_becomes_healthy(self):
        self.compose("""
name: bad
services:
  db:
    image: local/busybox
    init: true
    command: [sh, -c, "echo disk full; exec sleep 1000"]
    healthcheck: {test: "echo connection refused; false", interval: 50ms, retries: 2}
  web: {image: local/busybox, init: true, command: [sleep, "1000"], depends_on: {db: {condition: service_healthy}}}
""")
        message = self.fails("up", "-d")
        self.assertRegex(message, r"(?m)^service db, healthcheck \(.*compose\.yaml:8:\d+\): .*bad-db-1 is unhealthy: connection refused")
        self.assertIn("  disk full", message)
        self.assertEqual({item["Service"]: item["State"] for item in self.containers()}, {"db": "running", "web": "created"})

    def test_a_migration_that_fails(self):
        self.compose("""
name: bad
services:
  migrate:
    image: local/busybox
    command: [sh, -c, "echo no such table >&2; exit 3"]
  web: {image: local/busybox, init: true, command: [sleep, "1000"], depends_on: {migrate: {condition: service_completed_successfully}}}
""")
        message = self.fails("up", "-d")
        self.assertRegex(message, r"(?m)^service migrate, command \(.*compose\.yaml:6:\d+\): .*bad-migrate-1 exited \(3\)")
        self.assertIn("  no such table", message)

    def test_a_secret_whose_file_is_missing(self):
        self.service("image: local/busybox\ncommand: ['true']\nsecrets: [password]", "secrets:\n  password: {file: ./absent.txt}\n")
        message = self.fails("up", "-d")
        self.assertRegex(message, r"(?m)" + self.place(r"secrets\.password", 8))
        self.assertIn("absent.txt", message)

    def test_a_bind_source_that_is_missing(self):
        self.service("image: local/busybox\ncommand: ['true']\nvolumes:\n"
                     "  - {type: bind, source: ./absent, target: /x, bind: {create_host_path: false}}")
        message = self.fails("up", "-d")
        self.assertRegex(message, r"(?m)" + self.place(r"volumes\[0\]", 7))
        self.assertIn("does not exist", message)

    def test_a_device_that_is_not_there(self):
        self.service("image: local/busybox\ncommand: [sleep, '1000']\ndevices: [/dev/absent]")
        self.assertRegex(self.fails("up", "-d"), r"(?m)" + self.place(r"devices\[0\]", 6))

    def test_a_limit_the_engine_refuses(self):
        self.service("image: local/busybox\ncommand: [sleep, '1000']\ndeploy: {resources: {limits: {memory: 1m}}}")
        self.assertRegex(self.fails("up", "-d"), r"(?m)" + self.place(r"deploy\.resources\.limits\.memory", 6))
        self.service("image: local/busybox\ncommand: [sleep, '1000']\ncpuset: '4000'")
        self.assertRegex(self.fails("up", "-d"), r"(?m)" + self.place("cpuset", 6))

    def test_a_user_without_rights_is_told_what_to_do(self):
        program = self.base / "stack"
        shutil.copy(STACK, program)
        self.base.chmod(0o755)
        self.service("image: local/busybox")
        self.start_engine()

        def as_nobody(*args, **env):
            done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(program), *args], cwd=self.dir,
                                  env={**self.env, **env}, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1, done.stdout)
            return done.stderr

        running = as_nobody("ps")
        self.assertIn("sudo", running)
        self.assertIn("the group that owns the socket", running)
        absent = str(self.base / "other")
        for command in (["ps"], ["engine"]):
            self.assertRegex(as_nobody(*command, STACK_ROOT=absent), "only root can run the engine of .*other: use sudo")

    def test_a_command_that_is_not_in_the_image(self):
        self.service("image: local/busybox\ncommand: [no-such-program]")
        message = self.fails("up", "-d")
        self.assertIn("no-such-program", message)
        self.assertIn("web", message)
        self.assertEqual(self.inspect("bad-web-1")["State"]["ExitCode"], 127)

    def test_a_health_check_that_fails_makes_wait_fail(self):
        self.service('image: local/busybox\ninit: true\ncommand: [sh, -c, "echo about to be sick; sleep 1000"]\n'
                     'healthcheck: {test: [CMD, "false"], interval: 100ms, retries: 2}')
        message = self.fails("up", "-d", "--wait")
        self.assertRegex(message, "web.*unhealthy|unhealthy.*web")

    def test_a_build_step_that_fails_names_line_and_command(self):
        self.service("build: .")
        self.write({"Dockerfile": "FROM local/busybox\nRUN echo before\nRUN exit 3\n"})
        message = self.fails("up", "-d")
        self.assertIn("exit 3", message)
        self.assertIn("web", message)
        self.assertRegex(message, r"Dockerfile:3|line 3")

    def test_a_dependency_cycle_is_printed_as_a_chain(self):
        self.compose("name: bad\nservices:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n")
        self.assertRegex(self.fails("config"), r"a -> b -> a|b -> a -> b")

    def test_a_variable_that_must_be_set(self):
        self.service('image: "local/busybox:${TAG:?say which}"')
        message = self.fails("config")
        self.assertIn("say which", message)
        self.assertRegex(message, r"compose\.yaml:4:\d+")

    def test_an_unknown_service_and_an_unknown_command(self):
        self.service('image: local/busybox\ncommand: [sleep, "1000"]')
        self.assertIn("absent", self.fails("up", "-d", "absent"))
        self.assertIn("upp", self.fails("upp"))

    def test_secrets_never_show(self):
        self.write({"password.txt": "hunter2secret"})
        self.service('image: local/busybox\ncommand: [sh, -c, "cat /run/secrets/password | wc -c"]\nsecrets: [password]',
                     "secrets:\n  password: {file: ./password.txt}\n")
        self.stack("up", "-d")
        self.assertNotIn("hunter2secret", self.stack("container", "inspect", "bad-web-1").stdout)
        self.assertNotIn("hunter2secret", (self.root / "engine.log").read_text())
        self.assertIn("13", self.stack("logs", "-f", "--no-log-prefix", "web").stdout)  # -f: until it has ended


if __name__ == "__main__":
    unittest.main()
