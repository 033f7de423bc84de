"""HostConfig.Runtime names another OCI runtime of the host: it is driven by the runc command line, and the container is one like any
other. The other runtime here is our own program under its runc command line, which is as foreign to the engine as any, or that of
STACK_TEST_RUNTIME (runc or crun, where they are)."""
import os
import unittest

from harness import BUILD, StackCase, sanitized, wait_until

RUNTIME = os.environ.get("STACK_TEST_RUNTIME", str(BUILD / "stack-oci"))


class ForeignRuntime(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()

    def create(self, name, command, config=None, **host):
        status, answer = self.api("POST", f"/containers/create?name={name}", {
            "Image": "local/busybox", "Cmd": command, **(config or {}), "HostConfig": {"Runtime": RUNTIME, **host}})
        self.assertEqual(status, 201, answer)

    def start(self, name):
        self.assertEqual(self.api("POST", f"/containers/{name}/start"), (204, ""))

    def output(self, name) -> str:
        status, text = self.api("GET", f"/containers/{name}/logs?stdout=1&stderr=1")
        self.assertEqual(status, 200)
        frames, data = "", text.encode() if isinstance(text, str) else str(text).encode()
        while data:
            length = int.from_bytes(data[4:8], "big")
            frames += data[8:8 + length].decode()
            data = data[8 + length:]
        return frames

    def run_to_the_end(self, name, command, config=None, **host):
        self.create(name, command, config, **host)
        self.start(name)
        code = self.api("POST", f"/containers/{name}/wait")[1]["StatusCode"]
        return code, self.output(name)

    def test_the_life_of_a_container(self):
        self.create("one", ["sh", "-c", "echo up; trap 'exit 4' TERM; while :; do sleep 0.05; done"], {"User": "www", "Env": ["A=b"]},
                    Memory=64 << 20, PidsLimit=40)
        self.start("one")
        shim = self.run_root / "shims" / self.inspect("one")["Id"]
        self.assertTrue((shim / "runtime/state").is_dir(), "the other runtime has its state there")
        wait_until(lambda: self.output("one") == "up\n", "its output is recorded")
        done = self.api("POST", "/containers/one/exec", {"Cmd": ["sh", "-c", "id -u; echo $A; exit 6"], "AttachStdout": True, "Tty": False})
        self.api("POST", f"/exec/{done[1]['Id']}/start", {})
        self.assertEqual(self.api("GET", f"/exec/{done[1]['Id']}/json")[1]["ExitCode"], 6)
        missing = self.api("POST", "/containers/one/exec", {"Cmd": ["nosuch"], "AttachStdout": True})
        self.api("POST", f"/exec/{missing[1]['Id']}/start", {})
        self.assertEqual(self.api("GET", f"/exec/{missing[1]['Id']}/json")[1]["ExitCode"], 127)
        self.assertEqual(self.api("POST", "/containers/one/pause")[0], 204)
        self.assertEqual(self.inspect("one")["State"]["Status"], "paused")
        self.assertEqual(self.api("POST", "/containers/one/unpause")[0], 204)
        self.kill_engine()
        self.stack("image", "ls")
        self.assertEqual(self.inspect("one")["State"]["Status"], "running")
        self.assertEqual(self.api("POST", "/containers/one/stop")[0], 204)
        state = self.inspect("one")["State"]
        self.assertEqual((state["Status"], state["ExitCode"]), ("exited", 4))
        self.assertFalse(shim.exists())
        self.start("one")
        self.assertEqual(self.api("POST", "/containers/one/kill")[0], 204)

    @unittest.skipIf(sanitized(), "the init that a foreign runtime executes in the container is dynamic then")
    def test_what_config_json_cannot_say(self):
        """Users by name, an init, a part of a volume, the default filter, a terminal."""
        code, output = self.run_to_the_end("two", ["sh", "-c", "cat /proc/1/comm; id -un; grep ^Seccomp: /proc/self/status; unshare -U true; echo $?; hostname"],
                                           {"User": "www:extra", "Hostname": "named"}, Init=True)
        self.assertEqual(code, 0)
        self.assertEqual([line for line in output.splitlines() if "unshare" not in line], ["docker-init", "www", "Seccomp:\t2", "1", "named"])
        self.api("POST", "/volumes/create", {"Name": "parts"})
        self.run_to_the_end("fill", ["mkdir", "-p", "/v/a/b"], Binds=["parts:/v"])
        code, output = self.run_to_the_end("part", ["ls", "/v"], Mounts=[
            {"Type": "volume", "Source": "parts", "Target": "/v", "VolumeOptions": {"Subpath": "a"}}])
        self.assertEqual((code, output), (0, "b\n"))
        self.create("tty", ["tty"], {"Tty": True})
        self.start("tty")
        self.api("POST", "/containers/tty/wait")
        self.assertEqual(self.api("GET", "/containers/tty/logs?stdout=1")[1].strip(), "/dev/pts/0")
        for name in ("two", "fill", "part", "tty"):
            self.api("DELETE", f"/containers/{name}")
        self.api("DELETE", "/volumes/parts")

    def test_failures_are_told_as_dockers(self):
        self.create("missing", ["nosuch"])
        status, answer = self.api("POST", "/containers/missing/start")
        self.assertEqual(status, 400)
        self.assertIn("executable file `nosuch` not found in $PATH" if RUNTIME.endswith("crun") else 'create failed: unable to start container '
                      'process: error during container init: exec: "nosuch": executable file not found in $PATH', answer["message"])
        self.assertEqual(self.inspect("missing")["State"]["ExitCode"], 127)
        status, answer = self.api("POST", "/containers/create", {"Image": "local/busybox", "Cmd": ["true"], "HostConfig": {
            "Runtime": "nosuch"}})
        self.assertEqual((status, answer["message"]), (400, "unknown or invalid runtime name: nosuch"))

    @unittest.skipIf(sanitized(), "the init that a foreign runtime executes in the container is dynamic then")
    def test_compose_names_one(self):
        self.compose(f"name: foreign\nservices:\n  a:\n    image: local/busybox\n    runtime: {RUNTIME}\n    command: [sh, -c, 'echo hi; sleep 1000']\n    init: true\n"
                     "    stop_grace_period: 1s\n")
        self.stack("up", "-d")
        self.assertEqual(self.inspect("foreign-a-1")["HostConfig"]["Runtime"], RUNTIME)
        self.assertEqual(self.stack("exec", "-T", "a", "echo", "in").stdout, "in\n")
        self.stack("down")


if __name__ == "__main__":
    unittest.main()
