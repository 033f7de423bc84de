"""examples/hello as a new user brings it up."""
import json
import shutil
import unittest
import urllib.request

from harness import SOURCE, StackCase


class Hello(StackCase):
    def setUp(self):
        super().setUp()
        self.dir.rmdir()
        shutil.copytree(SOURCE / "examples/hello", self.dir)
        self.env["HELLO_PORT"] = "18080"
        self.import_busybox()

    def page(self) -> str:
        return urllib.request.urlopen("http://127.0.0.1:18080/", timeout=10).read().decode()

    def test_comes_up_answers_and_goes_away(self):
        self.stack("up", "-d", "--build", "--wait")
        self.assertIn("the API says: visit 1, API version 1", self.page())
        self.assertIn("the API says: visit 2", self.page())
        states = {item["Service"]: (item["State"], item["Health"]) for item in self.containers()}
        self.assertEqual(states, {"web": ("running", ""), "api": ("running", "healthy")})
        answer = self.stack("exec", "-T", "web", "wget", "-qO-", "http://counter:8000/cgi-bin/visits").stdout
        self.assertIn("visit 3", answer)
        self.assertRegex(self.stack("logs", "web").stdout, r"web-1  \| .*url:/")
        self.stack("down")
        self.assertEqual(self.containers(), [])

    def test_data_survives_down_and_down_v_removes_it(self):
        self.stack("up", "-d", "--build", "--wait")
        self.assertIn("visit 1,", self.page())
        self.stack("down")
        self.stack("up", "-d", "--wait")
        self.assertIn("visit 2,", self.page())
        self.stack("down", "-v")
        self.stack("up", "-d", "--wait")
        self.assertIn("visit 1,", self.page())
        self.stack("down", "-v")

    def test_a_second_up_changes_nothing(self):
        self.stack("up", "-d", "--build", "--wait")
        ids = self.stack("ps", "-q").stdout
        self.stack("up", "-d", "--wait")
        self.assertEqual(self.stack("ps", "-q").stdout, ids)
        self.stack("up", "-d", "--force-recreate", "--wait")
        self.assertNotEqual(self.stack("ps", "-q").stdout, ids)

    def test_a_changed_file_is_rebuilt_and_an_unchanged_one_is_not(self):
        self.stack("build")
        first = self.image_id("hello-web")
        self.stack("build")
        self.assertEqual(self.image_id("hello-web"), first)
        with open(self.dir / "web/index.cgi", "a") as file:
            file.write("# changed\n")
        self.stack("build")
        self.assertNotEqual(self.image_id("hello-web"), first)
        (self.dir / "web/notes.md").write_text("left out by .dockerignore")
        second = self.image_id("hello-web")
        self.stack("build")
        self.assertEqual(self.image_id("hello-web"), second)

    def image_id(self, name):
        status, image = self.api("GET", f"/images/{name}/json")
        self.assertEqual(status, 200, json.dumps(image))
        return image["Id"]


if __name__ == "__main__":
    unittest.main()
