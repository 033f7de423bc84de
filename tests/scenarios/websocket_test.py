"""Attaching by WebSocket, as browser consoles do: with a terminal and without, from the first byte to the exit and beyond."""
import struct
import unittest

from harness import StackCase, wait_until
from websocket import BINARY, CLOSE, PING, PONG, TEXT, WebSocket

NORMAL = struct.pack(">H", 1000)
PROTOCOL_ERROR = struct.pack(">H", 1002)


class AttachByWebSocket(StackCase):
    def setUp(self):
        super().setUp()
        self.socket = self.start_engine()
        self.import_busybox()

    def create(self, script, **config):
        status, answer = self.api("POST", "/containers/create?name=box", {"Image": "local/busybox", "Cmd": ["sh", "-c", script], "OpenStdin": True,
                                                                          "HostConfig": {"NetworkMode": "none", "Init": True}, **config})
        self.assertEqual(status, 201, answer)

    def post(self, action):
        status, answer = self.api("POST", f"/containers/box/{action}")
        self.assertIn(status, (200, 204), answer)

    def attach(self, query="stream=1&stdin=1&stdout=1&stderr=1"):
        client = WebSocket(str(self.socket), f"/containers/box/attach/ws?{query}")
        self.addCleanup(client.close)
        return client

    def state(self):
        return self.api("GET", "/containers/box/json")[1]["State"]

    def test_a_container_without_terminal_from_before_its_start_to_its_exit(self):
        self.create("echo ready; read line; printf 'got %s \\377\\n' \"$line\" >&2; exit 3")
        client = self.attach()
        self.post("start")
        self.assertEqual(client.receive_until(b"ready\n"), b"ready\n")
        client.send(TEXT, b"in", final=False)
        client.send(0, b"put\n")
        self.assertEqual(client.rest(), [(BINARY, b"got input \xff\n"), (CLOSE, NORMAL)], "both streams, without Docker's frames")
        self.assertEqual(self.state()["ExitCode"], 3)
        self.assertEqual(self.attach("logs=1&stderr=1").rest(), [(BINARY, b"got input \xff\n"), (CLOSE, NORMAL)])

    def test_a_terminal_echoes_and_its_detach_keys_leave_the_container_running(self):
        self.create("cat", Tty=True)
        self.post("start")
        client = self.attach("stream=1&stdin=1&stdout=1&detachKeys=ctrl-a,d")
        client.send(BINARY, b"hello\n")
        client.receive_until(b"hello\r\nhello\r\n")
        client.send(BINARY, b"\x01d")
        self.assertEqual(client.rest(), [(CLOSE, NORMAL)])
        self.assertTrue(self.state()["Running"])

    def test_a_goodbye_ends_the_session_and_not_the_container(self):
        self.create("cat")
        self.post("start")
        for query in ("stream=1&stdin=1&stdout=1", "stream=1&stdout=1"):
            client = self.attach(query)
            client.send(PING, b"still there")
            self.assertEqual(client.receive(), (PONG, b"still there"))
            client.send(CLOSE, NORMAL)
            self.assertEqual(client.rest(), [(CLOSE, NORMAL)], query)
        broken = self.attach()
        broken.socket.sendall(b"\x81\x03abc")  # no mask
        self.assertEqual(broken.rest(), [(CLOSE, PROTOCOL_ERROR)])
        self.assertTrue(self.state()["Running"])

    def test_stdin_once_ends_with_the_client_that_gave_it(self):
        self.create("cat; echo over", StdinOnce=True)
        self.post("start")
        client = self.attach()
        client.send(TEXT, b"last words\n")
        client.receive_until(b"last words\n")
        client.close()
        wait_until(lambda: not self.state()["Running"], "the container's input has ended")
        self.assertEqual(self.attach("logs=1&stdout=1").rest(), [(BINARY, b"last words\nover\n"), (CLOSE, NORMAL)])

    def test_much_output_arrives_whole(self):
        self.create("head -c 3000000 /dev/zero")
        client = self.attach("stream=1&stdout=1")
        self.post("start")
        self.assertEqual([(opcode, len(payload)) for opcode, payload in client.rest()], [(BINARY, 3000000), (CLOSE, 2)])

    def test_what_cannot_be_attached_to_is_told_before_the_handshake(self):
        self.create("cat")
        self.post("start")
        self.post("pause")
        self.assertEqual((self.attach().status, self.attach("detachKeys=zzz").status), (409, 400))
        self.assertEqual(WebSocket(str(self.socket), "/containers/none-such/attach/ws?stream=1").status, 404)
        self.post("unpause")
        self.assertEqual(self.api("GET", "/containers/box/attach/ws?stream=1&stdout=1"), (400, {"message": "not websocket protocol"}))


if __name__ == "__main__":
    unittest.main()
