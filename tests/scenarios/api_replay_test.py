"""The requests of tests/support/api_replay.py to our engine, held against what a real Docker Engine answered to them
(tests/golden/api/answers.json, written by tests/golden/api/record). Where the two differ is a line of tests/golden/api/differences.txt:
one that appears, and one that is gone, fails.

STACK_API_DIFFERENCES=FILE writes the lines as they are now, to compare.
"""
import json
import os
import unittest

import api_replay
from harness import SOURCE, StackCase, rootfs

GOLDEN = SOURCE / "tests/golden/api"
# The kernel decides: counters and limits of cgroup v1 and v2, and what a disk or a moment makes null.
HOST_DEPENDENT = ("memory_stats", "blkio_stats", "precpu_stats.online_cpus", "precpu_stats.system_cpu_usage", "pids_stats", "networks",
                  "OomKillDisable", "MemorySwappiness", "percpu_usage", "DriverStatus", "RegistryConfig", "Runtimes", "Containerd.",
                  "FirewallBackend", "CDISpecDirs", "SecurityOptions", "Warnings", "Health.Log")


def host_dependent(path: str) -> bool:
    return any(word in path for word in HOST_DEPENDENT)


def differences(reference: dict, ours: dict) -> list:
    """One line each, in the order of steps."""
    lines = []
    for step, expected in sorted(reference.items()):
        got = ours.get(step)
        if got is None:
            lines.append(f"{step}: not asked")
            continue
        if got["status"] != expected["status"]:
            lines.append(f"{step}: status {expected['status']} is {got['status']}" + (f": {got['message']}" if "message" in got else ""))
            continue
        if got["type"] != expected["type"]:
            lines.append(f"{step}: type {expected['type']} is {got['type']}")
        for field in ("message", "text", "frames", "names"):
            if got.get(field) != expected.get(field):
                lines.append(f"{step}: {field} {json.dumps(expected.get(field))} is {json.dumps(got.get(field))}")
        wanted, seen = expected.get("shape", {}), got.get("shape", {})
        for path in sorted(wanted.keys() - seen.keys()):
            if not host_dependent(path):
                lines.append(f"{step}: lacks {path}")
        for path in sorted(seen.keys() - wanted.keys()):
            if not host_dependent(path):
                lines.append(f"{step}: has {path}")
        for path in sorted(wanted.keys() & seen.keys()):
            if wanted[path] != seen[path] and not host_dependent(path):
                lines.append(f"{step}: {path} {wanted[path]} is {seen[path]}")
    return lines


class ApiReplay(StackCase):
    def test_answers_are_those_of_a_docker_engine_but_for_the_known_differences(self):
        ours = api_replay.replay(str(self.start_engine()), rootfs("busybox-rootfs").read_bytes())
        found = differences(json.loads((GOLDEN / "answers.json").read_text()), ours)
        if "STACK_API_DIFFERENCES" in os.environ:
            with open(os.environ["STACK_API_DIFFERENCES"], "w") as out:
                out.write("".join(f"{line}\n" for line in found))
        known = [line for line in (GOLDEN / "differences.txt").read_text().splitlines() if line and not line.startswith("#")]
        self.assertEqual(sorted(set(found) - set(known)), [], "differences that are not known")
        self.assertEqual(sorted(set(known) - set(found)), [], "known differences that are gone")


if __name__ == "__main__":
    unittest.main()
