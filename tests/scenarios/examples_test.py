# run-scenario: outside
"""The examples that need databases, nginx and Python, as a user without a registry brings them up: from Debian's packages."""
import json
import os
import shutil
import signal
import unittest
import urllib.error
import urllib.parse
import urllib.request

from harness import SOURCE, SharedRootCase, wait_until

BUILD_TIME = 540  # seconds that installing packages may take on a busy machine


class Examples(SharedRootCase):
    def bring(self, example: str, **env):
        """Goes into a copy of the example; the base image is imported by the first."""
        shutil.copytree(SOURCE / "examples", self.dir, dirs_exist_ok=True)
        self.dir = self.dir / example
        self.env.update(COMPOSE_FILE="compose.yaml:compose.offline.yaml", **env)
        self.addCleanup(self.stack, "down", "-v", "-t", "5", check=False)
        if not self.stack("image", "ls", "-q", "local/debian:12").stdout:
            self.import_debian()

    def up(self, *args, **kwargs):
        return self.stack("up", "-d", "--wait", *args, timeout=BUILD_TIME, **kwargs)

    def get(self, port: int, path="/") -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def try_get(self, port: int, path="/"):
        """The page, or nothing while it cannot be had."""
        try:
            return self.get(port, path)
        except (urllib.error.URLError, OSError):
            return ""

    # --- guestbook ---

    def sign(self, name: str):
        form = urllib.parse.urlencode({"name": name}).encode()
        urllib.request.urlopen("http://127.0.0.1:18080/", data=form, timeout=10).close()

    def test_guestbook(self):
        self.bring("guestbook", GUESTBOOK_PORT="18080")
        self.up("--build")
        self.assertIn("Visit number 1.", self.get(18080))
        self.sign("Ada <of London>")
        page = self.get(18080)
        self.assertIn("<li>Ada &lt;of London&gt;</li>", page)
        self.assertRegex(page, r"Visit number \d+\.")
        self.assertEqual({item["Service"]: item["Health"] for item in self.containers()},
                         {"web": "healthy", "db": "healthy", "cache": "healthy"})
        self.assertNotIn("correct horse", json.dumps([self.inspect(f"guestbook-{name}-1") for name in ("web", "db")]))

        self.stack("down")
        self.assertEqual(self.containers(), [])
        self.up()
        page = self.get(18080)
        self.assertIn("<li>Ada", page)
        self.assertIn("Visit number 1.", page)  # what Redis counted was not to be kept

        before = self.inspect("guestbook-db-1")
        os.kill(before["State"]["Pid"], signal.SIGKILL)
        after = wait_until(lambda: self.restarted("guestbook-db-1", before), "PostgreSQL runs again and is healthy")
        self.assertNotEqual(after["State"]["Pid"], before["State"]["Pid"])
        wait_until(lambda: "<li>Ada" in self.try_get(18080), "the page works again")
        self.sign("Grace")
        self.assertIn("<li>Grace</li>", self.get(18080))

    def restarted(self, name: str, before: dict):
        now = self.inspect(name)
        healthy = now["State"]["Running"] and now["State"]["Health"]["Status"] == "healthy"
        return now if healthy and now["RestartCount"] > before["RestartCount"] else None

    # --- balanced ---

    def answering(self, count: int) -> set:
        """The names that answer `count` requests."""
        return {name for name in (self.try_get(18081).strip() for _ in range(count)) if name}

    def hosts(self) -> set:
        ids = self.stack("ps", "-q", "app").stdout.split()
        return {self.inspect(identifier)["Config"]["Hostname"] for identifier in ids}

    def test_balanced(self):
        self.bring("balanced", BALANCED_PORT="18081")
        self.up("--build")
        replicas = self.hosts()
        self.assertEqual(len(replicas), 2)
        self.assertEqual(self.answering(8), replicas)

        proxy = self.inspect("balanced-proxy-1")["Id"]
        self.up("--scale", "app=3")
        self.assertEqual(len(self.hosts()), 3)
        wait_until(lambda: self.answering(12) == self.hosts(), "nginx follows to three replicas")

        self.up("--force-recreate", "--no-deps", "app")
        self.assertTrue(replicas.isdisjoint(self.hosts()))
        wait_until(lambda: self.answering(12) == self.hosts(), "nginx follows to the new replicas")
        self.assertEqual(self.inspect("balanced-proxy-1")["Id"], proxy)

    # --- migration ---

    def test_migration(self):
        self.bring("migration", SHOP_PORT="18082")
        self.up("--build")
        self.assertEqual(self.get(18082), "coffee 4.20\ntea 3.50\n")
        states = {item["Service"]: (item["State"], item["ExitCode"]) for item in self.containers()}
        self.assertEqual(states["migrate"], ("exited", 0))
        self.assertIn("002-prices.sql: done\n", self.stack("logs", "--no-log-prefix", "migrate").stdout)

        self.stack("down")
        (self.dir / "migrations/003-broken.sql").write_text("UPDATE products SET cents = 1;\nUPDATE nothing SET x = 1;\n")
        failed = self.up(check=False)
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn("migrate", failed.stderr)
        self.assertEqual(self.try_get(18082), "")
        self.assertIn('relation "nothing" does not exist', self.stack("logs", "migrate").stdout)

        (self.dir / "migrations/003-broken.sql").write_text("UPDATE products SET cents = cents + 10;\n")
        self.up()
        self.assertEqual(self.get(18082), "coffee 4.30\ntea 3.60\n")

    # --- ci ---

    def test_ci(self):
        self.bring("ci")
        passed = self.stack("up", "--build", "--exit-code-from", "tests", timeout=BUILD_TIME, check=False)
        self.assertEqual(passed.returncode, 0, passed.stdout + passed.stderr)
        self.assertRegex(passed.stderr, r"tests-1 +\| +OK")
        self.assertEqual({item["State"] for item in self.containers()}, {"exited"})

        failed = self.stack("up", "--exit-code-from", "tests", env={"BROKEN": "1"}, check=False)
        self.assertEqual(failed.returncode, 1, failed.stdout + failed.stderr)
        self.assertRegex(failed.stderr, r"tests-1 +\| +FAILED \(failures=1\)")

        alone = self.stack("run", "--rm", "-T", "tests", check=False)
        self.assertEqual(alone.returncode, 0, alone.stdout + alone.stderr)
        alone = self.stack("run", "--rm", "-T", "tests", "python3", "-c", "raise SystemExit(7)", check=False)
        self.assertEqual(alone.returncode, 7)


if __name__ == "__main__":
    unittest.main()
