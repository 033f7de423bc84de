"""An engine that ends takes its run root along, and nobody who needs one at that moment is left without, or gets a second one."""
import fcntl
import subprocess
import unittest

from harness import DEADLINE, STACK, StackCase, wait_until


class EngineEnd(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()
        self.compose("name: ends\nservices: {one: {image: local/busybox, init: true, command: [sleep, '1000'], restart: always}}\n")

    def test_the_run_root_stays_while_something_runs_and_goes_with_the_last_engine(self):
        self.stack("up", "-d")
        self.stop_engine()
        self.assertTrue((self.run_root / "shims").exists())
        self.stack("stop", "-t", "0")
        run_root = self.run_root
        self.stop_engine()
        self.assertFalse(run_root.exists())
        self.assertEqual([c["State"] for c in self.containers()], ["exited"], "the end of an engine is no reboot")
        self.stack("down")

    def test_a_locked_project_keeps_it(self):
        self.stack("up", "-d")
        self.stack("stop", "-t", "0")
        with open(self.run_root / "projects/ends.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.stop_engine()
            self.assertTrue((self.run_root / "projects/ends.lock").exists(), "somebody is at work")
        self.stack("down")

    def test_commands_that_come_while_engines_end_all_get_their_answer(self):
        env = {**self.env, "STACK_ENGINE_IDLE": "0.02"}
        run_root = self.run_root
        self.stop_engine()
        for _ in range(15):
            commands = [subprocess.Popen([STACK, "image", "ls", "-q"], cwd=self.dir, env=env, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True) for _ in range(3)]
            answers = [(*command.communicate(timeout=DEADLINE), command.returncode) for command in commands]
            for out, err, status in answers:
                self.assertEqual((status, err), (0, ""), out)
                self.assertEqual(len(out.split()), 1, "each engine sees the image")
            # the next ones come while this engine lets go
            wait_until(lambda: not (run_root / "engine.sock").exists(), "the engine ends")
        wait_until(lambda: not self.engine_pids(), "the last engine has ended")
        self.assertFalse(run_root.exists())


if __name__ == "__main__":
    unittest.main()
