"""`up --wait` tells the truth: what has ended, or cannot come up, is an error that says which container, how, and why."""
import unittest

from harness import StackCase, wait_until


class Wait(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()

    def services(self, **services):
        lines = "".join(f"  {name}: {{image: local/busybox, init: true, {keys}}}\n" for name, keys in services.items())
        self.compose("name: wait\nservices:\n" + lines)

    def fails(self, *args) -> str:
        done = self.stack("up", "--wait", *args, check=False)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        return done.stderr

    def test_a_container_that_ends_at_once_is_an_error_with_exit_code_and_log(self):
        self.services(app='command: [sh, -c, "echo no configuration; exit 3"]')
        message = self.fails()
        self.assertRegex(message, r"service app, command \(.*compose\.yaml:3:\d+\): container wait-app-1 exited \(3\)")
        self.assertIn("  no configuration", message)

    def test_a_container_that_was_short_of_memory_says_so(self):
        self.compose("name: wait\nservices:\n  app: {image: local/busybox, mem_limit: 8m, command: [tail, /dev/zero]}\n")
        self.assertIn("container wait-app-1 exited (137, out of memory)", self.fails())

    def test_ending_well_is_not_running_either(self):
        self.services(app='command: ["true"]')
        self.assertIn("container wait-app-1 exited (0)", self.fails())

    def test_what_others_wait_for_the_completion_of_may_end(self):
        self.services(app="command: [sleep, '1000'], depends_on: {migrate: {condition: service_completed_successfully}}",
                      migrate='command: ["true"]')
        self.stack("up", "--wait")

    def test_what_ends_while_others_are_waited_for_is_noticed(self):
        self.services(app="command: [sh, -c, 'while ! test -e /tmp/go; do sleep 0.1; done; echo gone; exit 4']",
                      slow="command: [sh, -c, 'until test -e /tmp/ready; do sleep 0.1; done; exec sleep 1000'],"
                           " healthcheck: {test: test -e /tmp/ready, interval: 100ms, retries: 600}")
        up = self.start("--progress", "plain", "up", "--wait")
        seen = ""
        while "wait-app-1  Healthy" not in seen:
            line = up.stderr.readline()
            self.assertTrue(line, seen)
            seen += line
        self.stack("exec", "-T", "app", "touch", "/tmp/go")
        wait_until(lambda: self.inspect("wait-app-1")["State"]["Status"] == "exited", "app ended")
        self.stack("exec", "-T", "slow", "touch", "/tmp/ready")
        _, message = up.communicate(timeout=60)
        self.assertEqual(up.returncode, 1, message)
        self.assertIn("container wait-app-1 exited (4)", message)
        self.assertIn("  gone", message)

    def test_a_container_that_comes_up_at_the_second_attempt_is_up(self):
        self.services(app="restart: on-failure, command: [sh, -c, 'test -e /tmp/again || { touch /tmp/again; exit 1; }; exec sleep 1000']")
        self.stack("up", "--wait")
        self.assertEqual(self.inspect("wait-app-1")["RestartCount"], 1)

    def test_a_restart_policy_that_gives_up_is_an_error(self):
        self.services(app="restart: 'on-failure:2', command: [sh, -c, 'echo run; exit 5']")
        message = self.fails()
        self.assertIn("container wait-app-1 exited (5)", message)
        self.assertIn("  run\n  run\n  run", message)

    def test_an_unhealthy_container_shows_its_last_probe(self):
        self.services(app="command: [sh, -c, 'echo started; exec sleep 1000'],"
                          " healthcheck: {test: 'echo connection refused; false', interval: 50ms, retries: 2}")
        message = self.fails()
        self.assertIn("container wait-app-1 is unhealthy: connection refused", message)
        self.assertIn("  started", message)

    def test_the_wait_can_be_bounded(self):
        self.services(app="command: [sleep, '1000'], healthcheck: {test: 'false', interval: 1h}")
        self.assertIn("not up after 1 s: container wait-app-1 is not healthy yet", self.fails("--wait-timeout", "1"))
        self.assertEqual(self.containers()[0]["State"], "running", "it is left as it is")

    def test_what_runs_already_needs_no_wait(self):
        self.services(app="command: [sleep, '1000']")
        self.stack("up", "-d")
        self.assertIn("Running", self.stack("up", "--wait").stderr)


if __name__ == "__main__":
    unittest.main()
