"""Lists the products and their prices. PGHOST and the like say where they are."""
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        connection = psycopg2.connect(connect_timeout=5)
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT name, cents FROM products ORDER BY name")
            body = "".join(f"{name} {cents / 100:.2f}\n" for name, cents in cursor.fetchall()).encode()
        connection.close()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("", 8000), Shop).serve_forever()
