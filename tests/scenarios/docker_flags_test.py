"""Every flag that docker 28.5 and docker compose 2.40 list (tests/golden/docker_flags) is in the help of the same command here, with the same
letter, and takes a value or does not; differences.txt has those that are not, with the reason."""
import re
import unittest

import docker_words
from harness import StackCase

FLAG = re.compile(r"^ {2,6}(?:(-\w), )?(--[\w-]+)((?:, --[\w-]+)*)(?: (\S+))?(?:  |$)", re.M)


def differences() -> set:
    lines = (docker_words.FOLDER / "differences.txt").read_text().splitlines()
    return {line.split(": ")[0] for line in lines if not line.startswith("#")}


class DockerFlags(StackCase):
    def flags_of(self, words):
        """Name -> (letter, takes a value); None: there is no such command."""
        ran = self.stack(*words, "--help", check=False)
        if ran.returncode != 0:
            return None
        found = {}
        for short, name, others, value in FLAG.findall(ran.stdout):
            for each in [name, *others.replace(",", "").split()]:
                found[each] = (short, bool(value))
        return found

    def differing(self, command, prefix):
        """What differs of one command, as lines of differences.txt."""
        called = f"{prefix} {command.name}".strip()
        ours = self.flags_of(command.name.split())
        if ours is None:
            return [called]
        wrong = []
        for flag in command.flags:
            if flag.name == "--help" or (flag.name == "--dry-run" and command.name):
                continue
            if ours.get(flag.name) != (flag.short, bool(flag.kind)):
                wrong.append(f"{called} {flag.name}")
        return wrong

    def test_every_flag_is_there_or_named(self):
        groups = docker_words.GROUPS
        found = set()
        for command in docker_words.commands("docker.txt"):
            if command.name.split(" ")[0] in groups or command.name == "inspect":
                found.update(self.differing(command, "docker"))
        for command in docker_words.commands("compose.txt"):
            found.update(self.differing(command, "compose"))
        self.assertEqual(sorted(found - differences()), [], "missing here, and not in differences.txt")
        self.assertEqual(sorted(differences() - found), [], "in differences.txt, but no difference any more")


if __name__ == "__main__":
    unittest.main()
