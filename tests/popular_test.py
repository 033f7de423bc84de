#!/usr/bin/env python3
"""popular_test.py BUILD_DIR: Compose files of kinds that many people use mean to `stack config` what they mean to docker compose.

tests/golden/popular/NAME holds a project and config.json, the reference's `config --format json`.
"""
import json
import os
import pathlib
import subprocess
import sys
import unittest

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden/popular"
STACK = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else "build/release").resolve() / "stack"


def config(case: pathlib.Path):
    """What `stack config` says, or the text of its error."""
    env = {"PATH": os.environ["PATH"], "HOME": "/root"}
    done = subprocess.run([STACK, "config", "--format", "json"], cwd=case, env=env, capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr.strip()


def expected(case: pathlib.Path):
    return json.loads((case / "config.json").read_text().replace("/popular", str(GOLDEN)))


class Popular(unittest.TestCase):
    maxDiff = None

    def test_every_file_means_what_it_means_to_the_reference(self):
        cases = sorted(path.parent for path in GOLDEN.glob("*/config.json"))
        self.assertGreaterEqual(len(cases), 40)
        for case in cases:
            with self.subTest(case.name):
                self.assertEqual(config(case), expected(case))


if __name__ == "__main__":
    unittest.main()
