"""The command lines of docker's tutorials, with `docker` replaced by `stack` and its words: what they print and how they end is what
docker 28.5 printed (tests/golden/docker_tutorials)."""
import os
import shutil
import unittest

import command_outputs
import docker_words
from harness import DEADLINE, STACK, StackCase

FOLDER = "docker_tutorials"


class DockerTutorials(StackCase):
    def test_the_lines_print_what_docker_prints(self):
        self.import_busybox("alpine")
        shutil.copytree(command_outputs.GOLDEN / FOLDER / "files", self.dir, dirs_exist_ok=True)
        programs = self.base / "programs"
        programs.mkdir()
        docker_words.write_docker(programs / "docker", STACK)
        environment = {**self.env, "PATH": f"{programs}:{os.environ['PATH']}"}
        for line, wanted in zip(command_outputs.shell_script(FOLDER), command_outputs.expected(FOLDER), strict=True):
            ran = command_outputs.run_in_shell(line, self.dir, environment, DEADLINE)
            with self.subTest(line):
                self.assertEqual(command_outputs.record_of(line, ran), wanted)


if __name__ == "__main__":
    unittest.main()
