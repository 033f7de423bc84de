"""A guestbook: GET / shows the entries and the number of visits, POST / adds an entry, GET /health answers when both stores do."""
import contextlib
import html
import os
import pathlib
import sys
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2
import redis

PORT = 8000
PAGE = """<!doctype html>
<title>Guestbook</title>
<h1>Guestbook</h1>
<p>Visit number {visits}.</p>
<form method="post"><input name="name" placeholder="Your name" required> <button>Sign</button></form>
<ul>
{entries}
</ul>
"""

cache = redis.Redis(host=os.environ["CACHE_HOST"], socket_timeout=5)


@contextlib.contextmanager
def database():
    """One connection per request: the next one works again as soon as the database does."""
    connection = psycopg2.connect(
        host=os.environ["DB_HOST"],
        dbname=os.environ["DB_NAME"],
        user=os.environ["DB_USER"],
        password=pathlib.Path(os.environ["DB_PASSWORD_FILE"]).read_text().strip(),
        connect_timeout=5,
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS entries (id serial PRIMARY KEY, name text NOT NULL)")
            yield cursor
    finally:
        connection.close()


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            return self.guarded(self.check)
        if self.path != "/":
            return self.answer(404, "not here\n", "text/plain")
        return self.guarded(self.show)

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"] or 0)).decode())
        names = form.get("name", [""])
        if not names[0].strip():
            return self.answer(400, "a name is needed\n", "text/plain")
        return self.guarded(lambda: self.add(names[0].strip()))

    def check(self):
        cache.ping()
        with database() as cursor:
            cursor.execute("SELECT 1")
        self.answer(200, "ok\n", "text/plain")

    def show(self):
        visits = cache.incr("visits")
        with database() as cursor:
            cursor.execute("SELECT name FROM entries ORDER BY id")
            entries = "\n".join(f"<li>{html.escape(name)}</li>" for (name,) in cursor.fetchall())
        self.answer(200, PAGE.format(visits=visits, entries=entries), "text/html; charset=utf-8")

    def add(self, name):
        with database() as cursor:
            cursor.execute("INSERT INTO entries (name) VALUES (%s)", (name,))
        self.send_response(303)
        self.send_header("Location", "/")
        self.end_headers()

    def guarded(self, handle):
        """A store that is away is a 503, not the end of the page."""
        try:
            handle()
        except (psycopg2.Error, redis.RedisError) as error:
            self.log_error("%s", error)
            self.answer(503, "the guestbook is closed for a moment\n", "text/plain")

    def answer(self, status, text, kind):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    if "--check" in sys.argv:
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health", timeout=4)
    else:
        ThreadingHTTPServer(("", PORT), Page).serve_forever()
