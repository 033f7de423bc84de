"""post_start and pre_stop run in the container, as docker compose runs them: after each start, before each stop, and a failure ends
the command but not the container."""
import unittest

from harness import StackCase

COMPOSE = """
name: hooks
services:
  good:
    image: local/busybox
    command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.1; done"]
    volumes: ["./out:/out"]
    post_start:
      - command: sh -c 'id -u >> /out/log; echo $$K >> /out/log; pwd >> /out/log'
        user: "1000"
        environment: {K: v}
        working_dir: /tmp
      - command: [sh, -c, "echo second >> /out/log"]
    pre_stop:
      - command: sh -c "echo stopping >> /out/log"
  bad:
    image: local/busybox
    command: sleep 1000
    profiles: [bad]
    post_start:
      - command: sh -c "echo oops; exit 3"
  stubborn:
    image: local/busybox
    command: sleep 1000
    profiles: [stubborn]
    pre_stop:
      - command: sh -c "exit 4"
"""

STARTED = ["1000", "v", "/tmp", "second"]


class Hooks(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()
        self.write({"compose.yaml": COMPOSE})
        self.write({"out/log": ""})
        (self.dir / "out/log").chmod(0o666)

    def log(self):
        """What was written since it was asked for last."""
        path = self.dir / "out/log"
        lines = path.read_text().split()
        path.write_text("")
        return lines

    def test_they_run_after_every_start_and_before_every_stop(self):
        self.stack("up", "-d")
        self.assertEqual(self.log(), STARTED)
        self.stack("up", "-d")
        self.stack("restart", "-t", "0")
        self.assertEqual(self.log(), ["stopping", *STARTED])
        self.stack("stop", "-t", "0")
        self.stack("stop")
        self.assertEqual(self.log(), ["stopping"])
        self.stack("start")
        self.assertEqual(self.log(), STARTED)
        self.stack("up", "-d", "--force-recreate", "-t", "0")
        self.assertEqual(self.log(), ["stopping", *STARTED])
        self.stack("down", "-t", "0")
        self.assertEqual(self.log(), ["stopping"])

    def test_one_that_fails_after_the_start_fails_the_command_and_leaves_the_container(self):
        failed = self.stack("up", "-d", "bad", check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("post_start[0] (compose.yaml:21:9) exited with 3: oops", failed.stderr)
        self.assertEqual(self.stack("ps", "--services").stdout.split(), ["bad"])

    def test_one_that_fails_before_the_stop_keeps_the_container(self):
        self.stack("up", "-d", "stubborn")
        failed = self.stack("stop", "stubborn", check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("pre_stop[0] (compose.yaml:27:9) exited with 4", failed.stderr)
        self.assertEqual(self.stack("ps", "--services").stdout.split(), ["stubborn"])
        self.stack("kill", "stubborn")


if __name__ == "__main__":
    unittest.main()
