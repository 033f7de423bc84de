"""What a container is, looked at from inside it."""
import os
import re
import time
import unittest

from harness import StackCase, read, wait_until


class Container(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()

    def service(self, keys: str = "", rest: str = ""):
        indented = "".join(f"    {line}\n" for line in keys.splitlines())
        self.compose(f"name: box\nservices:\n  app:\n    image: local/busybox\n    stop_grace_period: 1s\n{indented}{rest}")

    def inside(self, script: str, **kwargs) -> str:
        """What `sh -c script` prints in a one-off container of the service."""
        return self.stack("run", "--rm", "-T", "app", "sh", "-c", script, **kwargs).stdout

    def status(self, field: str, script="") -> str:
        return re.search(rf"^{field}:\s+(\S+)", self.inside(f"{script} cat /proc/self/status"), re.M)[1]

    def test_capabilities_are_dockers_fourteen(self):
        self.service()
        status = self.inside("cat /proc/self/status")
        for name, mask in (("CapPrm", "00000000a80425fb"), ("CapEff", "00000000a80425fb"), ("CapBnd", "00000000a80425fb"),
                           ("CapInh", "0000000000000000"), ("CapAmb", "0000000000000000")):
            self.assertRegex(status, rf"{name}:\s+{mask}")
        self.assertRegex(status, r"Seccomp:\s+2")
        self.assertRegex(status, r"NoNewPrivs:\s+0")

    def test_capabilities_can_be_added_and_dropped(self):
        self.service("cap_drop: [ALL]\ncap_add: [NET_ADMIN]")
        self.assertEqual(self.status("CapEff"), "0000000000001000")

    def test_privileged_has_them_all_and_no_filter(self):
        self.service("privileged: true")
        self.assertEqual(self.status("Seccomp"), "0")
        self.assertEqual(self.inside("mkdir /tmp/m && mount -t tmpfs x /tmp/m && echo mounted"), "mounted\n")

    def test_no_new_privileges_when_asked(self):
        self.service("security_opt: [no-new-privileges:true]")
        self.assertEqual(self.status("NoNewPrivs"), "1")

    def test_a_user_has_no_effective_capabilities(self):
        self.service("user: www")
        self.assertEqual(self.inside("id -u; id -g; id -G"), "33\n33\n33 44\n")
        self.assertEqual(self.status("CapEff"), "0000000000000000")
        self.service('user: "1000:1000"')
        self.assertEqual(self.inside("id -u; id -g"), "1000\n1000\n")
        self.service("user: nobody-here")
        failed = self.stack("run", "--rm", "-T", "app", "true", check=False)
        self.assertIn("nobody-here", failed.stderr)
        self.assertNotEqual(failed.returncode, 0)

    def test_processes_see_only_themselves(self):
        self.service()
        self.assertEqual(self.inside("echo $$; ls -d /proc/[0-9]*"), "1\n/proc/1\n")  # the shell; it lists before it starts ls

    def test_init_reaps(self):
        self.service("init: true\ncommand: [sleep, '100000']")
        self.stack("up", "-d")
        self.stack("exec", "-T", "app", "sh", "-c", "(sleep 0.1 &) ; true")
        wait_until(lambda: "Z" not in self.stack("exec", "-T", "app", "sh", "-c", "cat /proc/[0-9]*/stat | cut -d' ' -f3").stdout, "no zombie")

    def test_proc_sys_and_dev_are_as_docker_has_them(self):
        self.service()
        mounts = self.inside("cat /proc/self/mountinfo")
        self.assertRegex(mounts, r" /proc rw,nosuid,nodev,noexec,relatime - proc ")
        self.assertRegex(mounts, r" /sys ro,nosuid,nodev,noexec,relatime - sysfs ")
        self.assertRegex(mounts, r" /dev rw,nosuid.* - tmpfs .*size=65536k,mode=755")
        self.assertRegex(mounts, r" /dev/shm rw,nosuid,nodev,noexec,relatime - tmpfs .*size=65536k")
        self.assertRegex(mounts, r" /dev/mqueue rw,nosuid,nodev,noexec,relatime - mqueue ")
        self.assertRegex(mounts, r" / rw.* - overlay ")
        for path in ("bus", "fs", "irq", "sys", "sysrq-trigger"):
            if os.path.exists(f"/proc/{path}"):
                self.assertRegex(mounts, rf" /proc/{path} ro,")
        for path in ("kcore", "keys", "timer_list"):
            self.assertEqual(self.inside(f"cat /proc/{path} | wc -c"), "0\n", path)
        self.assertEqual(self.inside("ls /sys/firmware | wc -l"), "0\n")
        self.assertEqual(self.inside("ls /dev | sort | tr '\\n' ' '"),
                         "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero ")

    def test_programs_can_tell_that_they_are_in_a_container(self):
        self.service()
        self.assertEqual(self.inside("stat -c '%n %a %u %s' /.dockerenv"), "/.dockerenv 755 0 0\n")

    def test_no_descriptor_leaks_in(self):
        self.service()
        self.assertEqual(self.inside("ls /proc/self/fd | tr '\\n' ' '"), "0 1 2 3 ")  # 3 is ls's own

    def test_forbidden_things_are_forbidden(self):
        self.service()
        for command in ("mount -t tmpfs x /tmp", "unshare -U true", "hostname other", "mkdir /sys/fs/cgroup/memory/x || mkdir /sys/fs/cgroup/x",
                        "echo 1 > /proc/sys/kernel/panic", "dd if=/dev/vda of=/dev/null count=1", "mknod /tmp/d b 254 0 && cat /tmp/d"):
            self.assertEqual(self.inside(f"({command}) >/dev/null 2>&1 && echo done || echo refused"), "refused\n", command)

    def test_hostname_hosts_and_resolv_conf(self):
        self.service('hostname: boxed\ndomainname: example.org\nextra_hosts: ["other:10.9.8.7"]\ndns: [192.0.2.53]')
        self.assertEqual(self.inside("hostname"), "boxed\n")
        hosts = self.inside("cat /etc/hosts")
        self.assertRegex(hosts, r"127\.0\.0\.1\s+localhost")
        self.assertRegex(hosts, r"10\.9\.8\.7\s+other")
        self.assertRegex(hosts, r"\d+\.\d+\.\d+\.\d+\s+boxed")
        self.assertIn("nameserver 127.0.0.11", self.inside("cat /etc/resolv.conf"))

    def test_environment_and_working_directory(self):
        self.write({"extra.env": "FROM_FILE=yes\n"})
        self.service("environment:\n  A: 'b c'\n  EMPTY:\nenv_file: extra.env\nworking_dir: /not/there/yet")
        seen = self.inside("env; pwd")
        self.assertIn("A=b c\n", seen)
        self.assertIn("FROM_FILE=yes\n", seen)
        self.assertIn("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n", seen)
        self.assertIn("/not/there/yet\n", seen)

    def test_read_only_root_and_tmpfs(self):
        self.service("read_only: true\ntmpfs: [/scratch]")
        self.assertEqual(self.inside("touch /x 2>/dev/null && echo rw || echo ro; touch /scratch/x && echo rw"), "ro\nrw\n")
        self.assertRegex(self.inside("cat /proc/self/mountinfo"), r" /scratch rw,nosuid,nodev,noexec")

    def test_a_process_over_its_memory_limit_is_killed_and_reported(self):
        self.service("mem_limit: 16m\ncommand: [sh, -c, 'x=a; while :; do x=$$x$$x; done']")
        self.stack("up", "-d")
        wait_until(lambda: self.inspect("box-app-1")["State"]["Status"] == "exited", "the greedy process is dead")
        state = self.inspect("box-app-1")["State"]
        self.assertEqual((state["OOMKilled"], state["ExitCode"]), (True, 137))

    def test_half_a_cpu_is_half_a_cpu(self):
        self.service("cpus: 0.5\ninit: true\ncommand: [sh, -c, 'while :; do :; done']")
        self.stack("up", "-d")
        pid = self.inspect("box-app-1")["State"]["Pid"]

        def used():  # of init and its child, in ticks
            ticks = 0
            for line in self.stack("exec", "-T", "app", "sh", "-c", "cat /proc/[0-9]*/stat").stdout.splitlines():
                fields = line.rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
            return ticks

        self.assertGreater(pid, 0)

        def share():
            cpu, clock = used(), time.monotonic()
            time.sleep(4)  # the measurement itself
            return (used() - cpu) / 100 / (time.monotonic() - clock)

        # never more; less only while the machine is too busy to give it its half: then measured again
        def measured():
            value = share()
            self.assertLess(value, 0.55)
            return value > 0.45

        wait_until(measured, "half a processor")

    def test_pids_limit(self):
        self.service("pids_limit: 8")
        done = self.stack("run", "--rm", "-T", "app", "sh", "-c", "i=0; while [ $i -lt 20 ]; do sleep 5 & i=$((i+1)); done", check=False)
        self.assertIn("can't fork: Resource temporarily unavailable", done.stdout + done.stderr)

    def test_exit_codes_are_dockers(self):
        self.service()
        for command, code in ((["sh", "-c", "exit 3"], 3), (["no-such-program"], 127), (["/etc"], 126), (["sh", "-c", "kill -9 $$"], 137),
                              (["sh", "-c", "kill -TERM $$; sleep 5"], 143)):
            done = self.stack("run", "--rm", "-T", "--entrypoint", "", "app", *command, check=False)
            expected = code if command[0] != "sh" or "kill" not in command[2] else (code, 0)
            self.assertIn(done.returncode, expected if isinstance(expected, tuple) else (expected,), command)

    def test_stop_signal_and_entrypoint(self):
        self.service("stop_signal: SIGUSR1\nentrypoint: [sh, -c]\n"
                     "command: [\"trap 'echo got usr1; exit 4' USR1; echo ready; while :; do sleep 0.1; done\"]\n")
        self.stack("up", "-d")
        wait_until(lambda: "ready" in self.stack("logs", "app").stdout, "the trap is set")
        self.stack("stop", "-t", "5")
        self.assertIn("got usr1", self.stack("logs", "app").stdout)
        self.assertEqual(self.containers()[0]["ExitCode"], 4)

    def test_host_network_and_none(self):
        self.service("network_mode: none")
        self.assertEqual(self.inside("ls /sys/class/net | tr '\\n' ' '"), "lo ")
        self.service("network_mode: host")
        self.assertEqual(self.inside("readlink /proc/self/ns/net").strip(), os.readlink("/proc/self/ns/net"))

    def test_tty(self):
        self.service("tty: true\ncommand: [sh, -c, 'test -t 1 && echo terminal; sleep 1000']\ninit: true")
        self.stack("up", "-d")
        wait_until(lambda: "terminal" in self.stack("logs", "--no-log-prefix").stdout, "the line written to the terminal")

    def test_container_name_labels_and_restart_policy_show_in_inspect(self):
        self.service("container_name: named\nlabels: {tier: front}\nrestart: on-failure:3\ncommand: ['true']")
        self.stack("up", "-d")
        shown = self.inspect("named")
        self.assertEqual(shown["Config"]["Labels"]["tier"], "front")
        self.assertEqual(shown["HostConfig"]["RestartPolicy"], {"Name": "on-failure", "MaximumRetryCount": 3})
        self.assertEqual(shown["Config"]["Labels"]["com.docker.compose.service"], "app")

    def test_secrets_and_configs_from_files(self):
        self.write({"s.txt": "a secret", "c.txt": "a config"})
        self.service("secrets: [s]\nconfigs: [{source: c, target: /etc/c.conf}]",
                     "secrets:\n  s: {file: ./s.txt}\nconfigs:\n  c: {file: ./c.txt}\n")
        self.assertEqual(self.inside("cat /run/secrets/s /etc/c.conf; touch /run/secrets/s 2>/dev/null || echo read-only"), "a secreta configread-only\n")


if __name__ == "__main__":
    unittest.main()
