"""Named, anonymous, bind and tmpfs volumes."""
import unittest

from harness import StackCase

DOCKERFILE = """FROM local/busybox
RUN mkdir /data && echo from the image >/data/file && chown www:www /data && chmod 750 /data && ln -s file /data/link
"""


class Volumes(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()
        self.write({"Dockerfile": DOCKERFILE, "bound/file": "from the host"})

    def up(self, volumes: str, rest=""):
        self.compose(f"name: vol\nservices:\n  app:\n    build: .\n    init: true\n    command: [sleep, '100000']\n"
                     f"    stop_grace_period: 1s\n    volumes: {volumes}\n{rest}")
        self.stack("up", "-d", "--build")

    def inside(self, script, check=True) -> str:
        return self.stack("exec", "-T", "app", "sh", "-c", script, check=check).stdout

    def test_a_named_volume_is_filled_from_the_image_with_owner_and_mode(self):
        self.up("['data:/data']", "volumes: {data: }")
        self.assertEqual(self.inside("cat /data/link; stat -c '%U %G %a' /data"), "from the image\nwww www 750\n")
        self.inside("echo changed >/data/file")
        self.stack("down")
        self.stack("up", "-d")
        self.assertEqual(self.inside("cat /data/file"), "changed\n")
        self.stack("down", "-v")
        self.stack("up", "-d")
        self.assertEqual(self.inside("cat /data/file"), "from the image\n")
        self.stack("down", "-v")

    def test_volumes_are_shared_between_services_and_ro_is_read_only(self):
        self.up("['data:/data']", "  reader:\n    image: vol-app\n    command: [sleep, '100000']\n    init: true\n    volumes: ['data:/in:ro']\n"
                                  "    depends_on: [app]\nvolumes: {data: }")
        self.inside("echo shared >/data/new")
        self.assertEqual(self.stack("exec", "-T", "reader", "sh", "-c", "cat /in/new; touch /in/x 2>/dev/null || echo read-only").stdout,
                         "shared\nread-only\n")
        self.stack("down", "-v")

    def test_binds_show_the_hosts_files(self):
        self.up("['./bound:/b', './bound/file:/f:ro']")
        self.assertEqual(self.inside("cat /b/file /f"), "from the hostfrom the host")
        self.inside("echo x >/b/new")
        self.assertEqual((self.dir / "bound/new").read_text(), "x\n")
        self.assertEqual(self.inside("echo x >/f && echo rw || echo ro"), "ro\n")

    def test_a_missing_bind_source_is_created_unless_that_is_switched_off(self):
        self.up("['./made:/b', {type: bind, source: ./long, target: /c}]")
        self.assertTrue((self.dir / "made").is_dir())
        self.assertTrue((self.dir / "long").is_dir())
        self.stack("down")
        self.compose("name: vol\nservices:\n  app:\n    build: .\n    command: [sleep, \"100000\"]\n    volumes: [{type: bind, source: ./absent, target: /b, bind: {create_host_path: false}}]\n")
        failed = self.stack("up", "-d", check=False)
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn("absent", failed.stderr)
        self.stack("down")

    def test_anonymous_and_tmpfs(self):
        self.up("[/data, {type: tmpfs, target: /t, tmpfs: {size: 1m}}]")
        self.assertEqual(self.inside("cat /data/file; touch /t/x && echo ok"), "from the image\nok\n")
        self.assertIn("size=1024k", self.inside("grep ' /t ' /proc/mounts"))
        self.assertEqual(self.inside("stat -c %a /t").strip(), "1777")
        names = [v["Name"] for v in self.api("GET", "/volumes")[1]["Volumes"]]
        self.assertEqual(len(names), 1)
        self.stack("down", "-v")
        self.assertFalse(self.api("GET", "/volumes")[1]["Volumes"])


if __name__ == "__main__":
    unittest.main()
