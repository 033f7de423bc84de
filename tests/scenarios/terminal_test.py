"""The foreground `up` on a terminal: what stays on the screen is whole lines, each once, in an order that can be read."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from harness import DEADLINE, STACK, StackCase


class Screen:
    """What is seen of bytes: text, newline, carriage return, cursor up and down, erasing; colours are left out."""

    def __init__(self, rows: int):
        self.rows, self.lines, self.row, self.column = rows, [""], 0, 0

    def write(self, text: str):
        for code, count, final, plain in re.findall(r"(\x1b\[([0-9;?]*)([A-Za-z]))|(.)", text, re.DOTALL):
            if code:
                self.control(int(count or 1) if count.isdigit() or not count else 1, final)
            elif plain == "\n":
                self.row += 1
                if self.row == len(self.lines):
                    self.lines.append("")
            elif plain == "\r":
                self.column = 0
            else:
                line = self.lines[self.row].ljust(self.column)
                self.lines[self.row] = line[:self.column] + plain + line[self.column + 1:]
                self.column += 1

    def control(self, count: int, final: str):
        if final == "A":
            self.row = max(0, len(self.lines) - self.rows, self.row - count)
        elif final == "B":
            self.row = min(len(self.lines) - 1, self.row + count)
        elif final in "JK":
            self.lines[self.row] = self.lines[self.row][:self.column]
            if final == "J":
                del self.lines[self.row + 1:]

    def text(self) -> list:
        return [line.rstrip() for line in self.lines if line.strip()]


class Terminal(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()

    def up(self, *flags, env=None):
        """Starts `stack up` on a terminal of 24 by 80."""
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environment = {**self.env, "TERM": "xterm", **(env or {})}
        process = subprocess.Popen([str(STACK), *flags, "up"], cwd=self.dir, env=environment, stdin=theirs, stdout=theirs,
                                   stderr=theirs, start_new_session=True)
        os.close(theirs)
        self.bytes = b""
        self.addCleanup(os.close, self.ours)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def read_until(self, *wanted: str):
        """Until all of it has appeared; without an argument, until nobody writes any more."""
        end = time.monotonic() + DEADLINE
        while not wanted or any(text.encode() not in self.bytes for text in wanted):
            self.assertGreater(end, time.monotonic(), f"no {wanted!r} in {self.bytes!r}")
            if not select.select([self.ours], [], [], 1)[0]:
                continue
            try:
                self.bytes += os.read(self.ours, 65536)
            except OSError:  # nobody has the other end any more
                return

    def screen(self) -> list:
        screen = Screen(24)
        screen.write(self.bytes.decode().replace("\r\n", "\n\r"))
        return screen.text()

    SERVICES = """
name: term
services:
  early: {image: local/busybox, init: true, command: [sh, -c, "echo early bird; exec sleep 1000"], stop_grace_period: 1s}
  slow:
    image: local/busybox
    init: true
    command: [sh, -c, "sleep 0.5; touch /ready; exec sleep 1000"]
    stop_grace_period: 1s
    healthcheck: {test: test -e /ready, interval: 100ms, retries: 100}
  late: {image: local/busybox, init: true, command: [sh, -c, "echo late; exec sleep 1000"], stop_grace_period: 1s, depends_on: {slow: {condition: service_healthy}}}
"""

    def test_output_before_everything_is_up_leaves_nothing_half_drawn(self):
        self.compose(self.SERVICES)
        process = self.up()
        self.read_until("late-1   | late", "[+] Running 4/4")
        os.killpg(process.pid, signal.SIGINT)
        self.read_until()
        self.assertEqual(process.wait(DEADLINE), 130)
        lines = [re.sub(r" +\d+\.\ds$", "", line) for line in self.screen()]
        self.assertEqual(lines[:2], ["Attaching to early-1, late-1, slow-1", "early-1  | early bird"])
        block = lines.index("[+] Running 4/4")
        self.assertEqual([line.split("  ")[0] for line in lines[block + 1:block + 5]],
                         [" ✔ Network term_default", " ✔ Container term-early-1", " ✔ Container term-slow-1", " ✔ Container term-late-1"])
        self.assertEqual(lines.count("early-1  | early bird"), 1)
        self.assertEqual(lines.count("late-1   | late"), 1)
        self.assertEqual(sum("[+]" in line for line in lines), 2, lines)
        self.assertIn("Gracefully stopping... (press Ctrl+C again to force)", lines)
        stop = lines.index("[+] Stopping 3/3")
        self.assertTrue(all(line.endswith("Stopped") for line in lines[stop + 1:stop + 4]), lines)

    def test_a_service_that_fails_is_the_last_thing_to_see(self):
        self.compose(self.SERVICES.replace("sleep 0.5; touch /ready; exec sleep 1000", "echo broken; exit 5"))
        process = self.up()
        self.read_until()
        self.assertEqual(process.wait(DEADLINE), 1)
        lines = self.screen()
        self.assertRegex(lines[-3], r"^service slow, command \(.*\): ")
        self.assertEqual(lines[-1], "  broken")
        self.assertEqual(sum("[+]" in line for line in lines), 1, lines)

    def test_no_color_takes_only_the_colours(self):
        self.compose(self.SERVICES)
        for environment, colored in (({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)):
            process = self.up(env=environment)
            self.read_until("[+] Running 4/4")  # the coloured prefixes of output are no plain text
            os.killpg(process.pid, signal.SIGINT)
            self.read_until()
            self.assertEqual(process.wait(DEADLINE), 130)
            self.assertEqual(bool(re.search(rb"\x1b\[3\dm", self.bytes)), colored)
            self.assertIn(b"\x1b[K", self.bytes)
            self.stack("down")

    def test_plain_progress_moves_no_cursor(self):
        self.compose(self.SERVICES)
        process = self.up("--progress", "plain")
        self.read_until("late-1   | late", "term-late-1  Started")
        os.killpg(process.pid, signal.SIGINT)
        self.read_until()
        self.assertEqual(process.wait(DEADLINE), 130)
        self.assertNotIn(b"\x1b", self.bytes)
        self.assertIn(" Container term-late-1  Started", self.screen())


if __name__ == "__main__":
    unittest.main()
