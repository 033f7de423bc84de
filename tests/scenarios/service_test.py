"""The engine as a service: in the foreground it takes over from an engine that was started on demand, and tells the service
manager what it does."""
import signal
import socket
import unittest

from harness import StackCase, wait_until


class Service(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()

    def start_service(self, *args):
        """`stack engine` as systemd runs it; returns the process and the socket it reports to, once it is ready."""
        notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(notices.close)
        path = self.base / f"notify{len(list(self.base.glob('notify*')))}"
        notices.bind(str(path))
        notices.settimeout(30)
        process = self.start("engine", "--root", self.root, *args, env={"NOTIFY_SOCKET": str(path)})
        self.assertEqual(notices.recv(100), b"READY=1", process.poll())
        return process, notices

    def running(self):
        return {c["ID"]: c["State"] for c in self.containers()}

    def test_it_takes_over_from_an_engine_on_demand_and_again_after_its_death(self):
        self.compose("name: service\nservices: {one: {image: local/busybox, init: true, command: [sleep, '1000']}}\n")
        self.stack("up", "-d")
        before = self.running()
        pid = self.inspect("service-one-1")["State"]["Pid"]

        process, _ = self.start_service()
        self.assertEqual(self.engine_pids(), [process.pid])
        self.assertEqual(self.running(), before)

        process.kill()
        process.wait()
        wait_until(self.engine_pids, "the monitor starts an engine")
        process, notices = self.start_service()
        self.assertEqual(self.engine_pids(), [process.pid])
        self.assertEqual((self.running(), self.inspect("service-one-1")["State"]["Pid"]), (before, pid))

        process.send_signal(signal.SIGTERM)
        self.assertEqual(notices.recv(100), b"STOPPING=1")
        self.assertEqual(process.wait(30), 0)
        self.assertEqual(self.running(), before, "a command starts an engine on demand again")
        self.stack("down", "-t", "0")

    def test_an_engine_in_the_foreground_stays(self):
        process, _ = self.start_service()
        second = self.stack("engine", check=False)
        self.assertEqual(second.returncode, 1)
        self.assertIn(f"another engine runs for {self.root}, as process {process.pid}: end that one first", second.stderr)
        self.assertIsNone(process.poll())

    def test_several_at_once_leave_one(self):
        """Also while commands come: whoever gets the lock, the others say who has it."""
        processes = [self.start("engine", "--root", self.root) for _ in range(3)]
        wait_until(lambda: sum(p.poll() is not None for p in processes) == 2, "two give way")
        self.stack("image", "ls")
        left = [p for p in processes if p.poll() is None]
        self.assertEqual([p.pid for p in left], self.engine_pids())
        for process in processes:
            if process not in left:
                self.assertIn("another engine runs", process.communicate()[1])


if __name__ == "__main__":
    unittest.main()
