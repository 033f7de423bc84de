"""What a running container costs while nothing happens: the memory of its monitor and of the engine (design, section 7)."""
import unittest

from harness import StackCase, read, sanitized, wait_until

MONITOR_KB = 1024
ENGINE_KB = 15 * 1024


def pss_kb(pid) -> int:
    """Memory of a process in KiB, a page shared by n processes counted as 1/n; 0 once it is gone."""
    return sum(int(line.split()[1]) for line in read(f"/proc/{pid}/smaps_rollup").splitlines() if line.startswith("Pss:"))


@unittest.skipIf(sanitized(), "a sanitizer's memory says nothing")
class Footprint(StackCase):
    def monitor(self) -> int:
        [pid] = [pid for pid, argv in self.processes().items() if argv[:2] == ["stack-shim", "monitor"]]
        return pid

    def settles(self, pid, limit_kb, what):
        wait_until(lambda: 0 < pss_kb(pid) <= limit_kb, f"{what} takes {limit_kb} KiB at most")

    def test_a_lone_monitor_and_its_engine_are_small(self):
        self.import_busybox()
        self.compose("services:\n  web:\n    image: local/busybox\n    command: sleep 1000\n    ports: ['127.0.0.1:18231:80']\n")
        self.stack("up", "-d")
        monitor = self.monitor()
        self.settles(monitor, MONITOR_KB, "the monitor of a new container")
        [engine] = self.engine_pids()
        self.settles(engine, ENGINE_KB, "the engine")

        self.kill_engine()
        wait_until(self.engine_pids, "an engine is back")
        self.stack("exec", "web", "true")
        self.assertEqual(self.monitor(), monitor)
        self.settles(monitor, MONITOR_KB, "the monitor that has started an engine and told it its state")
        self.stack("down", "-t", "0")


if __name__ == "__main__":
    unittest.main()
