"""Completion as bash uses it: the script is sourced and its function called for words as they would be typed."""
import subprocess
import unittest

from harness import STACK, StackCase


class BashCompletion(StackCase):
    def complete(self, *words):
        script = """source <("$STACK" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _stack 2>/dev/null
                    printf '%s\\n' "${COMPREPLY[@]}\""""
        done = subprocess.run(["bash", "-c", script, "bash", str(STACK), *words], cwd=self.dir, env={**self.env, "STACK": str(STACK)},
                              capture_output=True, text=True, check=True)
        return done.stdout.split()

    def test_commands_flags_and_services(self):
        self.compose("services: {web: {image: a}, worker: {image: a, profiles: [more]}, db: {image: b}}\n")
        self.write({"other.yaml": "services: {elsewhere: {image: a}}\n", "notes.txt": ""})
        self.assertEqual(self.complete("resta"), ["restart"])
        self.assertEqual(self.complete("up", "w"), ["web", "worker"])
        self.assertEqual(self.complete("up", "--remove"), ["--remove-orphans"])
        self.assertEqual(self.complete("logs", "--tail", "5", "d"), ["db"])
        self.assertEqual(self.complete("-f", "other.yaml", "logs", ""), ["elsewhere"])
        self.assertEqual(self.complete("up", "--attach", "=", "d"), ["db"])
        self.assertEqual(self.complete("-f", "no"), ["notes.txt"])
        self.assertEqual(self.complete("scale", "d"), ["db="])

    def test_what_the_engine_has(self):
        self.assertEqual(self.complete("image", "rm", ""), [])
        self.assertEqual(self.engine_pids(), [])  # a completion starts none
        self.import_busybox("local/one:1")
        self.stack("container", "create", "--name", "created", "local/one:1", "true")
        self.assertEqual(self.complete("container", "rm", "c"), ["created"])
        self.assertEqual(self.complete("image", "rm", "lo"), ["local/one:1"])
        self.assertEqual(self.complete("inspect", "c"), ["created"])
        self.assertEqual(self.complete("inspect", "lo"), ["local/one:1"])
        self.assertEqual(self.complete("container", "run", "--network", "br"), ["bridge"])
        self.stack("container", "rm", "created")

    def test_a_broken_file_completes_nothing_and_says_nothing(self):
        self.compose("services: [\n")
        self.assertEqual(self.complete("up", ""), [])


if __name__ == "__main__":
    unittest.main()
