"""Nothing depends on the engine staying alive: it is killed 20 times under load."""
import socket
import threading
import time
import unittest

from harness import StackCase, UnixHttp, wait_until

KILLS = 20
STACK_FILE = """
name: killed
services:
  writer:
    image: local/busybox
    init: true
    stop_grace_period: 1s
    # 50,000 numbered lines a second
    command: ["sh", "-c", "i=0; while :; do seq $$i $$((i+4999)); i=$$((i+5000)); usleep 100000; done"]
    logging: {driver: local, options: {max-size: 64k, max-file: "1000"}}
  web:
    image: local/busybox
    init: true
    stop_grace_period: 1s
    command: ["sh", "-c", "mkdir -p /www && echo hello >/www/index.html && exec httpd -f -p 80 -h /www"]
    ports: ["18081:80"]
    healthcheck: {test: ["CMD", "wget", "-qO", "/dev/null", "http://127.0.0.1/"], interval: 300ms, timeout: 2s}
  flaky:
    image: local/busybox
    restart: always
    init: true
    stop_grace_period: 1s
    command: ["sh", "-c", "exec sleep 100000"]
"""


class Client(threading.Thread):
    """Asks the published port for a page again and again until stopped; keeps every failure."""

    def __init__(self, host):
        super().__init__(daemon=True)
        self.host, self.failures, self.answers, self.stopped = host, [], 0, threading.Event()

    def run(self):
        while not self.stopped.wait(0.01):
            try:
                with socket.create_connection((self.host, 18081), timeout=5) as connection:
                    connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    answer = b""
                    while piece := connection.recv(4096):
                        answer += piece
                if b"hello" not in answer:
                    self.failures.append(f"answer {answer!r}")
                self.answers += 1
            except OSError as error:
                self.failures.append(repr(error))


class KillEngine(StackCase):
    def ping(self) -> bool:
        connection = UnixHttp(self.socket, timeout=5)
        try:
            connection.request("GET", "/_ping")
            with connection.getresponse() as answer:
                return answer.status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def health_probes(self, container) -> str:
        return self.inspect(container)["State"]["Health"]["Log"][-1]["Start"]

    def test_containers_ports_logs_and_names_survive(self):
        self.import_busybox()
        self.compose(STACK_FILE)
        self.stack("up", "-d", "--wait")
        self.socket = str(self.run_root / "engine.sock")
        pids = {name: self.inspect(f"killed-{name}-1")["State"]["Pid"] for name in ("writer", "web", "flaky")}
        clients = [Client("127.0.0.1"), Client("::1")]
        for client in clients:
            client.start()
        slowest = 0.0
        for _ in range(KILLS):
            old = self.engine_pids()
            self.assertEqual(len(old), 1, "exactly one engine")
            self.kill_engine()
            started = time.monotonic()
            # nobody runs a command: a shim starts the engine
            wait_until(self.ping, "the engine answers again")
            slowest = max(slowest, time.monotonic() - started)
            # a child that an engine has spawned but that has not executed its program yet looks like an engine
            new = wait_until(lambda: (lambda pids: pids if len(pids) == 1 else None)(self.engine_pids()), "exactly one new engine")
            self.assertNotEqual(old, new)
        print(f"slowest recovery: {slowest * 1000:.0f} ms")
        for name, pid in pids.items():
            self.assertEqual(self.inspect(f"killed-{name}-1")["State"]["Pid"], pid)
        self.assertIn("Address", self.stack("exec", "-T", "web", "nslookup", "flaky").stdout)
        self.assertEqual(len(self.containers()), 3)
        # health checks go on
        before = self.health_probes("killed-web-1")
        wait_until(lambda: self.health_probes("killed-web-1") != before, "a health probe after the last kill")
        # restart policies too
        self.stack("exec", "-T", "flaky", "kill", "-9", "-1", check=False)
        wait_until(lambda: self.inspect("killed-flaky-1")["State"]["Pid"] not in (0, pids["flaky"]), "flaky is started again")
        for client in clients:
            client.stopped.set()
            client.join()
            self.assertGreater(client.answers, 0)
            self.assertEqual(client.failures, [], f"{len(client.failures)} failures on {client.host}")
        self.stack("stop", "writer")
        lines = self.stack("logs", "--no-log-prefix", "writer").stdout.split()
        self.assertGreater(len(lines), 50_000)
        self.assertGreater(len(list((self.root / "containers").glob("*/logs/container.log.*"))), 5, "rotated several times")
        self.assertTrue(str(len(lines) - 1).startswith(lines.pop()), "only the last line may be cut: its writer was stopped")
        for expected, line in enumerate(lines):
            if line != str(expected):
                self.fail(f"line {expected} of the log is {line!r}, of {len(lines)}")

    def test_a_command_under_way_ends_with_a_clear_message(self):
        self.import_busybox()
        self.compose('name: killed\nservices:\n  web: {image: local/busybox, init: true, command: [sleep, "100000"]}\n')
        self.stack("up", "-d")
        running = self.start("exec", "-T", "web", "sh", "-c", "echo begun; exec sleep 100000")
        self.assertEqual(running.stdout.readline(), "begun\n")
        self.kill_engine()
        _, message = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 1)
        self.assertIn("the engine ended while the command ran in container killed-web-1", message)
        self.assertIn("exit status is unknown", message)
        self.assertEqual(self.containers()[0]["State"], "running")


if __name__ == "__main__":
    unittest.main()
