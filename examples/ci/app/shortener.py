"""Shortens addresses: POST / with one gives a path, GET of that path leads there."""
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BROKEN = bool(os.environ.get("BROKEN"))  # to see the tests fail
addresses = []


class Shortener(BaseHTTPRequestHandler):
    def do_POST(self):
        addresses.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.answer(201, f"/{len(addresses) - 1}")

    def do_GET(self):
        if self.path == "/health":
            return self.answer(200, "ok")
        number = self.path[1:]
        if not number.isdigit() or int(number) >= len(addresses):
            return self.answer(404, "no such address")
        self.answer(302, "", "/" if BROKEN else addresses[int(number)])

    def answer(self, status, text, location=None):
        self.send_response(status)
        if location is not None:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


ThreadingHTTPServer(("", 8000), Shortener).serve_forever()
