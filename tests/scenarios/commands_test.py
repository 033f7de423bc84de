"""Every command as a user types it, with docker compose's exit codes."""
import json
import os
import re
import signal
import unittest

from harness import DEADLINE, StackCase, wait_until

SLEEPERS = """
name: cmd
services:
  web:
    image: local/busybox
    init: true
    command: [sh, -c, "echo out line; echo err line >&2; exec sleep 100000"]
    environment: {COLOUR: blue}
    labels: {tier: front}
    stop_grace_period: 1s
  db:
    image: local/busybox
    init: true
    command: [sh, -c, "echo db line; exec sleep 100000"]
    stop_grace_period: 1s
  extra:
    image: local/busybox
    init: true
    command: [sleep, "100000"]
    profiles: [more]
    stop_grace_period: 1s
"""


class Commands(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()
        self.compose(SLEEPERS)

    def test_ps_shows_what_runs(self):
        self.stack("up", "-d")
        table = self.stack("ps").stdout
        self.assertRegex(table.splitlines()[0], r"^NAME\s+IMAGE\s+COMMAND\s+SERVICE\s+CREATED\s+STATUS\s+PORTS")
        self.assertRegex(table, r"cmd-web-1\s+local/busybox\s+")
        self.assertEqual(len(self.stack("ps", "-q").stdout.split()), 2)
        self.stack("stop", "db")
        self.assertNotIn("cmd-db-1", self.stack("ps").stdout)
        self.assertIn("cmd-db-1", self.stack("ps", "-a").stdout)

    def test_logs_are_prefixed_and_aligned(self):
        self.stack("up", "-d")
        wait_until(lambda: "db line" in self.stack("logs").stdout and "err line" in self.stack("logs").stdout, "lines in the log")
        self.assertEqual(sorted(self.stack("logs").stdout.splitlines()),
                         ["db-1   | db line", "web-1  | err line", "web-1  | out line"])
        self.assertEqual(self.stack("logs", "--no-log-prefix", "db").stdout, "db line\n")
        self.assertEqual(len(self.stack("logs", "--tail", "1", "web").stdout.splitlines()), 1)
        self.assertRegex(self.stack("logs", "-t", "--no-log-prefix", "db").stdout, r"^\d{4}-\d\d-\d\dT[\d:.]+Z db line\n$")

    def test_logs_follow_ends_with_the_containers(self):
        self.stack("up", "-d")
        follower = self.start("logs", "-f")
        first = follower.stdout.readline()
        self.stack("stop")
        follower.communicate(timeout=30)
        self.assertEqual(follower.returncode, 0)
        self.assertIn("line", first)

    def test_every_line_of_a_burst_is_shown(self):
        self.compose("name: burst\nservices:\n  a: {image: local/busybox, command: seq 1 2000}\n")
        shown = self.stack("up").stdout.splitlines()
        self.assertEqual([line for line in shown if line.startswith("a-1  | ")], [f"a-1  | {n}" for n in range(1, 2001)])
        self.assertEqual(self.stack("logs", "-f", "--no-log-prefix").stdout.split(), [str(n) for n in range(1, 2001)])

    def test_exec_passes_exit_code_user_directory_environment_and_input(self):
        self.stack("up", "-d")
        self.assertEqual(self.stack("exec", "-T", "web", "sh", "-c", "exit 42", check=False).returncode, 42)
        self.assertEqual(self.stack("exec", "-T", "web", "sh", "-c", "echo $COLOUR").stdout, "blue\n")
        self.assertEqual(self.stack("exec", "-T", "-u", "www", "-w", "/tmp", "-e", "A=b", "web", "sh", "-c",
                                    "id -u; id -G; pwd; echo $A").stdout, "33\n33 44\n/tmp\nb\n")
        self.assertEqual(self.stack("exec", "-T", "web", "cat", input="through stdin").stdout, "through stdin")
        missing = self.stack("exec", "-T", "web", "no-such-program", check=False)
        self.assertEqual(missing.returncode, 127)
        self.assertNotEqual(self.stack("exec", "-T", "absent", "true", check=False).returncode, 0)

    def test_exec_and_run_end_when_nobody_reads_their_output(self):
        self.stack("up", "-d")
        for words in (["exec", "-T", "web", "yes"], ["run", "-T", "--name", "unread", "web", "yes"]):
            writing = self.start(*words)
            self.assertEqual(writing.stdout.readline(), "y\n")
            writing.stdout.close()
            self.assertEqual(writing.wait(DEADLINE), 1, words)
            self.assertNotIn("pipe", writing.stderr.read().lower())
        self.stack("container", "rm", "-f", "unread")

    def test_run_gives_the_commands_exit_code_and_rm_removes_it(self):
        self.assertEqual(self.stack("run", "--rm", "-T", "web", "sh", "-c", "echo from run; exit 5", check=False).returncode, 5)
        self.assertEqual(self.stack("run", "--rm", "-T", "web", "cat", input="piped").stdout, "piped")
        self.assertEqual(self.containers(), [])
        self.stack("run", "-T", "web", "true")
        names = [item["Names"][0] for item in self.api_list("/containers/json?all=1")]
        self.assertEqual(len(names), 1)
        self.assertRegex(names[0], r"^/cmd-web-run-[0-9a-f]{12}$")

    def test_stop_start_restart(self):
        self.stack("up", "-d")
        first = self.inspect("cmd-web-1")["State"]
        self.stack("stop", "web")
        self.assertEqual(self.inspect("cmd-web-1")["State"]["Status"], "exited")
        self.stack("start", "web")
        second = self.inspect("cmd-web-1")["State"]
        self.assertEqual(second["Status"], "running")
        self.assertNotEqual(first["Pid"], second["Pid"])
        self.stack("restart", "-t", "1")
        self.assertNotEqual(self.inspect("cmd-web-1")["State"]["Pid"], second["Pid"])

    def test_orphans_are_removed_when_asked(self):
        self.stack("up", "-d")
        self.compose(SLEEPERS.replace("  db:\n", "  db2:\n"))
        said = self.stack("up", "-d").stderr
        self.assertIn("cmd-db-1", said)
        self.stack("up", "-d", "--remove-orphans")
        self.assertEqual({item["Service"] for item in self.containers()}, {"web", "db2"})

    def test_a_changed_service_alone_is_recreated(self):
        self.stack("up", "-d")
        web, db = self.inspect("cmd-web-1")["Id"], self.inspect("cmd-db-1")["Id"]
        self.compose(SLEEPERS.replace("blue", "green"))
        self.stack("up", "-d")
        self.assertNotEqual(self.inspect("cmd-web-1")["Id"], web)
        self.assertEqual(self.inspect("cmd-db-1")["Id"], db)
        self.assertIn("COLOUR=green", self.inspect("cmd-web-1")["Config"]["Env"])

    def test_profiles_and_scale(self):
        self.stack("--profile", "more", "up", "-d")
        self.assertEqual(len(self.containers()), 3)
        self.stack("up", "-d", "--scale", "web=3")
        self.assertEqual(sorted(item["Name"] for item in self.containers() if item["Service"] == "web"),
                         ["cmd-web-1", "cmd-web-2", "cmd-web-3"])
        self.stack("--profile", "more", "down")

    def test_foreground_up_stops_gracefully_at_the_first_interrupt(self):
        process = self.start("up")
        wait_until(lambda: len(self.stack("ps", "-q").stdout.split()) == 2, "both services run")
        os.kill(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=30)
        self.assertIn("web-1  | out line", output)
        self.assertIn(process.returncode, (0, 130))
        self.assertEqual({item["State"] for item in self.containers()}, {"exited"}, errors)

    def test_foreground_up_goes_on_while_other_commands_restart_and_recreate_what_it_shows(self):
        self.compose("name: cmd\nservices: {only: {image: local/busybox, init: true, stop_grace_period: 1s,\n"
                     "  command: [sh, -c, 'echo began; exec sleep 100000']}}\n")
        shown = self.start("up", "--no-log-prefix")
        lines = iter(shown.stdout.readline, "")  # until it ends
        self.assertIn("began\n", lines)
        for words in (["restart"], ["up", "-d", "--force-recreate"], ["restart", "-t", "0"]):
            self.stack(*words)
            self.assertIn("began\n", lines, words)
        self.stack("down")
        shown.communicate(timeout=DEADLINE)
        self.assertEqual(shown.returncode, 0)

    def test_up_shows_each_life_of_a_container_once_and_a_restart_is_no_exit(self):
        self.compose("name: lives\nservices:\n"
                     "  job: {image: local/busybox, command: [sh, -c, 'echo life; exit 3'], restart: 'on-failure:2'}\n"
                     "  web: {image: local/busybox, init: true, command: [sleep, '100000'], stop_grace_period: 1s}\n")
        up = self.stack("up", "--abort-on-container-exit", check=False)
        told = [line for line in up.stdout.splitlines() if line.startswith("job-1")]
        self.assertEqual([re.sub(" +", " ", line) for line in told],
                         ["job-1 | life", "job-1 exited with code 3 (restarting)"] * 2 + ["job-1 | life", "job-1 exited with code 3"], up.stderr)
        self.assertEqual(up.returncode, 3)
        self.stack("down")

    def test_exit_code_from_is_the_services(self):
        self.compose("name: ci\nservices:\n  job: {image: local/busybox, command: [sh, -c, 'exit 9']}\n"
                     "  web: {image: local/busybox, init: true, command: [sleep, '100000'], stop_grace_period: 1s}\n")
        self.assertEqual(self.stack("up", "--exit-code-from", "job", check=False).returncode, 9)
        self.stack("down")

    def test_config_prints_the_project(self):
        self.assertEqual(json.loads(self.stack("config", "--format", "json").stdout)["services"]["web"]["environment"], {"COLOUR": "blue"})
        self.assertEqual(sorted(self.stack("config", "--services").stdout.split()), ["db", "web"])

    def test_version_and_help(self):
        self.assertRegex(self.stack("version").stdout, r"\d+\.\d+")
        listing = self.stack("--help").stdout
        for name in ("up", "down", "ps", "logs", "exec", "run", "build", "start", "stop", "restart", "config", "version"):
            self.assertRegex(listing, rf"(?m)^\s+{name}\s+\S")
            self.assertIn("Usage", self.stack(name, "--help").stdout)

    def test_image_commands(self):
        self.assertIn("local/busybox", self.stack("image", "ls").stdout)
        self.stack("image", "rm", "local/busybox")
        self.assertNotIn("local/busybox", self.stack("image", "ls").stdout)

    def test_environment_variables_and_dotenv_choose_the_project(self):
        self.write({".env": "COLOUR=grey\n", "other.yaml": "services: {one: {image: local/busybox, environment: {C: '${COLOUR}'}}}"})
        shown = json.loads(self.stack("config", "--format", "json", env={"COMPOSE_FILE": "other.yaml", "COMPOSE_PROJECT_NAME": "named"}).stdout)
        self.assertEqual((shown["name"], shown["services"]["one"]["environment"]), ("named", {"C": "grey"}))


if __name__ == "__main__":
    unittest.main()
