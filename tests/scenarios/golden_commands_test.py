"""The outputs, messages and exit codes of commands are those recorded from docker compose 2.40 (tests/golden/commands) and from
docker 28.5 (tests/golden/docker_commands and docker_changes)."""
import unittest

import command_outputs
from harness import StackCase


class GoldenCommands(StackCase):
    def compare(self, folder: str):
        for command_line, wanted in zip(command_outputs.script(folder), command_outputs.expected(folder), strict=True):
            ran = self.stack(*command_line, check=False)
            with self.subTest(command_line):
                self.assertEqual(command_outputs.record_of(command_line, ran), wanted)

    def test_outputs_are_docker_composes(self):
        self.import_busybox()
        self.compose((command_outputs.GOLDEN / "commands/compose.yaml").read_text())
        self.compare("commands")

    def test_outputs_are_dockers(self):
        self.import_busybox("local/golden:1")
        self.compare("docker_commands")

    def test_changes_have_dockers_outputs(self):
        self.import_busybox("local/golden:1")
        self.compare("docker_changes")


if __name__ == "__main__":
    unittest.main()
