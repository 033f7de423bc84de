"""Jobs: `run` starts one as a service, after what it depends on; `up` leaves them alone."""
import unittest

from harness import StackCase

PROJECT = """
name: jobs
services:
  db:
    image: local/busybox
    init: true
    command: [sleep, "100000"]
    stop_grace_period: 1s
jobs:
  seed:
    image: local/busybox
    command: [sh, -c, "echo seeded > /data/seed"]
    volumes: [data:/data]
    triggers: {manual: true}
  report:
    image: local/busybox
    command: [sh, -c, "cat /data/seed; exit 3"]
    volumes: [data:/data]
    depends_on: [db, seed]
    profiles: [now and then]
    triggers: {manual: true}
  never:
    image: local/busybox
    profiles: [off]
    triggers: {manual: false, schedule: ["0 3 * * *"]}
volumes: {data: {}}
"""


class Jobs(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()
        self.compose(PROJECT)

    def names(self):
        return sorted(item["Name"] for item in self.containers())

    def test_run_does_a_job_after_what_it_waits_for(self):
        done = self.stack("run", "--rm", "-T", "report", check=False)
        self.assertEqual((done.returncode, done.stdout), (3, "seeded\n"), done.stderr)
        self.assertEqual(self.names(), ["jobs-db-1", "jobs-seed-1"])
        self.stack("down", "-v", "--remove-orphans")
        self.assertEqual(self.names(), [])

    def test_up_starts_services_and_names_the_jobs(self):
        done = self.stack("up", "-d")
        self.assertIn("jobs are started by `stack run`, and are not now: seed\n", done.stderr)
        self.assertEqual(self.names(), ["jobs-db-1"])

    def test_what_cannot_be_done_with_a_job_says_so(self):
        for arguments, message in (
                (("up", "-d", "seed"), "seed is a job, not a service: start it with `stack run seed`"),
                (("run", "never"), "compose.yaml:25:16: jobs.never.triggers.manual: false: it cannot be run by hand"),
                (("--profile", "off", "up", "-d"), "compose.yaml:25:31: jobs.never.triggers.schedule: jobs are not run on a schedule")):
            done = self.stack(*arguments, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(message, done.stderr)
        self.assertEqual(self.names(), [])


if __name__ == "__main__":
    unittest.main()
