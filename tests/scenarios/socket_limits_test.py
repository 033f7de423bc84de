"""The engine's socket under clients that are broken, slow, many or gone."""
import json
import os
import socket
import unittest

from harness import DEADLINE, StackCase, read, wait_until

JSON = "Host: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
CREATE = f"POST /v1.51/containers/create HTTP/1.1\r\n{JSON}"

# What is sent, and the status of the answer: that of a real Docker Engine 28.5 unless a comment names another.
REQUESTS = {
    "no HTTP": ("\x16\x03\x01\x02\x01\r\n\r\n", 400),
    "a header without an end": ("GET /_ping HTTP/1.1\r\nHost: x\r\nX: " + "a" * 1100 * 1024 + "\r\n\r\n", 431),
    "HTTP/1.0": ("GET /_ping HTTP/1.0\r\n\r\n", 200),
    "no Host": ("GET /_ping HTTP/1.1\r\nConnection: close\r\n\r\n", 200),  # Docker: 400
    "HTTP of another time": ("GET /_ping HTTP/9.9\r\nHost: x\r\n\r\n", 400),  # Docker: 505
    "HTTP/2 without an upgrade": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),  # Docker: a redirection
    "no length of a chunk": (f"{CREATE}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n", 400),
    "a chunk that is longer than it says": (f"{CREATE}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}XX0\r\n\r\n", 400),
    "no number as length": (f"{CREATE}Content-Length: zz\r\n\r\n{{}}", 400),
    "two lengths": (f"{CREATE}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}", 400),
    "a negative length": (f"{CREATE}Content-Length: -1\r\n\r\n{{}}", 400),
    "a body that ends early": (f"{CREATE}Content-Length: 20\r\n\r\n{{\"Image\":", 400),
    "no method": ("BREW /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
    "no path": ("GET /containers/a b/json HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a path that climbs": ("GET /containers/../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 301),
    "a NUL in a path": ("GET /containers/%00/json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
    "a space before a colon": ("GET /_ping HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    "JSON a hundred thousand lists deep": (f"{CREATE}Content-Length: 100000\r\n\r\n" + "[" * 100000, 400),
    "JSON that is not": (f"{CREATE}Content-Length: 7\r\n\r\n{{broken", 400),
    "JSON with bytes of no text": (f"{CREATE}Content-Length: 13\r\n\r\n{{\"Image\":\"\xff\"}}", 400),
    "JSON of many megabytes": (f"{CREATE}Content-Length: 8388608\r\n\r\n\"" + "a" * 8388606 + '"', 400),
}


class SocketLimits(StackCase):
    def setUp(self):
        super().setUp()
        self.path = self.start_engine()
        self.import_busybox()
        self.engine = self.engine_pids()[0]

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(DEADLINE)
        connection.connect(str(self.path))
        return connection

    def ask(self, request: str, half_close=False) -> bytes:
        with self.connect() as connection:
            try:
                connection.sendall(request.encode("latin-1"))
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            except BrokenPipeError:  # refused before all was sent: the answer is there
                pass
            answer = b""
            try:
                while piece := connection.recv(65536):
                    answer += piece
            except ConnectionResetError:
                pass
            return answer

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.engine}/fd"))

    def memory(self) -> int:
        """KiB that are the engine's own."""
        return sum(int(line.split()[1]) for line in read(f"/proc/{self.engine}/smaps_rollup").splitlines()
                   if line.startswith(("Private_Clean:", "Private_Dirty:")))

    def test_broken_requests_get_an_answer_and_harm_nobody(self):
        for what, (request, status) in REQUESTS.items():
            with self.subTest(what):
                answer = self.ask(request, half_close=what == "a body that ends early")
                head, _, body = answer.partition(b"\r\n\r\n")
                self.assertEqual(head.split(b" ")[1:2], [str(status).encode()], answer[:300])
                if status >= 400:
                    self.assertTrue(json.loads(body)["message"], answer[:300])
        self.assertEqual(self.api("GET", "/_ping"), (200, "OK"))
        self.assertEqual(self.engine_pids(), [self.engine], "it is the same engine")

    def test_thousands_of_idle_connections_cost_little_and_hinder_nobody(self):
        count = 1500
        self.api("GET", "/_ping")
        before = self.memory()
        open_ones = [self.connect() for _ in range(count)]
        self.addCleanup(lambda: [connection.close() for connection in open_ones])
        for connection in open_ones:
            connection.sendall(b"GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n")
        for connection in open_ones:
            self.assertTrue(connection.recv(4096).endswith(b"OK"))
        each = (self.memory() - before) / count
        print(f"{count} idle connections: {each:.1f} KiB of the engine's memory each")
        self.assertLess(each, 16)
        self.assertEqual(self.api("GET", "/_ping"), (200, "OK"))
        self.assertEqual(self.stack("image", "ls", "-q").stdout.count("\n"), 1)
        for connection in open_ones:
            connection.close()
        wait_until(lambda: self.descriptors() < count, "the engine has let go of them")

    def test_who_never_finishes_a_header_holds_nobody_up(self):
        slow = [self.connect() for _ in range(50)]
        self.addCleanup(lambda: [connection.close() for connection in slow])
        for connection in slow:
            connection.sendall(b"GET /_pi")
        self.assertEqual(self.api("GET", "/_ping"), (200, "OK"))

    def hijack(self, path, body=b"{}"):
        connection = self.connect()
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\n"
                           f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self.assertIn(b" 101 ", connection.recv(4096))
        return connection

    def test_hijacked_connections_of_clients_that_are_gone_are_let_go(self):
        config = {"Image": "local/busybox", "Cmd": ["cat"], "OpenStdin": True, "Tty": True, "HostConfig": {"Init": True}}
        status, made = self.api("POST", "/containers/create?name=cat", config)
        self.assertEqual(status, 201, made)
        self.assertEqual(self.api("POST", "/containers/cat/start")[0], 204)
        before = self.descriptors()
        for _ in range(20):
            self.hijack("/containers/cat/attach?stream=1&stdin=1&stdout=1").close()
        wait_until(lambda: self.descriptors() <= before, "the engine has let go of them")
        half_open = self.hijack("/containers/cat/attach?stream=1&stdin=1&stdout=1")
        half_open.sendall(b"typed\n")
        half_open.shutdown(socket.SHUT_WR)
        seen = b""
        while b"typed" not in seen:
            seen += half_open.recv(4096)
        half_open.close()
        wait_until(lambda: self.descriptors() <= before, "and of this one")
        self.assertTrue(self.api("GET", "/containers/cat/json")[1]["State"]["Running"])

    def test_followers_that_do_not_read_do_not_stop_the_engine(self):
        deaf = [self.connect() for _ in range(20)]
        self.addCleanup(lambda: [connection.close() for connection in deaf])
        for connection in deaf:
            connection.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        for number in range(100):
            self.assertEqual(self.api("POST", "/volumes/create", {"Name": f"v{number}"})[0], 201)
        self.assertEqual(self.api("POST", '/volumes/prune?filters={"all":["1"]}')[0], 200)


if __name__ == "__main__":
    unittest.main()
