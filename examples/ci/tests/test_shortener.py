import http.client
import os
import unittest
import urllib.parse


class Shortener(unittest.TestCase):
    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(os.environ["APP"]).netloc, timeout=10)
        connection.request(method, path, body)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text, answer.getheader("Location")

    def test_a_short_address_leads_to_the_long_one(self):
        status, path, _ = self.ask("POST", "/", "https://example.org/a/long/way")
        self.assertEqual(status, 201)
        status, _, location = self.ask("GET", path)
        self.assertEqual((status, location), (302, "https://example.org/a/long/way"))

    def test_an_unknown_one_is_not_found(self):
        self.assertEqual(self.ask("GET", "/999")[0], 404)
