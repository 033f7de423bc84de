"""Secrets, configs, volumes, mounts and logging: every key looked at from inside the container."""
import json
import os
import subprocess
import unittest

from harness import StackCase, read, wait_until


class StorageCase(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()

    def service(self, keys: str, rest: str = "", command="[sleep, '100000']") -> str:
        return (f"name: sto\nservices:\n  app:\n    image: local/busybox\n    init: true\n    command: {command}\n"
                f"    stop_grace_period: 0s\n{keys}\n{rest}\n")

    def up(self, keys: str, rest: str = "", env=None, command="[sleep, '100000']"):
        self.compose(self.service(keys, rest, command))
        return self.stack("up", "-d", env=env)

    def refusal(self, keys: str, rest: str = "", env=None) -> str:
        self.compose(self.service(keys, rest))
        done = self.stack("up", "-d", check=False, env=env)
        self.assertNotEqual(done.returncode, 0)
        return done.stderr

    def inside(self, script, service="app") -> str:
        return self.stack("exec", "-T", service, "sh", "-c", script).stdout

    def mount(self, path, service="app") -> tuple:
        """(options, optional fields, file system, super options) of a mount inside."""
        line = self.inside(f"grep ' {path} ' /proc/self/mountinfo", service).splitlines()[-1]
        before, after = line.split(" - ")
        fields = before.split()
        kind, _, options = after.split(" ", 2)
        return fields[5].split(","), fields[6:], kind, options.split(",")


class SecretsAndConfigs(StorageCase):
    KEYS = """    secrets:
      - token
      - {source: token, target: other, uid: "12", gid: "13", mode: 0400}
      - {source: token, target: /abs/token}
      - {source: filed, target: /abs/filed}
      - empty
    configs:
      - text
      - {source: text, target: rel/text, mode: 0600}
      - {source: variable, target: /etc/variable}
      - filed
"""
    REST = """secrets:
  token: {environment: TOKEN}
  filed: {file: ./file.txt}
  empty: {environment: EMPTY}
configs:
  text: {content: "hello ${WHO} $$x\\n"}
  variable: {environment: WHO}
  filed: {file: ./file.txt}
"""
    ENV = {"TOKEN": "top-secret-value", "EMPTY": "", "WHO": "you"}

    def setUp(self):
        super().setUp()
        self.write({"file.txt": "from a file\n"})

    def test_all_sources_with_owner_mode_and_target(self):
        self.up(self.KEYS, self.REST, self.ENV)
        self.assertEqual(self.inside("cat /run/secrets/token /abs/filed /text /rel/text /etc/variable /filed"),
                         "top-secret-valuefrom a file\nhello you $x\nhello you $x\nyoufrom a file\n")
        self.assertEqual(self.inside("stat -c '%n %u %g %a' /run/secrets/* /abs/token /text /rel/text"),
                         "/run/secrets/other 12 13 400\n/run/secrets/token 0 0 444\n/abs/token 0 0 444\n/text 0 0 444\n/rel/text 0 0 600\n")
        self.assertEqual(self.inside("echo x >/abs/filed || echo read-only; ls /run/secrets/empty || echo none"), "read-only\nnone\n")

    def test_a_secret_shows_nowhere_but_in_its_file(self):
        up = self.up(self.KEYS, self.REST, self.ENV)
        places = {
            "up": up.stdout + up.stderr,
            "inspect": self.stack("container", "inspect", "sto-app-1").stdout,
            "config": self.stack("config", env=self.ENV).stdout,
            "config --format json": self.stack("config", "--format", "json", env=self.ENV).stdout,
            "ps": self.stack("ps", "-a", "--format", "json").stdout,
            "logs": self.stack("logs").stdout,
        }
        for what, text in places.items():
            self.assertNotIn("top-secret-value", text, what)
        found = subprocess.run(["grep", "-rl", "top-secret-value", str(self.root)], capture_output=True, text=True).stdout.split()
        self.assertTrue(all("/snapshots/" in path for path in found), found)

    def test_one_off_and_recreated_containers_get_them_too(self):
        self.compose(self.service(self.KEYS, self.REST))
        self.assertEqual(self.stack("run", "--rm", "-T", "app", "cat", "/run/secrets/token", env=self.ENV).stdout, "top-secret-value")
        self.up(self.KEYS, self.REST, self.ENV)
        # as docker compose: other content alone replaces no container
        self.assertNotIn("Recreate", self.stack("up", "-d", env={**self.ENV, "TOKEN": "new"}).stderr)
        self.stack("up", "-d", "--force-recreate", env={**self.ENV, "TOKEN": "new"})
        self.assertEqual(self.inside("cat /run/secrets/token"), "new")
        self.stack("restart")
        self.assertEqual(self.inside("cat /run/secrets/token"), "new")

    def test_a_container_that_was_created_only_is_made_anew(self):
        self.compose(self.service(self.KEYS, self.REST))
        self.stack("up", "--no-start", env=self.ENV)
        self.stack("up", "-d", env={**self.ENV, "TOKEN": "second"})
        self.assertEqual(self.inside("cat /run/secrets/token"), "second")

    def test_what_cannot_be_is_refused_with_its_place_and_nothing_is_made(self):
        secret = "secrets: {s: {environment: NOT_SET_ANYWHERE}}\n"
        said = self.refusal("    secrets: [s]", secret)
        self.assertIn("compose.yaml:8:15: services.app.secrets[0]", said)
        self.assertIn('environment variable "NOT_SET_ANYWHERE" required by secret "s" is not set', said)
        self.assertIn("`file` is the sole supported option",
                      self.refusal("    secrets: [s]\n    read_only: true", secret, {"NOT_SET_ANYWHERE": "x"}))
        self.assertIn("is no number", self.refusal("    secrets: [{source: s, uid: www}]", secret, {"NOT_SET_ANYWHERE": "x"}))
        said = self.refusal("    configs: [c]", "configs: {c: {file: ./absent.txt}}")
        self.assertIn("absent.txt", said)
        self.assertEqual(self.containers(), [])
        self.stack("config")  # without a value the file still means something
        self.stack("down")

    def test_owner_and_mode_of_host_files_are_warned_about(self):
        done = self.up("    secrets: [{source: f, mode: 0400}]", "secrets: {f: {file: ./file.txt}}")
        self.assertIn("will be ignored", done.stderr)


class Volumes(StorageCase):
    def test_a_subpath_is_a_part_of_the_volume_that_no_link_leads_out_of(self):
        rest = "volumes: {data: }"
        self.up("    volumes: ['data:/data']", rest)
        self.inside("mkdir -p /data/a/b; echo deep >/data/a/b/f; ln -s /etc /data/out; ln -s a /data/in")
        part = "    volumes: ['data:/data', {{type: volume, source: data, target: /part, volume: {{subpath: {}}}}}]"
        self.up(part.format("a/b"), rest)
        self.assertEqual(self.inside("cat /part/f"), "deep\n")
        self.up(part.format("in/b"), rest)
        self.assertEqual(self.inside("cat /part/f"), "deep\n")
        for subpath in ("out", "absent", "a/../../.."):
            self.assertNotEqual(self.refusal(part.format(subpath), rest), "")
        self.assertIn("subpath must be a relative path within the volume", self.refusal(part.format("../x"), rest))

    def test_nocopy_and_labels(self):
        self.write({"Dockerfile": "FROM local/busybox\nRUN mkdir /data && echo image >/data/file\n"})
        self.up("    build: .\n    volumes: [{type: volume, source: data, target: /data, volume: {nocopy: true}},"
                " {type: volume, target: /anon, volume: {labels: {owner: me}}}]", "volumes: {data: {labels: {l: v}}}")
        self.assertEqual(self.inside("ls /data | wc -l").strip(), "0")
        volumes = {volume["Name"]: volume for volume in self.api("GET", "/volumes")[1]["Volumes"]}
        self.assertEqual(volumes.pop("sto_data")["Labels"]["l"], "v")
        (anonymous,) = volumes.values()
        self.assertEqual(anonymous["Labels"], {"owner": "me", "com.docker.volume.anonymous": ""})

    def test_local_driver_options_are_mounted_while_somebody_uses_them(self):
        (self.dir / "served").mkdir()
        keys = "    volumes: ['mem:/mem', 'there:/there', 'ro:/ro']\n"
        rest = (f"  other:\n    image: local/busybox\n    init: true\n    command: [sleep, '100000']\n    stop_grace_period: 0s\n"
                f"    volumes: ['mem:/mem']\nvolumes:\n  mem: {{driver_opts: {{type: tmpfs, device: tmpfs, o: 'size=1m,uid=7,nosuid'}}}}\n"
                f"  there: {{driver_opts: {{type: none, device: '{self.dir}/served', o: bind}}}}\n"
                f"  ro: {{driver_opts: {{type: none, device: '{self.dir}/served', o: 'bind,ro'}}}}\n")
        self.up(keys, rest)
        options, _, kind, details = self.mount("/mem")
        self.assertEqual((kind, "nosuid" in options), ("tmpfs", True))
        self.assertIn("size=1024k", details)
        self.assertEqual(self.inside("stat -c %u /mem; echo shared >/mem/f; echo x >/there/f; touch /ro/g || echo ro"), "7\nro\n")
        self.assertEqual(self.inside("cat /mem/f", "other"), "shared\n")
        self.assertEqual((self.dir / "served/f").read_text(), "x\n")
        mounts = lambda: [line for line in read("/proc/self/mountinfo").splitlines() if f"{self.root}/volumes" in line]
        self.assertEqual(len(mounts()), 3)
        self.stack("stop", "app")
        self.assertEqual(len(mounts()), 1)  # the other one still has mem
        self.kill_engine()
        self.assertEqual(self.inside("cat /mem/f", "other"), "shared\n")
        self.stack("start", "app")
        self.assertEqual(self.inside("cat /mem/f"), "shared\n")
        self.stack("stop")
        self.assertEqual(mounts(), [])
        # files of a stopped container go into its volumes as well
        self.write({"late": "late\n"})
        self.stack("cp", "late", "app:/there/late")
        self.assertEqual((self.dir / "served/late").read_text(), "late\n")
        wait_until(lambda: not mounts(), "the volumes are unmounted after the copy")
        self.stack("down", "-v")

    def test_driver_options_that_make_no_sense(self):
        for options, text in (("{type: tmpfs}", 'missing required option: "device"'), ("{bogus: x}", 'invalid option: "bogus"'),
                              ("{type: none, device: /does/not/exist, o: bind}", "failed to mount local volume")):
            self.assertIn(text, self.refusal("    volumes: ['v:/v']", f"volumes: {{v: {{driver_opts: {options}}}}}"))
            self.stack("down", "-v")
        self.assertIn('plugin "bogus" not found', self.refusal("    volumes: ['v:/v']", "volumes: {v: {driver: bogus}}"))
        self.assertIn('plugin "bogus" not found', self.refusal("    volumes: ['v:/v']\n    volume_driver: bogus", "volumes: {v: }"))

    def test_external_and_named_volumes(self):
        external = "volumes: {v: {external: true, name: kept}, n: {name: own-name}}"
        said = self.refusal("    volumes: ['v:/v', 'n:/n']", external)
        self.assertIn('external volume "kept" not found', said)
        self.api("POST", "/volumes/create", {"Name": "kept"})
        self.up("    volumes: ['v:/v', 'n:/n']", external)
        self.inside("echo x >/v/f")
        self.stack("down", "-v")
        self.assertEqual([volume["Name"] for volume in self.api("GET", "/volumes")[1]["Volumes"]], ["kept"])

    def test_volumes_from_services_and_containers(self):
        (self.dir / "b").mkdir()
        self.write({"b/f": "bound"})
        self.compose("name: ext\nservices:\n  ext:\n    image: local/busybox\n    container_name: lender\n    init: true\n"
                     "    command: [sleep, '100000']\n    stop_grace_period: 0s\n    volumes: [/extv]\n")
        self.stack("up", "-d")
        rest = ("  src:\n    image: local/busybox\n    init: true\n    command: [sleep, '100000']\n    stop_grace_period: 0s\n"
                "    volumes: [/srcv, 'named:/named', './b:/b']\nvolumes: {named: , own: }\n")
        self.up("    volumes_from: ['src:ro', 'container:lender']\n    volumes: ['own:/named']", rest)
        self.stack("exec", "-T", "src", "sh", "-c", "echo from src >/srcv/f; echo src >/named/f")
        self.assertEqual(self.inside("cat /srcv/f /b/f; touch /srcv/x /b/x 2>/dev/null || echo ro; touch /extv/x && echo rw; ls /named"),
                         "from src\nboundro\nrw\n")
        self.assertNotIn("Recreate", self.stack("up", "-d").stderr)
        self.assertIn("depends on undefined service 'nobody'", self.refusal("    volumes_from: [nobody]"))
        self.stack("down", "-v", "-p", "ext", check=False)

    def test_anonymous_volumes_are_handed_on_unless_renewed(self):
        self.up("    volumes: [/anon]")
        self.inside("echo kept >/anon/f")
        self.up("    volumes: [/anon]\n    environment: {A: b}")
        self.assertEqual(self.inside("cat /anon/f"), "kept\n")
        self.stack("up", "-d", "--force-recreate", "-V")
        self.assertEqual(self.inside("ls /anon"), "")
        self.assertEqual(len(self.api("GET", "/volumes")[1]["Volumes"]), 1)

    def test_an_image_is_mounted_read_only(self):
        self.write({"Dockerfile": "FROM local/busybox\nRUN mkdir -p /a/b && echo deep >/a/b/f\n"})
        self.up("    volumes: [{type: image, source: local/two, target: /img}, {type: image, source: local/two, target: /part, image: {subpath: a/b}},"
                " {type: image, source: local/busybox, target: /one, image: {subpath: etc}}]\n    depends_on: [made]",
                "  made: {build: ., image: local/two, command: ['true']}\n")
        self.assertEqual(self.inside("cat /img/a/b/f /part/f; ls /one | grep passwd; touch /img/x || echo ro; touch /one/x || echo ro"),
                         "deep\ndeep\npasswd\nro\nro\n")
        self.assertIn("cannot access path", self.refusal("    volumes: [{type: image, source: local/two, target: /img, image: {subpath: nope}}]"))
        self.assertRegex(self.refusal("    volumes: [{type: image, source: nosuch, target: /img}]"), r"service app, image nosuch \(compose\.yaml:\d+:\d+\): ")


class Mounts(StorageCase):
    def test_propagation_is_seen_from_inside(self):
        share = self.base / "share"
        share.mkdir()
        (share / "sub").mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", share], check=True)
        self.addCleanup(subprocess.run, ["umount", "-R", "-l", share])
        subprocess.run(["mount", "--make-shared", share], check=True)
        (share / "sub").mkdir()
        bind = "{{type: bind, source: {}, target: /{}, bind: {{propagation: {}}}}}"
        volumes = ", ".join(bind.format(share, word, word) for word in ("private", "rslave", "rshared"))
        self.up(f"    cap_add: [SYS_ADMIN]\n    security_opt: ['seccomp=unconfined']\n    volumes: [{volumes}]")
        optional = {word: " ".join(self.mount(f"/{word}")[1]) for word in ("private", "rslave", "rshared")}
        self.assertEqual(optional["private"], "")
        self.assertRegex(optional["rslave"], r"^master:\d+$")
        self.assertRegex(optional["rshared"], r"^shared:\d+")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", share / "sub"], check=True)
        (share / "sub/host").write_text("mounted later")
        self.assertEqual(self.inside("ls /private/sub; echo; ls /rslave/sub; ls /rshared/sub"), "\nhost\nhost\n")
        self.inside("mkdir /rshared/up; mount -t tmpfs tmpfs /rshared/up; touch /rshared/up/guest")
        self.assertTrue((share / "up/guest").exists())
        self.stack("down")
        subprocess.run(["umount", "-R", share], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", share], check=True)
        subprocess.run(["mount", "--make-private", share], check=True)
        self.assertIn("it is not a shared mount", self.refusal(f"    volumes: [{bind.format(share, 'x', 'shared')}]"))
        self.assertIn("it is not a shared or slave mount", self.refusal(f"    volumes: [{bind.format(share, 'x', 'rslave')}]"))
        self.assertIn("invalid propagation mode: bogus", self.refusal(f"    volumes: [{bind.format(share, 'x', 'bogus')}]"))

    def test_recursion_of_binds(self):
        tree = self.base / "tree"
        (tree / "sub").mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", tree / "sub"], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", tree / "sub"])
        (tree / "sub/f").write_text("below")
        bind = "{{type: bind, source: {0}, target: /{1}, read_only: {2}, bind: {{recursive: {1}}}}}"
        volumes = ", ".join(bind.format(tree, word, ro) for word, ro in (("enabled", "false"), ("disabled", "false"), ("writable", "true"), ("readonly", "true")))
        self.up(f"    volumes: [{volumes}, '{tree}:/plain:ro']")
        self.assertEqual(self.inside("for d in enabled disabled writable readonly plain; do echo $d $(ls /$d/sub) $(touch /$d/sub/new 2>/dev/null && echo rw);"
                                     " rm -f /$d/sub/new; done 2>/dev/null"),
                         "enabled f rw\ndisabled rw\nwritable f rw\nreadonly f\nplain f\n")
        said = self.refusal(f"    volumes: [{{type: bind, source: {tree}, target: /x, bind: {{recursive: bogus}}}}]")
        self.assertIn("compose.yaml:8:", said)
        self.assertIn("services.app.volumes[0].bind.recursive: 'bogus' is not one of", said)
        self.assertIn("needs 'read_only: true'", self.refusal(f"    volumes: [{{type: bind, source: {tree}, target: /x, bind: {{recursive: readonly}}}}]"))

    def test_selinux_letters_do_nothing_and_missing_sources_are_made_or_not(self):
        (self.dir / "b").mkdir()
        self.up("    volumes: ['./b:/z:z', './b:/Z:Z', {type: bind, source: ./b, target: /l, bind: {selinux: z}}, './made:/made']")
        self.assertEqual(self.inside("touch /z/1 /Z/2 /l/3; ls /z | wc -l").strip(), "3")
        self.assertTrue((self.dir / "made").is_dir())
        said = self.refusal("    volumes: [{type: bind, source: ./absent, target: /b, bind: {create_host_path: false, propagation: rprivate}}]")
        self.assertIn(f"bind source path does not exist: {self.dir}/absent", said)
        self.assertIn("compose.yaml:", said)
        self.assertFalse((self.dir / "absent").exists())

    def test_tmpfs_long_and_short(self):
        self.up("    tmpfs: ['/short:size=2m,mode=1700,uid=5,gid=6,exec', /plain]\n"
                "    volumes: [{type: tmpfs, target: /long, tmpfs: {size: 1m, mode: 0700}}, {type: tmpfs, target: /ro, read_only: true}]")
        self.assertEqual(self.inside("stat -c '%n %u %g %a' /short /plain /long"), "/short 5 6 1700\n/plain 0 0 1777\n/long 0 0 700\n")
        for path, size, executes in (("/short", "size=2048k", True), ("/long", "size=1024k", False), ("/plain", None, False)):
            options, _, kind, details = self.mount(path)
            self.assertEqual(kind, "tmpfs")
            self.assertEqual("noexec" in options, not executes)
            self.assertTrue({"nosuid", "nodev"} <= set(options))
            if size:
                self.assertIn(size, details)
        self.assertIn("ro", self.mount("/ro")[0])

    def test_kinds_of_other_systems_are_refused_with_their_place(self):
        for kind, word in (("npipe", "Windows"), ("cluster", "Swarm"), ("bogus", "not one of bind, volume, tmpfs, image")):
            said = self.refusal(f"    volumes: [{{type: {kind}, source: x, target: /x}}]")
            self.assertIn("compose.yaml:8:", said)
            self.assertIn("services.app.volumes[0].type", said)
            self.assertIn(word, said)


class Logging(StorageCase):
    SCRIPT = "[sh, -c, 'echo out; echo err >&2; printf part; exec sleep 100000']"

    def lines(self, path) -> list:
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def test_json_file_is_dockers_format_with_attributes(self):
        self.up("    logging: {driver: json-file, options: {labels: team, env: 'STAGE,NONE', tag: '{{.Name}}/{{.ImageName}}'}}\n"
                "    labels: {team: blue}\n    environment: {STAGE: test}", command=self.SCRIPT)
        path = self.inspect("sto-app-1")["LogPath"]
        self.assertTrue(path.endswith("-json.log"), path)
        wait_until(lambda: read(path).count("\n") == 3, "three lines are logged")
        lines = sorted(self.lines(path), key=lambda line: (line["stream"], line["log"]))
        self.assertEqual([(line["stream"], line["log"]) for line in lines], [("stderr", "err\n"), ("stdout", "out\n"), ("stdout", "part")])
        for line in lines:
            self.assertEqual(line["attrs"], {"team": "blue", "STAGE": "test", "tag": "sto-app-1/local/busybox"})
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")
        shown = self.stack("logs", "--no-log-prefix", "--no-color").stdout
        self.assertEqual(sorted(shown.split()), ["err", "out", "part"])

    def test_json_file_rotates_and_is_read_over_its_files(self):
        self.up("    logging: {driver: json-file, options: {max-size: 2k, max-file: '3'}}",
                command="[sh, -c, 'i=0; while [ $$i -lt 100 ]; do echo line $$i; i=$$((i+1)); done; exec sleep 100000']")
        path = self.inspect("sto-app-1")["LogPath"]
        wait_until(lambda: os.path.exists(path) and "line 99" in self.stack("logs").stdout, "the last line is logged")
        self.assertTrue(os.path.exists(path + ".2"))
        self.assertFalse(os.path.exists(path + ".3"))
        self.assertLess(os.path.getsize(path + ".1"), 2300)
        shown = [int(line.split()[1]) for line in self.stack("logs", "--no-log-prefix").stdout.splitlines()]
        self.assertEqual(shown, list(range(shown[0], 100)))
        self.assertGreater(shown[0], 0)
        self.assertEqual(self.stack("logs", "--no-log-prefix", "--tail", "2").stdout, "line 98\nline 99\n")

    def test_bytes_that_are_no_text_and_long_lines(self):
        self.up("    logging: {driver: json-file}", command="[sh, -c, \"printf 'a<b>&\\\\\\\"q\\\\\\\"\\\\351\\\\n'; printf '\\\\303'; sleep 0.2; printf '\\\\251\\\\n';"
                " head -c 40000 /dev/zero | tr '\\\\0' x; echo; exec sleep 100000\"]")
        path = self.inspect("sto-app-1")["LogPath"]
        wait_until(lambda: os.path.exists(path) and "".join(line["log"] for line in self.lines(path)).count("\n") == 3, "three lines are logged")
        text = "".join(line["log"] for line in self.lines(path))
        self.assertEqual(text.splitlines()[:2], ['a<b>&\\"q\\"\ufffd', "é"])
        self.assertEqual(text.splitlines()[2], "x" * 40000)
        self.assertLessEqual(max(len(line["log"]) for line in self.lines(path)), 16384)
        self.assertIn("\\u003c", read(path))

    def test_local_is_the_default_and_none_keeps_nothing(self):
        self.up("", command=self.SCRIPT)
        inspect = self.inspect("sto-app-1")
        self.assertEqual((inspect["HostConfig"]["LogConfig"], inspect["LogPath"]), ({"Type": "local", "Config": {}}, ""))
        self.up("    logging: {driver: local, options: {max-size: 1m}}", command=self.SCRIPT)
        wait_until(lambda: "part" in self.stack("logs").stdout, "the output is logged")
        self.up("    logging: {driver: none}", command=self.SCRIPT)
        done = self.stack("logs")
        self.assertIn("configured logging driver does not support reading", done.stderr)

    def test_drivers_and_options_that_are_not_there(self):
        for logging, text in (("{driver: bogus}", 'plugin "bogus" not found'), ("{driver: gelf}", 'log driver "gelf" is not supported'),
                              ("{driver: json-file, options: {bogus: '1'}}", "unknown log opt 'bogus' for json-file log driver"),
                              ("{driver: local, options: {labels: x}}", "unknown log opt 'labels' for log driver local"),
                              ("{driver: json-file, options: {max-size: zz}}", "invalid size: 'zz'"),
                              ("{driver: json-file, options: {max-file: '0'}}", "max-file cannot be less than 1"),
                              ("{driver: json-file, options: {compress: 'true'}}", "compress cannot be true"),
                              ("{driver: json-file, options: {tag: '{{.Bad}}'}}", "{{.Bad}} is not known"),
                              ("{driver: json-file, options: {mode: x}}", "logging mode not supported: x")):
            said = self.refusal(f"    logging: {logging}")
            self.assertIn(text, said)
            self.assertIn("compose.yaml:", said)


if __name__ == "__main__":
    unittest.main()
