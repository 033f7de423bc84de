"""SIGKILL of the engine at every operation boundary of `up` and of `down`, then a plain `up` or `down` puts everything right."""
import re
import unittest

from harness import SOURCE, StackCase

STACK_FILE = """
name: crash
services:
  web:
    image: local/busybox
    init: true
    command: [sleep, "100000"]
    ports: ["18082:80"]
    volumes: ["data:/data"]
    depends_on: [db]
    stop_grace_period: 1s
  db:
    image: local/busybox
    init: true
    command: [sleep, "100000"]
    networks: {default: {aliases: [store]}}
    stop_grace_period: 1s
volumes:
  data:
"""


def points() -> list:
    header = (SOURCE / "base/crash_point.hpp").read_text()
    return re.findall(r'string_view\{"([^"]+)"\}', header)


class CrashPoints(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()
        self.compose(STACK_FILE)

    def normalised(self) -> dict:
        """What `inspect` says of both containers, without what differs between any two runs."""
        result = {}
        for name in ("crash-web-1", "crash-db-1"):
            state = self.inspect(name)
            for key in ("Id", "Created", "ResolvConfPath", "HostnamePath", "HostsPath", "LogPath", "GraphDriver"):
                state.pop(key, None)
            for key in ("Pid", "StartedAt", "FinishedAt"):
                state["State"].pop(key)
            state["Config"].pop("Hostname")
            for key in ("SandboxID", "SandboxKey"):
                state["NetworkSettings"].pop(key, None)
            for network in state["NetworkSettings"]["Networks"].values():
                for key in ("NetworkID", "EndpointID", "IPAddress", "MacAddress", "DNSNames", "Gateway"):
                    network.pop(key, None)
            for key in ("EndpointID", "IPAddress", "MacAddress", "Gateway"):
                state["NetworkSettings"].pop(key, None)
            result[name] = state
        return result

    def host(self) -> dict:
        after = self.leftovers()
        after["directories"] = sorted(p.name for p in (self.root / "containers").iterdir()) if (self.root / "containers").exists() else []
        after["shims"] = [argv for argv in self.processes().values() if argv[1:2] != ["engine"]]
        return after

    def run_armed(self, point, *args) -> bool:
        """Runs a command with an engine that dies at `point`. True when it did die there."""
        self.stop_engine()  # so that the command starts one, which inherits its environment
        # a file of its own: the engine that follows a killed one may have inherited the variables, and must not die again
        self.runs = getattr(self, "runs", 0) + 1
        mark = self.base / f"crashed-at-{self.runs}"
        self.stack(*args, check=False, env={"STACK_CRASH_AT": point, "STACK_CRASH_MARK": str(mark)})
        if not mark.exists():
            return False
        self.assertEqual(mark.read_text(), point)
        return True

    def test_up_and_down_recover_from_a_kill_at_every_point(self):
        self.stack("up", "-d")
        undisturbed = self.normalised()
        self.stack("down", "-v")
        clean = self.host()
        passed = []
        for point in points():
            with self.subTest(point=point, during="up"):
                died = self.run_armed(point, "up", "-d")
                self.stack("up", "-d")
                self.assertEqual(self.normalised(), undisturbed)
                if died:
                    passed.append(point)
            with self.subTest(point=point, during="down"):
                died = self.run_armed(point, "down", "-v")
                self.stack("down", "-v")
                self.assertEqual(self.host(), clean)
                if died:
                    passed.append(point)
        self.assertEqual(sorted(set(passed)), sorted(points()), "every point was reached")


if __name__ == "__main__":
    unittest.main()
