"""Logs that go to the host's journal or to a syslog server, written by the monitor: seen at a socket of the test's own."""
import pathlib
import re
import socket
import struct
import subprocess
import threading
import unittest

from harness import STACK, StackCase, wait_until

COMMAND = ["sh", "-c", "echo one; echo two >&2; echo; printf end"]


class Service:
    """Receives what comes: a datagram, or a line of a stream."""

    def __init__(self, family, kind, address):
        self.socket = socket.socket(family, kind)
        self.socket.bind(address)
        self.kind, self.messages = kind, []
        if kind == socket.SOCK_STREAM:
            self.socket.listen()
        threading.Thread(target=self.receive, daemon=True).start()

    def receive(self):
        try:
            while self.kind == socket.SOCK_DGRAM:
                self.messages.append(self.socket.recv(1 << 20))
            while True:
                connection, _ = self.socket.accept()
                threading.Thread(target=self.read_lines, args=(connection,), daemon=True).start()
        except OSError:
            pass

    def read_lines(self, connection):
        for line in connection.makefile("rb"):
            self.messages.append(line)

    def wait_for(self, count: int) -> list:
        wait_until(lambda: len(self.messages) >= count, f"{count} messages, not {self.messages}")
        return self.messages


def fields(message: bytes) -> dict:
    """Decodes journald's native protocol."""
    result = {}
    while message:
        line, _, message = message.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            length = struct.unpack_from("<Q", message)[0]
            value, message = message[8:8 + length], message[9 + length:]
        result[name.decode()] = value.decode()
    return result


class LogDrivers(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()

    def create(self, name, driver, options=None, command=COMMAND, binds=(), **config):
        host = {"Binds": list(binds), "LogConfig": {"Type": driver, "Config": options or {}}}
        body = {"Image": "local/busybox", "Cmd": command, "HostConfig": host, **config}
        status, answer = self.api("POST", f"/containers/create?name={name}", body)
        self.assertEqual(status, 201, answer)

    def run_to_the_end(self, name):
        self.assertEqual(self.api("POST", f"/containers/{name}/start"), (204, ""))
        self.assertEqual(self.api("POST", f"/containers/{name}/wait")[1]["StatusCode"], 0)

    def logs(self, name) -> list:
        """The words of each frame: headers have a NUL in them, words do not."""
        status, text = self.api("GET", f"/containers/{name}/logs?stdout=1&stderr=1")
        self.assertEqual(status, 200, text)
        return re.findall("[a-z]+", str(text))

    def test_syslog_over_every_transport(self):
        unix, stream = self.base / "dgram.sock", self.base / "stream.sock"
        services = {
            f"unixgram://{unix}": Service(socket.AF_UNIX, socket.SOCK_DGRAM, str(unix)),
            f"unix://{stream}": Service(socket.AF_UNIX, socket.SOCK_STREAM, str(stream)),
            "udp://127.0.0.1:5514": Service(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 5514)),
            "tcp://localhost:5515": Service(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 5515)),
        }
        for number, (address, service) in enumerate(services.items()):
            with self.subTest(address=address):
                name = f"log-{number}"
                self.create(name, "syslog", {"syslog-address": address, "syslog-facility": "local3", "tag": "{{.Name}}"})
                self.run_to_the_end(name)
                messages = [re.sub(rb"^<(\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d (\S+)\[\d+\]: ", rb"\1 \2 ", m) for m in service.wait_for(3)]
                self.assertEqual(sorted(messages), sorted(b"%d %s %s\n" % (priority, name.encode(), text) for priority, text in
                                                          ((158, b"one"), (155, b"two"), (158, b"end"))))
                self.assertEqual(sorted(self.logs(name)), ["end", "one", "two"])

    def test_a_service_that_is_not_there_fails_the_start(self):
        self.create("refused", "syslog", {"syslog-address": "tcp://127.0.0.1:5516"})
        status, answer = self.api("POST", "/containers/refused/start")
        self.assertEqual(status, 500)
        self.assertIn("failed to initialize logging driver: connect to tcp://127.0.0.1:5516: Connection refused", answer["message"])
        self.assertEqual(self.inspect("refused")["State"]["Status"], "created")

    def test_without_a_cache_nothing_is_read(self):
        service = Service(socket.AF_UNIX, socket.SOCK_DGRAM, str(self.base / "dgram.sock"))
        self.create("bare", "syslog", {"syslog-address": f"unixgram://{self.base}/dgram.sock", "cache-disabled": "true"})
        self.run_to_the_end("bare")
        service.wait_for(3)
        self.assertEqual(self.api("GET", "/containers/bare/logs?stdout=1"),
                         (501, {"message": "configured logging driver does not support reading"}))

    def test_messages_survive_the_engine(self):
        service = Service(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 5517))
        go = self.base / "go"
        go.mkdir()
        script = "i=0; for step in 1 2; do while ! test -e /go/$step; do usleep 20000; done; for n in $(seq 200); do echo line $i; i=$((i+1)); done; done"
        self.create("steady", "syslog", {"syslog-address": "tcp://127.0.0.1:5517"}, ["sh", "-c", script], [f"{go}:/go"])
        self.api("POST", "/containers/steady/start")
        (go / "1").touch()
        service.wait_for(200)
        self.kill_engine()
        (go / "2").touch()
        texts = [m.decode().split("]: ")[1] for m in service.wait_for(400)]
        self.assertEqual(texts, [f"line {n}\n" for n in range(400)])
        self.stack("image", "ls")  # an engine again, for what follows

    def test_journald(self):
        journal = self.base / "journal"
        journal.mkdir()
        service = Service(socket.AF_UNIX, socket.SOCK_DGRAM, str(journal / "socket"))
        # an engine that sees this socket where journald's is: started in a mount namespace of its own
        self.stop_engine()
        script = 'mkdir -p /run/systemd/journal && mount --bind "$1" /run/systemd/journal && shift && exec "$@"'
        subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", journal, STACK, "image", "ls"],
                       env=self.env, cwd=self.dir, check=True, stdout=subprocess.DEVNULL)
        self.create("journaled", "journald", {"tag": "{{.Name}}/{{.ID}}", "labels": "team", "env": "stage"},
                    ["sh", "-c", "echo one; head -c 20000 /dev/zero | tr '\\0' x; echo; echo two >&2"], Labels={"team": "blue"}, Env=["stage=test"])
        self.run_to_the_end("journaled")
        messages = [fields(m) for m in service.wait_for(4)]
        info = self.inspect("journaled")
        for message in messages:
            self.assertEqual({key: message[key] for key in ("CONTAINER_ID", "CONTAINER_ID_FULL", "CONTAINER_NAME", "CONTAINER_TAG", "IMAGE_NAME",
                                                            "SYSLOG_IDENTIFIER", "TEAM", "STAGE")},
                             {"CONTAINER_ID": info["Id"][:12], "CONTAINER_ID_FULL": info["Id"], "CONTAINER_NAME": "journaled",
                              "CONTAINER_TAG": f"journaled/{info['Id'][:12]}", "IMAGE_NAME": "local/busybox",
                              "SYSLOG_IDENTIFIER": f"journaled/{info['Id'][:12]}", "TEAM": "blue", "STAGE": "test"})
        out = [m for m in messages if m["PRIORITY"] == "6"]
        self.assertEqual([(len(m["MESSAGE"]), m.get("CONTAINER_PARTIAL_MESSAGE")) for m in out], [(3, None), (16384, "true"), (3616, None)])
        self.assertEqual([m["MESSAGE"] for m in messages if m["PRIORITY"] == "3"], ["two"])
        self.assertIn("one", self.logs("journaled"))

    def test_journald_is_missing(self):
        if pathlib.Path("/run/systemd/journal/socket").exists():
            self.skipTest("this host has a journal")
        self.create("nowhere", "journald")
        status, answer = self.api("POST", "/containers/nowhere/start")
        self.assertEqual((status, answer["message"]), (500, "failed to create task for container: failed to initialize logging driver: "
                                                            "journald is not enabled on this host"))


if __name__ == "__main__":
    unittest.main()
