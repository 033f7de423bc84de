"""The docker command 28 against our engine: a row for every command that clients_test.py's do not have. (tests/client_rows_test.py holds
both together against docker's own list of its commands.) Needs what compose_test.py needs.
"""
import base64
import json
import re
import time
import unittest

import compose_test
from clients_test import IMAGE
from harness import rootfs, wait_until
from registry import Registry, basic_auth

NO_MANAGER = "(?i)this node is not a swarm manager"


class DockerCommands(compose_test.Reference):
    def running(self, name, *options, command=("sleep", "1000")):
        return self.docker("run", "-d", "--init", "--name", name, *options, IMAGE, *command).strip()

    def refused(self, *words, says):
        self.assertRegex(self.docker(*words, status=1), says)

    # --- containers ---

    def test_each_group_of_flags_of_run(self):
        run = self.docker
        self.write({"env.list": "A=1\nB=two words\n", "labels.list": "from=file\n"})
        self.assertEqual(run("run", "--rm", "--env-file", "env.list", "-e", "C=3", "--entrypoint", "sh", IMAGE, "-c", "echo $A $B $C"), "1 two words 3\n")
        limits = run("run", "--rm", "-m", "64m", "--memory-swap", "128m", "--memory-reservation", "32m", "--cpus", "0.5", "--cpu-shares", "512", "--cpuset-cpus", "0",
                     "--pids-limit", "50", "--ulimit", "nofile=100:200", "--oom-score-adj", "500", "--shm-size", "16m", IMAGE, "sh", "-c",
                     "ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj; df -k /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2")
        self.assertEqual(limits, "100\n200\n500\n16384\n")
        self.assertEqual(run("run", "--rm", "--hostname", "box", "--domainname", "example.com", "--add-host", "other:10.9.8.7", "--dns", "10.1.1.1",
                             "--dns-search", "example.org", "--dns-option", "ndots:2", IMAGE, "sh", "-c", "hostname; grep -c other /etc/hosts; cat /etc/resolv.conf").splitlines()[:2],
                         ["box", "1"])
        self.assertEqual(run("run", "--rm", "--cap-drop", "ALL", "--cap-add", "CHOWN", "--security-opt", "no-new-privileges", "-u", "5:6", "--group-add", "7", IMAGE, "sh", "-c",
                             "id -G; grep NoNewPrivs /proc/self/status"), "6 7\nNoNewPrivs:\t1\n")
        self.assertEqual(run("run", "--rm", "--sysctl", "net.ipv4.ip_forward=1", "--tmpfs", "/t:size=1m", "--read-only", IMAGE, "sh", "-c",
                             "cat /proc/sys/net/ipv4/ip_forward; touch /t/x; touch /x 2>/dev/null || echo read-only"), "1\nread-only\n")
        self.assertEqual(run("run", "--rm", "--mount", f"type=bind,src={self.dir},dst=/in,readonly", "-v", "kept:/kept", "--mount", "type=tmpfs,dst=/mem", IMAGE, "sh", "-c",
                             "cat /in/labels.list; echo x >/kept/file; touch /in/no 2>/dev/null || echo read-only"), "from=file\nread-only\n")
        self.assertEqual(run("run", "--rm", "--volume", "kept:/kept:ro", IMAGE, "cat", "/kept/file"), "x\n")
        self.assertEqual(run("run", "--rm", "--privileged", "--device", "/dev/null:/dev/nothing", IMAGE, "ls", "/dev/nothing"), "/dev/nothing\n")
        self.assertEqual(run("run", "--rm", "--pid", "host", "--ipc", "host", "--uts", "host", "--network", "host", "--cgroupns", "host", IMAGE, "echo", "shared"), "shared\n")
        run("run", "-d", "--name", "all", "--restart", "on-failure:2", "--stop-signal", "INT", "--stop-timeout", "1", "--label", "a=1", "--label-file", "labels.list",
            "--log-driver", "json-file", "--log-opt", "max-size=1m", "--health-cmd", "true", "--health-interval", "1s", "--cidfile", "id", "-P", "--expose", "99", "--init", IMAGE, "sleep", "1000")
        shown = json.loads(run("inspect", "all"))[0]
        self.assertEqual((self.dir / "id").read_text(), shown["Id"])
        self.assertEqual(shown["HostConfig"]["RestartPolicy"], {"Name": "on-failure", "MaximumRetryCount": 2})
        self.assertEqual((shown["Config"]["StopSignal"], shown["Config"]["Labels"]), ("INT", {"a": "1", "from": "file"}))
        self.assertEqual(shown["HostConfig"]["LogConfig"], {"Type": "json-file", "Config": {"max-size": "1m"}})
        self.assertIn("99/tcp", shown["NetworkSettings"]["Ports"])
        self.assertEqual(run("run", "--rm", "--volumes-from", "all", "--network", "container:all", "--pid", "container:all", IMAGE, "sh", "-c", "ps | grep -c 'sleep 100[0]'"), "2\n")
        self.assertIn("already in use", run("run", "--name", "all", IMAGE, "true", status=125))
        run("rm", "-f", "-v", "all")

    def test_stopped_containers_are_pruned(self):
        self.docker("create", "--name", "idle", IMAGE, "true")
        self.assertIn("Total reclaimed space", self.docker("container", "prune", "-f"))
        self.assertEqual(self.docker("ps", "-aq"), "")

    def test_a_container_is_told_with_its_size(self):
        self.running("sized")
        shown = json.loads(self.docker("container", "inspect", "--size", "sized"))[0]
        self.assertGreater(shown["SizeRootFs"], 0)

    def test_checkpoints_are_not_there(self):
        self.running("one")
        for words in (("checkpoint", "create", "one", "c"), ("checkpoint", "ls", "one"), ("checkpoint", "rm", "one", "c")):
            self.refused(*words, says="(?i)not implemented|only supported|not supported|experimental")

    # --- images ---

    def test_builds_by_their_other_name_and_their_cache(self):
        self.write({"Dockerfile": f"FROM {IMAGE}\nRUN touch /made\n"})
        self.assertIn("Successfully tagged", self.docker("builder", "build", "-t", "built:1", ".", env={"DOCKER_BUILDKIT": "0"}))
        self.assertIn("Total reclaimed space", self.docker("builder", "prune", "-a", "-f", env={"DOCKER_BUILDKIT": "0"}))

    def test_an_image_is_told_for_its_platform_only(self):
        self.assertEqual(self.docker("image", "inspect", "--platform", "linux/amd64", "-f", "{{.Os}}", IMAGE).strip(), "linux")
        self.refused("image", "inspect", "--platform", "linux/s390x", IMAGE, says="does not match the specified platform")
        self.refused("history", "--platform", "linux/s390x", IMAGE, says="does not match the specified platform")
        self.refused("rmi", "--platform", "linux/s390x", IMAGE, says="does not match the specified platform")
        self.refused("save", "--platform", "linux/s390x", "-o", "x.tar", IMAGE, says="platform")
        self.docker("save", "--platform", "linux/amd64", "-o", "x.tar", IMAGE)
        self.assertIn("Loaded image", self.docker("load", "--platform", "linux/amd64", "-i", "x.tar"))
        self.assertIn(IMAGE.split(":")[0], self.docker("image", "ls", "--tree"))

    def registry_with_login(self):
        registry = Registry(self, self.base / "registry", auth=basic_auth(self.base / "auth", "joe", "secret"))
        registry.login = "Basic " + base64.b64encode(b"joe:secret").decode()
        for tag in ("1", "2"):
            registry.put_image("app", tag, [rootfs("busybox-rootfs").read_bytes()])
        return registry

    def test_a_registry_with_logins(self):
        registry = self.registry_with_login()
        self.refused("pull", f"{registry.host}/app:1", says="no basic auth credentials|denied")
        self.refused("login", "-u", "joe", "-p", "wrong", registry.host, says="(?i)unauthorized|incorrect")
        self.assertIn("Login Succeeded", self.docker("login", "-u", "joe", "--password-stdin", registry.host, input="secret\n"))
        self.assertIn("Downloaded newer image", self.docker("pull", f"{registry.host}/app:1"))
        self.docker("pull", "--all-tags", f"{registry.host}/app")
        self.assertEqual(sorted(self.docker("images", "--format", "{{.Tag}}", f"{registry.host}/app").split()), ["1", "2"])
        self.refused("push", f"{registry.host}/app:1", says="not supported")
        self.assertIn("Removing login credentials", self.docker("logout", registry.host))
        self.refused("pull", f"{registry.host}/app:1", says="no basic auth credentials|denied")

    def test_manifest_lists_are_between_the_command_and_a_registry(self):
        registry = Registry(self, self.base / "registry")
        registry.put_image("app", "1", [rootfs("busybox-rootfs").read_bytes()])
        name, joined = f"{registry.host}/app:1", f"{registry.host}/app:all"
        self.assertIn("layers", self.docker("manifest", "inspect", "--insecure", name))
        self.docker("manifest", "create", "--insecure", joined, name)
        self.docker("manifest", "annotate", joined, name, "--os-features", "some")
        self.assertRegex(self.docker("manifest", "push", "--insecure", joined), "sha256:[0-9a-f]{64}")
        self.assertIn("\"manifests\"", self.docker("manifest", "inspect", "--insecure", joined))
        self.docker("manifest", "create", "--insecure", f"{registry.host}/app:unsent", name)
        self.docker("manifest", "rm", f"{registry.host}/app:unsent")
        self.assertIn("Downloaded newer image", self.docker("pull", joined))

    # --- the command's own ---

    def test_contexts_lead_to_our_engine(self):
        here = {"DOCKER_HOST": ""}
        self.docker("context", "create", "ours", "--docker", f"host=unix://{self.socket}", env=here)
        self.assertIn("ours", self.docker("context", "ls", env=here))
        self.docker("context", "update", "ours", "--description", "an engine", env=here)
        self.assertIn("an engine", self.docker("context", "inspect", "ours", env=here))
        self.docker("context", "use", "ours", env=here)
        self.assertEqual(self.docker("context", "show", env=here), "ours\n")
        self.assertIn(IMAGE.split(":")[0], self.docker("images", env=here), "it asks our engine")
        self.docker("context", "export", "ours", "ours.tar", env=here)
        self.docker("context", "use", "default", env=here)
        self.docker("context", "rm", "ours", env=here)
        self.docker("context", "import", "theirs", "ours.tar", env=here)
        self.assertIn("theirs", self.docker("context", "ls", "-q", env=here))

    def test_the_system(self):
        self.assertRegex(self.docker("system", "info", "--format", "{{.OSType}} {{.Swarm.LocalNodeState}}"), "linux inactive")
        self.assertIn("Build Cache", self.docker("system", "df"))
        self.docker("run", "--rm", "--name", "seen", IMAGE, "true")
        self.assertIn("seen", self.docker("system", "events", "--since", "1m", "--until", str(int(time.time()) + 1), "--filter", "event=die"))

    # --- what is a swarm's, or a plugin's ---

    def test_plugins_are_none(self):
        self.assertEqual(self.docker("plugin", "ls", "-q"), "")
        for words in (("plugin", "inspect", "p"), ("plugin", "disable", "p"), ("plugin", "enable", "p"), ("plugin", "rm", "p"),
                      ("plugin", "set", "p", "A=1"), ("plugin", "push", "p"), ("plugin", "upgrade", "--grant-all-permissions", "p"),
                      ("plugin", "install", "--grant-all-permissions", "p")):
            with self.subTest(words):
                self.refused(*words, says="(?i)plugin|not found|not supported|not implemented")
        (self.dir / "plugin/rootfs").mkdir(parents=True)
        self.write({"plugin/config.json": "{}"})
        self.refused("plugin", "create", "p", "plugin", says="(?i)plugin|not supported|not implemented")

    def test_swarms_answers_are_those_of_an_engine_that_is_no_manager(self):
        self.write({"file": "x\n", "stack.yaml": f"services: {{a: {{image: {IMAGE}}}}}\n"})
        needs_manager = [
            ("node", "ls"), ("node", "inspect", "n"), ("node", "promote", "n"), ("node", "demote", "n"), ("node", "ps", "n"), ("node", "rm", "n"),
            ("node", "update", "--availability", "drain", "n"),
            ("service", "ls"), ("service", "create", "--name", "s", IMAGE), ("service", "inspect", "s"), ("service", "logs", "s"), ("service", "ps", "s"),
            ("service", "rm", "s"), ("service", "rollback", "s"), ("service", "scale", "s=2"), ("service", "update", "--image", IMAGE, "s"),
            ("secret", "ls"), ("secret", "create", "s", "file"), ("secret", "inspect", "s"), ("secret", "rm", "s"),
            ("config", "ls"), ("config", "create", "c", "file"), ("config", "inspect", "c"), ("config", "rm", "c"),
            ("stack", "ls"), ("stack", "deploy", "-c", "stack.yaml", "s"), ("stack", "ps", "s"), ("stack", "rm", "s"), ("stack", "services", "s"),
            ("swarm", "join-token", "worker"), ("swarm", "ca"), ("swarm", "update", "--task-history-limit", "3"), ("swarm", "unlock-key"),
        ]
        for words in needs_manager:
            with self.subTest(words):
                self.refused(*words, says=NO_MANAGER)
        self.refused("swarm", "leave", says="not part of a swarm")
        self.refused("swarm", "unlock", says="(?i)swarm")
        for words in (("swarm", "init"), ("swarm", "join", "--token", "t", "127.0.0.1:2377")):
            self.refused(*words, says="(?i)not supported|not implemented|swarm")
        self.refused("volume", "update", "--availability", "drain", "v", says="(?i)swarm|no such volume|not found|only valid")
        self.assertIn(IMAGE, self.docker("stack", "config", "-c", "stack.yaml"), "which no engine is asked for")


del compose_test.Reference, compose_test.DockerCommand28, compose_test.Compose  # what is imported is no test of this file

if __name__ == "__main__":
    unittest.main()
