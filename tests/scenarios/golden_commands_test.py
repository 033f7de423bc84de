"""The outputs, messages and exit codes of commands are those recorded from docker compose 2.40 (tests/golden/commands)."""
import unittest

import command_outputs
from harness import StackCase


class GoldenCommands(StackCase):
    def test_outputs_are_docker_composes(self):
        self.import_busybox()
        self.compose((command_outputs.GOLDEN / "compose.yaml").read_text())
        expected = (command_outputs.GOLDEN / "expected.txt").read_text().split("$ ")[1:]
        for command_line, wanted in zip(command_outputs.script(), expected, strict=True):
            ran = self.stack(*command_line, check=False)
            with self.subTest(command_line):
                self.assertEqual(command_outputs.record_of(command_line, ran), "$ " + wanted)


if __name__ == "__main__":
    unittest.main()
