"""Dependencies, health, restart policies, reboot, two users at once."""
import contextlib
import json
import os
import shutil
import signal
import unittest

from harness import StackCase, read, wait_until


class Lifecycle(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()

    def test_dependencies_start_in_their_order(self):
        self.compose("""
name: deps
services:
  web:
    image: local/busybox
    init: true
    command: [sleep, "100000"]
    depends_on:
      db: {condition: service_healthy}
      migrate: {condition: service_completed_successfully}
  migrate:
    image: local/busybox
    command: [sh, -c, "echo migrated"]
    depends_on: {db: {condition: service_healthy}}
  db:
    image: local/busybox
    init: true
    command: [sh, -c, "touch /ready; exec sleep 100000"]
    healthcheck: {test: test -e /ready, interval: 100ms}
""")
        self.stack("up", "-d")
        started = {name: self.inspect(f"deps-{name}-1")["State"] for name in ("web", "migrate", "db")}
        self.assertLess(started["db"]["StartedAt"], started["migrate"]["StartedAt"])
        self.assertLessEqual(started["migrate"]["FinishedAt"], started["web"]["StartedAt"])
        self.assertEqual(started["db"]["Health"]["Status"], "healthy")

    def test_a_failed_migration_stops_what_depends_on_it(self):
        self.compose("""
name: deps
services:
  web: {image: local/busybox, command: [sleep, "1000"], init: true, depends_on: {migrate: {condition: service_completed_successfully}}}
  migrate: {image: local/busybox, command: [sh, -c, "echo no such table >&2; exit 3"]}
""")
        failed = self.stack("up", "-d", check=False)
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn("migrate", failed.stderr)
        self.assertIn("3", failed.stderr)
        states = {item["Service"]: item["State"] for item in self.containers()}
        self.assertEqual(states, {"web": "created", "migrate": "exited"})

    def test_restart_policies(self):
        self.compose("""
name: re
services:
  thrice: {image: local/busybox, command: [sh, -c, "echo run; exit 1"], restart: "on-failure:3"}
  once: {image: local/busybox, command: [sh, -c, "echo run; exit 1"]}
  happy: {image: local/busybox, command: [sh, -c, "echo run; exit 0"], restart: on-failure}
  always: {image: local/busybox, command: [sh, -c, "echo run; exec sleep 100000"], init: true, restart: always}
""")
        self.stack("up", "-d")
        wait_until(lambda: self.inspect("re-thrice-1")["RestartCount"] == 3 and self.inspect("re-thrice-1")["State"]["Status"] == "exited",
                   "three restarts, then given up")
        self.assertEqual(self.stack("logs", "--no-log-prefix", "thrice").stdout, "run\n" * 4)
        self.assertEqual(self.stack("logs", "--no-log-prefix", "once").stdout, "run\n")
        self.assertEqual(self.stack("logs", "--no-log-prefix", "happy").stdout, "run\n")
        os.kill(self.inspect("re-always-1")["State"]["Pid"], 9)
        wait_until(lambda: self.inspect("re-always-1")["RestartCount"] == 1 and self.inspect("re-always-1")["State"]["Running"], "started again")
        self.stack("stop", "-t", "1", "always")
        self.assertEqual(self.inspect("re-always-1")["State"]["Status"], "exited")

    def test_a_stop_that_meets_an_exit_has_the_last_word(self):
        self.compose("name: re\nservices:\n  always: {image: local/busybox, command: [sleep, '100000'], init: true, restart: always}\n")
        self.stack("up", "-d")
        path = "/containers/re-always-1"
        for moment in range(40):
            os.kill(self.inspect("re-always-1")["State"]["Pid"], signal.SIGKILL)
            for _ in range(moment % 10):  # at another step of the exit each time
                self.api("GET", "/_ping")
            self.assertIn(self.api("POST", f"{path}/stop?t=1")[0], (204, 304))
            self.assertEqual(self.inspect("re-always-1")["State"]["Status"], "exited", moment)
            self.assertEqual(self.api("POST", f"{path}/start")[0], 204, "it stayed down until it was started")

    def test_health_goes_from_starting_to_healthy_to_unhealthy(self):
        self.compose("""
name: he
services:
  app:
    image: local/busybox
    init: true
    command: [sh, -c, "sleep 0.2; touch /ready; exec sleep 100000"]
    healthcheck: {test: [CMD, cat, /ready], interval: 100ms, retries: 50}
""")
        self.stack("up", "-d", "--wait")
        self.assertEqual(self.inspect("he-app-1")["State"]["Health"]["Status"], "healthy")
        self.assertIn("(healthy)", self.stack("ps").stdout)

    def test_after_a_reboot_always_and_unless_stopped_come_back(self):
        self.compose("""
name: boot
services:
  always: {image: local/busybox, init: true, command: [sleep, "100000"], restart: always, ports: ["18085:80"]}
  unless: {image: local/busybox, init: true, command: [sleep, "100000"], restart: unless-stopped}
  stopped: {image: local/busybox, init: true, command: [sleep, "100000"], restart: unless-stopped, stop_grace_period: 1s}
  never: {image: local/busybox, init: true, command: [sleep, "100000"]}
""")
        self.stack("up", "-d")
        self.stack("stop", "stopped")
        run_root = self.run_root
        # a power cut: engine, shims and containers are gone at once, and /run is empty
        pids = [self.inspect(f"boot-{name}-1")["State"]["Pid"] for name in ("always", "unless", "never")]
        engine = self.engine_pids()
        shims = [pid for pid in self.processes() if pid not in engine]
        for signal in (19, 9):  # stopped first: none of them may see another one die and act on it
            for pid in engine + shims + pids:
                try:
                    os.kill(pid, signal)
                except ProcessLookupError:
                    pass
        wait_until(lambda: not self.processes(), "everything is dead")
        shutil.rmtree(run_root)
        states = {item["Service"]: item["State"] for item in self.containers()}
        wait_until(lambda: {item["Service"]: item["State"] for item in self.containers()} ==
                   {"always": "running", "unless": "running", "stopped": "exited", "never": "exited"}, f"restarted, was {states}")

    def test_two_ups_at_once_create_nothing_twice(self):
        services = "".join(f"  s{n}: {{image: local/busybox, init: true, command: [sleep, '100000'], stop_grace_period: 1s}}\n" for n in range(5))
        self.compose(f"name: twice\nservices:\n{services}")
        ups = [self.start("up", "-d") for _ in range(2)]
        for up in ups:
            output, errors = up.communicate(timeout=60)
            self.assertEqual(up.returncode, 0, output + errors)
        everything = self.api("GET", "/containers/json?all=1")[1]
        self.assertEqual(sorted(item["Names"][0] for item in everything), [f"/twice-s{n}-1" for n in range(5)])
        self.assertEqual(len([n for n in self.api("GET", "/networks")[1] if n["Name"].startswith("twice")]), 1)

    def test_events_tell_the_story(self):
        self.compose("name: ev\nservices:\n  app: {image: local/busybox, command: ['true']}\n")
        self.stack("up", "-d")
        wait_until(lambda: self.inspect("ev-app-1")["State"]["Status"] == "exited", "the command ended")
        self.stack("down")
        status, text = self.api("GET", "/events?since=1&until=" + str(int(__import__("time").time()) + 1))
        lines = text.splitlines() if isinstance(text, str) else [json.dumps(text)]
        actions = [event["Action"] for event in map(json.loads, lines) if event["Type"] == "container"]
        self.assertEqual(actions, ["create", "start", "die", "destroy"])


if __name__ == "__main__":
    unittest.main()
