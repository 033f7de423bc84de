"""A data root that is full, has no inodes left or has become read-only: one clear error, everything can still be looked at, ended
and removed, an engine can start, and when there is room again everything goes on."""
import os
import re
import subprocess
import unittest

from harness import StackCase, need_kernel, read, wait_until

SIZE_MB = 64
# counts aloud (a line of 1 kB, so that what is left of a block is soon used up) and in memory
COUNTER = "i=0; while :; do i=$$((i+1)); printf 'tick %d %1000s\\\\n' $$i .; echo $$i >/dev/shm/n; sleep 0.05; done"


class OnADiskOfItsOwn(StackCase):
    """The data root is an ext4 file system in a file."""

    mkfs_options = []

    def setUp(self):
        need_kernel("loop devices", subprocess.run(["losetup", "--find"], capture_output=True).returncode == 0)
        self.addCleanup(self.unmount)  # after finish(): cleanups run backwards
        super().setUp()
        disk = self.base / "disk"
        with open(disk, "wb") as file:
            file.truncate(SIZE_MB << 20)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", *self.mkfs_options, disk], check=True)
        self.root.mkdir()
        subprocess.run(["mount", "-o", "loop", disk, self.root], check=True)
        self.before = self.leftovers(everything=True)
        self.import_busybox()

    def unmount(self):
        # what was killed at the end of the test may not have let go of its files yet
        if os.path.ismount(self.root):
            wait_until(lambda: subprocess.run(["umount", self.root], capture_output=True).returncode == 0, "the disk is free")
        subprocess.run(["rm", "-rf", self.base], check=True)

    def fill(self):
        """Takes every block that is left."""
        with open(self.root / "filler", "ab", buffering=0) as file:
            for size in (1 << 20, 4096, 512):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass

    def make_room(self):
        (self.root / "filler").unlink()

    def fails(self, *args, **kwargs) -> str:
        done = self.stack(*args, check=False, **kwargs)
        self.assertNotEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stderr.decode() if isinstance(done.stderr, bytes) else done.stderr

    def project(self):
        self.compose(f"""
name: full
services:
  web:
    image: local/busybox
    init: true
    command: [sh, -c, "{COUNTER}"]
    stop_grace_period: 1s
    volumes: ["data:/data", "/anonymous"]
  api: {{image: local/busybox, init: true, command: [sleep, "1000"], depends_on: [web]}}
volumes: {{data: }}
""")

    def pid(self, name: str) -> int:
        return self.inspect(name)["State"]["Pid"]

    def states(self) -> list:
        return sorted(container["State"] for container in self.containers())

    def written(self) -> int:
        return int(self.stack("exec", "-T", "web", "cat", "/dev/shm/n").stdout or 0)

    def log(self) -> str:
        return self.stack("logs", "--no-log-prefix", "web").stdout

    def recorded(self) -> int:
        return max([0, *map(int, re.findall(r"^tick (\d+) ", self.log(), re.MULTILINE))])

    def assert_all_gone(self):
        self.assertEqual(self.containers(), [])
        self.assertEqual([n["Name"] for n in self.api("GET", "/networks")[1] if n["Name"].startswith("full")], [])
        self.assertEqual(self.api("GET", "/volumes")[1]["Volumes"] or [], [])
        self.assertEqual(os.listdir(self.root / "containers"), [])


class FullDisk(OnADiskOfItsOwn):
    def full(self) -> str:
        return rf"no space left on device: {re.escape(str(self.root))} is full \(free: [0-9.]+k?B of [0-9.]+MB\)"

    def test_what_is_new_is_refused_with_one_clear_error(self):
        self.fill()
        self.project()
        self.assertRegex(self.fails("up", "-d"), "network default.*" + self.full())
        self.assert_all_gone()
        self.assertRegex(self.fails("image", "import", "-", "local/second", input=b"x" * (1 << 20)), self.full())
        self.write({"Dockerfile": "FROM local/busybox\nRUN true\n", "build.yaml": "services: {it: {build: .}}\n"})
        self.assertRegex(self.fails("-f", "build.yaml", "build"), "it.*" + self.full())

        self.make_room()
        self.stack("up", "-d")
        self.assertEqual(self.states(), ["running", "running"])

    def test_an_image_or_a_build_that_fills_the_disk_says_so_and_leaves_nothing(self):
        self.write({"Dockerfile": "FROM local/busybox\nRUN head -c 100000000 /dev/zero >/big\n",
                    "compose.yaml": "services: {it: {build: .}}\n"})
        free = os.statvfs(self.root).f_bfree
        message = self.fails("build")
        self.assertRegex(message, self.full())
        self.assertRegex(message, "it.*Dockerfile line 2|Dockerfile:2")
        big = self.base / "big"
        with open(big, "wb") as file:
            file.truncate(100 << 20)
        tar = subprocess.run(["tar", "-c", "-C", self.base, "big"], capture_output=True, check=True).stdout
        self.assertRegex(self.fails("image", "import", "-", "local/second", input=tar), self.full())
        wait_until(lambda: os.statvfs(self.root).f_bfree >= free - 256, "what was half made is removed")
        self.assertEqual(os.listdir(self.root / "tmp"), [])

    def test_what_runs_goes_on_and_can_be_seen_and_removed(self):
        self.project()
        self.stack("up", "-d")
        wait_until(lambda: self.recorded() > 0, "the first line is recorded")
        pid = self.pid("full-web-1")
        self.fill()

        self.assertEqual(self.states(), ["running", "running"])
        self.assertIn("tick 1 ", self.log())
        self.assertEqual(self.stack("exec", "-T", "web", "echo", "works").stdout, "works\n")
        self.stack("stop", "-t", "0", "api")
        self.stack("start", "api")

        self.kill_engine()  # a monitor, or the next command, starts another one
        self.assertEqual(self.states(), ["running", "running"])
        self.assertEqual(self.pid("full-web-1"), pid, "the running container was taken over")

        self.stack("down", "-v", "-t", "0")
        self.assert_all_gone()
        self.kill_engine()
        self.assert_all_gone()  # their rows, too

    def test_a_log_goes_on_when_there_is_room_again_and_says_what_it_lacks(self):
        self.project()
        self.stack("up", "-d")
        wait_until(lambda: self.recorded() > 0, "the first line is recorded")
        self.fill()
        wait_until(lambda: self.written() > self.recorded() + 5, "lines are lost")
        self.make_room()
        now = self.written()
        wait_until(lambda: self.recorded() > now, "lines are recorded again")
        self.assertRegex(self.log(), r"\nstack: \d+ bytes of output could not be recorded here: No space left on device\ntick")
        self.assertEqual(self.inspect("full-web-1")["RestartCount"], 0)


class NoInodes(OnADiskOfItsOwn):
    mkfs_options = ["-N", "1024"]

    def test_it_is_called_by_its_name_and_down_works(self):
        self.project()
        self.stack("up", "-d")
        many = self.root / "many"
        many.mkdir()
        with self.assertRaises(OSError):
            for number in range(2000):
                (many / str(number)).touch()
        self.compose("name: other\nservices: {one: {image: local/busybox}}\n")
        self.assertRegex(self.fails("up", "-d"),
                         rf"network default.*no space left on device: {re.escape(str(self.root))} has no inodes left \(free: 0 of \d+\)")
        self.kill_engine()
        self.project()
        self.stack("down", "-v", "-t", "0")
        self.assert_all_gone()


class ReadOnly(OnADiskOfItsOwn):
    mkfs_options = ["-e", "remount-ro"]
    run_root_stays = True

    def break_disk(self):
        """What the kernel does after an error of the disk."""
        device = next(line.split(" - ")[1].split()[1] for line in read("/proc/self/mountinfo").splitlines()
                      if line.split()[4] == str(self.root))
        trigger = f"/sys/fs/ext4/{os.path.basename(device)}/trigger_fs_error"
        need_kernel("way to make ext4 fail", os.path.exists(trigger))
        with open(trigger, "w") as file:
            file.write("1")
        with self.assertRaisesRegex(OSError, "Read-only file system"):
            (self.root / "probe").touch()

    def test_what_runs_can_be_seen_and_ended_and_the_error_says_why_no_more_is_possible(self):
        self.project()
        self.stack("up", "-d")
        self.break_disk()
        self.assertEqual(self.states(), ["running", "running"])
        self.assertRegex(self.fails("up", "-d", "--force-recreate"), f"{re.escape(str(self.root))}.*(?i:read-only file system)")
        self.stack("stop", "-t", "0")
        self.assertEqual(self.states(), ["exited", "exited"])
        self.assertRegex(self.fails("down", "-t", "0"), f"{re.escape(str(self.root))}.*(?i:read-only file system)")


if __name__ == "__main__":
    unittest.main()
