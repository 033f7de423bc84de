"""The flags of docker compose that stand before the command: --all-resources, --compatibility, --parallel."""
import unittest

from harness import StackCase

PROJECT = """
name: flags
services:
  a: {image: local/busybox, init: true, command: [sleep, '600'], healthcheck: {test: 'true'}}
  b: {image: local/busybox, init: true, command: [sleep, '600']}
  c: {build: ., profiles: [build]}
networks: {unused: {}}
volumes: {unused: {}}
"""


class GlobalFlags(StackCase):
    def setUp(self):
        super().setUp()
        self.compose(PROJECT)

    def test_resources_that_no_service_uses(self):
        self.assertNotIn("unused", self.stack("config").stdout)
        self.assertIn("flags_unused", self.stack("--all-resources", "config").stdout)
        self.import_busybox()
        self.stack("--all-resources", "up", "-d")
        self.assertIn("flags_unused", self.stack("network", "ls", "--format", "{{.Name}}").stdout.split())
        self.assertIn("flags_unused", self.stack("volume", "ls", "-q").stdout.split())
        self.stack("--all-resources", "down", "-v", "-t", "0")

    def test_names_of_docker_compose_1(self):
        self.import_busybox()
        self.stack("--compatibility", "up", "-d")
        self.assertEqual([item["Name"] for item in self.containers()], ["flags_a_1", "flags_b_1"])
        once = self.stack("--compatibility", "run", "--rm", "b", "hostname").stdout
        self.assertRegex(once, "^[0-9a-f]{12}\\n$")
        self.assertIn("flags_c", self.stack("--profile", "build", "config", "--images", env={"COMPOSE_COMPATIBILITY": "1"}).stdout.split())
        self.stack("--compatibility", "down", "-t", "0")
        self.assertEqual(self.containers(), [])

    def test_operations_one_at_a_time(self):
        self.import_busybox()
        self.stack("--parallel", "1", "up", "-d", "--wait")
        self.stack("--parallel", "1", "down", "-t", "0")
        self.stack("up", "-d", env={"COMPOSE_PARALLEL_LIMIT": "1"})
        wrong = self.stack("ps", env={"COMPOSE_PARALLEL_LIMIT": "some"}, check=False)
        self.assertEqual((wrong.returncode, wrong.stderr), (1, 'COMPOSE_PARALLEL_LIMIT must be an integer (found: "some")\n'))
        self.stack("--parallel", "-1", "down", "-t", "0")


if __name__ == "__main__":
    unittest.main()
