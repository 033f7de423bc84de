"""Files in and out of containers: the archive endpoints and `stack cp`. Expected answers were recorded from the reference."""
import base64
import gzip
import io
import json
import lzma
import subprocess
import tarfile
import unittest

from harness import STACK, StackCase, UnixHttp, wait_until

DIRECTORY, LINK, FIFO = 1 << 31, 1 << 27, 1 << 25  # Go's os.FileMode


def tar(*members) -> bytes:
    """Members are (name, content) or (name, content, {attribute: value of TarInfo})."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content, *more in members:
            info = tarfile.TarInfo(name)
            for key, value in (more[0] if more else {}).items():
                setattr(info, key, value)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def names(archive: bytes) -> list:
    return tarfile.open(fileobj=io.BytesIO(archive)).getnames()


class Archive(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()

    def raw(self, method, path, body=None, headers=None, container="arc-app-1"):
        """(status, header or message, body): one request to the archive endpoint."""
        connection = UnixHttp(str(self.run_root / "engine.sock"))
        connection.request(method, f"/containers/{container}/archive?{path}", body, headers or {},
                           encode_chunked=not isinstance(body, (bytes, type(None))))
        answer = connection.getresponse()
        data = answer.read()
        stat = answer.getheader("X-Docker-Container-Path-Stat")
        connection.close()
        if answer.status >= 400:
            return answer.status, json.loads(data)["message"] if data else "", b""
        return answer.status, json.loads(base64.b64decode(stat)) if stat else None, data

    def up(self, rest="", volumes="['data:/vol', './bound:/bound', './bound:/ro:ro']"):
        (self.dir / "bound").mkdir(exist_ok=True)
        self.compose(f"name: arc\nservices:\n  app:\n    image: local/busybox\n    init: true\n    command: [sleep, '100000']\n"
                     f"    stop_grace_period: 0s\n    volumes: {volumes}\n{rest}\nvolumes: {{data: }}\n")
        self.stack("up", "-d")

    def inside(self, script) -> str:
        return self.stack("exec", "-T", "app", "sh", "-c", script).stdout

    def test_stat_says_what_a_path_is(self):
        self.up()
        self.inside("ln -s /etc /lnk; ln -s ../../nowhere /dang; ln -s loop /loop; mkfifo /fifo; mkdir /d; chmod 3777 /d")
        for path, name, mode, target in (("/", "/", DIRECTORY | 0o755, ""), ("/etc", "etc", DIRECTORY | 0o755, ""),
                                         ("/etc/", "etc", DIRECTORY | 0o755, ""), ("/etc/.", ".", DIRECTORY | 0o755, ""),
                                         ("etc/passwd", "passwd", 0o644, ""), ("/lnk", "lnk", LINK | 0o777, "/etc"),
                                         ("/lnk/", "lnk", DIRECTORY | 0o755, ""), ("/dang", "dang", LINK | 0o777, "/nowhere"),
                                         ("/fifo", "fifo", FIFO | 0o644, ""), ("/d", "d", DIRECTORY | 1 << 22 | 1 << 20 | 0o777, "")):
            with self.subTest(path):
                status, stat, _ = self.raw("HEAD", f"path={path}")
                self.assertEqual((status, stat["name"], stat["mode"], stat["linkTarget"]), (200, name, mode, target))
                self.assertRegex(stat["mtime"], r"^\d{4}-\d\d-\d\dT[0-9:.]+Z$")
        self.assertEqual(self.raw("HEAD", "path=/nope")[0], 404)
        self.assertEqual(self.raw("HEAD", "path=")[0], 400)
        self.assertEqual(self.raw("GET", "path=/nope")[:2], (404, "Could not find the file /nope in container arc-app-1"))
        self.assertEqual(self.raw("GET", "path=/loop")[0], 400)

    def test_get_names_what_it_gives_after_the_path(self):
        self.up()
        self.inside("mkdir -p /d/e; echo x >/d/e/f; ln -s e /d/l; ln -s /d /way; ln /d/e/f /d/hard")
        for path, expected in (("/d", ["d", "d/e", "d/e/f", "d/hard", "d/l"]), ("/d/.", [".", "./e", "./e/f", "./hard", "./l"]),
                               ("/way", ["way"]), ("/way/", ["way", "way/e", "way/e/f", "way/hard", "way/l"]), ("/d/e/f", ["f"])):
            with self.subTest(path):
                self.assertEqual(sorted(names(self.raw("GET", f"path={path}")[2])), sorted(expected))
        whole = names(self.raw("GET", "path=/")[2])
        self.assertIn("/proc", whole)
        self.assertEqual([name for name in whole if name.startswith(("/proc/", "/sys/"))], [])

    def test_put_goes_where_the_containers_paths_lead(self):
        self.up()
        self.inside("ln -s /etc /lnk")
        self.assertEqual(self.raw("PUT", "path=/tmp", tar(("f", b"hi", {"uid": 12, "gid": 13, "mode": 0o640})))[0], 200)
        self.assertEqual(self.inside("stat -c '%u %g %a' /tmp/f; cat /tmp/f"), "12 13 640\nhi")
        for path, seen in (("/vol", "/vol"), ("/bound", "/bound"), ("/lnk", "/etc")):
            self.assertEqual(self.raw("PUT", f"path={path}", tar(("new", b"x")))[0], 200)
            self.assertEqual(self.inside(f"cat {seen}/new"), "x")
        self.assertEqual((self.dir / "bound/new").read_bytes(), b"x")
        # absolute names, as docker compose sends secrets
        self.assertEqual(self.raw("PUT", "path=/", tar(("/run/secrets/s", b"top", {"mode": 0o400})))[0], 200)
        self.assertEqual(self.inside("stat -c %a /run/secrets/s; cat /run/secrets/s"), "400\ntop")
        for path, status, message in (("/nope", 404, "Could not find the file /nope in container arc-app-1"),
                                      ("/etc/passwd", 400, "extraction point is not a directory"),
                                      ("/ro", 400, "mounted volume is marked read-only")):
            self.assertEqual(self.raw("PUT", f"path={path}", tar(("f", b"")))[:2], (status, message))
        self.assertEqual(self.raw("PUT", "path=/tmp", b"this is no archive" * 60)[0], 400)
        # the directory itself keeps what it is
        self.raw("PUT", "path=/tmp", tar(("./", b"", {"type": tarfile.DIRTYPE, "mode": 0o700}), ("./inner", b"")))
        self.assertEqual(self.inside("stat -c %a /tmp; ls /tmp/inner"), "1777\n/tmp/inner\n")

    def test_compressed_and_chunked_archives(self):
        self.up()
        plain = tar(("f", b"content"))
        zstd = subprocess.run(["zstd", "-c"], input=plain, stdout=subprocess.PIPE, check=True).stdout
        for kind, body in (("gz", gzip.compress(plain)), ("xz", lzma.compress(plain)), ("zst", zstd)):
            chunks = iter([body[i:i + 7] for i in range(0, len(body), 7)])
            self.assertEqual(self.raw("PUT", "path=/tmp", chunks, {"Transfer-Encoding": "chunked"})[0], 200, kind)
            self.assertEqual(self.inside("cat /tmp/f; rm /tmp/f"), "content", kind)

    def test_overwriting_and_owners(self):
        self.up(rest="    user: '1000:1000'")
        directory, file = tar(("x", b"", {"type": tarfile.DIRTYPE, "mode": 0o755})), tar(("x", b"1", {"uid": 7}))
        self.raw("PUT", "path=/tmp", file)
        status, message, _ = self.raw("PUT", "path=/tmp&noOverwriteDirNonDir=true", directory)
        self.assertIn("cannot overwrite non-directory", message)
        self.assertEqual(self.raw("PUT", "path=/tmp", directory)[0], 200)
        status, message, _ = self.raw("PUT", "path=/tmp&noOverwriteDirNonDir=true", file)
        self.assertIn("cannot overwrite directory", message)
        self.assertEqual(self.raw("PUT", "path=/tmp", file)[0], 200)
        self.assertEqual(self.inside("stat -c %u /tmp/x"), "7\n")
        self.assertEqual(self.raw("PUT", "path=/tmp&copyUIDGID=true", file)[0], 200)
        self.assertEqual(self.inside("stat -c '%u %g' /tmp/x"), "1000 1000\n")

    def test_a_created_and_a_stopped_container_are_served_like_a_running_one(self):
        (self.dir / "bound").mkdir()
        self.compose("name: arc\nservices:\n  app:\n    image: local/busybox\n    init: true\n"
                     "    command: [sh, -c, 'cat /run/secrets/s /vol/v /bound/b; sleep 100000']\n    stop_grace_period: 0s\n"
                     "    volumes: ['data:/vol', './bound:/bound', './bound:/ro:ro']\nvolumes: {data: }\n")
        self.stack("up", "--no-start")
        self.assertEqual(self.raw("PUT", "path=/", tar(("run/secrets/s", b"S"), ("vol/v", b"V"), ("bound/b", b"B")))[0], 200)
        self.assertEqual(self.raw("PUT", "path=/ro", tar(("f", b"")))[:2], (400, "mounted volume is marked read-only"))
        self.assertEqual((self.dir / "bound/b").read_bytes(), b"B")
        self.stack("start")
        wait_until(lambda: "SVB" in self.stack("logs").stdout, "the container printed what was put before its start")
        self.stack("stop")
        self.assertEqual(names(self.raw("GET", "path=/vol")[2]), ["vol", "vol/v"])
        self.raw("PUT", "path=/tmp", tar(("late", b"L")))
        self.stack("start")
        self.assertEqual(self.inside("cat /tmp/late"), "L")
        self.stack("down", "-v")

    def test_a_read_only_root_takes_nothing_but_its_volumes_do(self):
        self.up(rest="    read_only: true")
        for state in ("running", "stopped"):
            self.assertEqual(self.raw("PUT", "path=/", tar(("f", b"")))[:2], (400, "container rootfs is marked read-only"), state)
            self.assertEqual(self.raw("PUT", "path=/vol", tar(("f", b"")))[0], 200, state)
            self.stack("stop")

    def test_nothing_is_ever_read_or_written_outside_the_container(self):
        self.up()
        victim = self.base / "victim"
        victim.mkdir()
        (victim / "file").write_text("untouched")
        # links inside the container that would lead out if anybody followed them on the host
        self.inside(f"mkdir -p /a; ln -s {victim} /a/abs; ln -s ../../../../../../../..{victim} /a/rel; ln -s /proc/1/root /a/magic")
        attacks = {
            "through an absolute link of the container": ("path=/a", tar(("abs/file", b"x"))),
            "through a relative one": ("path=/a", tar(("rel/file", b"x"))),
            "a link in the archive": ("path=/tmp", tar(("l", b"", {"type": tarfile.SYMTYPE, "linkname": str(victim)}), ("l/file", b"x"))),
            "a climbing link in the archive": ("path=/tmp", tar(("m", b"", {"type": tarfile.SYMTYPE, "linkname": "../" * 12 + str(victim)}), ("m/file", b"x"))),
            "a climbing name": ("path=/tmp", tar(("../" * 12 + str(victim)[1:] + "/file", b"x"))),
            "an absolute name": ("path=/tmp", tar((str(victim) + "/file", b"x"))),
            "a hard link": ("path=/tmp", tar(("h", b"", {"type": tarfile.LNKTYPE, "linkname": str(victim / "file")}), ("h", b"x"))),
            "a climbing hard link": ("path=/tmp", tar(("h", b"", {"type": tarfile.LNKTYPE, "linkname": "../" * 12 + str(victim / "file")}))),
            "the path itself": (f"path=/a/abs", tar(("file", b"x"))),
            "dots in the path": (f"path=/a/../../../../../..{victim}", tar(("file", b"x"))),
            "a magic link of /proc": (f"path=/a/magic{victim}", tar(("file", b"x"))),
        }
        for state in ("running", "stopped"):
            for what, (path, body) in attacks.items():
                with self.subTest(f"{what}, {state}"):
                    self.raw("PUT", path, body)  # refused or taken inside the container: either is fine
                    self.assertEqual([entry.name for entry in victim.iterdir()], ["file"])
                    self.assertEqual((victim / "file").read_text(), "untouched")
                    self.assertEqual((victim / "file").stat().st_nlink, 1)
            for path in (f"/a/abs/file", "/a/rel/file", f"/a/magic{victim}/file", f"/proc/1/root{victim}/file",
                         f"/../../..{victim}/file", "/proc/1/cwd/../../etc/shadow"):
                with self.subTest(f"GET {path}, {state}"):
                    self.assertNotIn(b"untouched", self.raw("GET", f"path={path}")[2])
            self.assertEqual(self.raw("PUT", "path=/tmp", tar(("../../evil", b"x")))[:2], (400, 'invalid entry name "../../evil"'))
            self.stack("stop")

    def test_a_client_that_goes_away_in_the_middle_leaves_nothing(self):
        self.up()
        self.inside("dd if=/dev/zero of=/big bs=1M count=64 2>/dev/null")
        for state in ("running", "stopped"):
            connection = UnixHttp(str(self.run_root / "engine.sock"))
            connection.request("GET", "/containers/arc-app-1/archive?path=/big")
            connection.getresponse().read(1000)
            connection.close()
            self.assertEqual(len(self.raw("GET", "path=/big")[2]) >> 20, 64, state)
            self.stack("stop")
        self.stack("start")


class Copy(StackCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()
        self.compose("name: cpy\nservices:\n  app:\n    image: local/busybox\n    init: true\n    command: [sleep, '100000']\n"
                     "    stop_grace_period: 0s\n    scale: 2\n")
        self.stack("up", "-d")
        self.write({"f": "hello\n", "d/e/x": "x\n"})

    def inside(self, script, index=1) -> str:
        return self.stack("exec", "-T", "--index", index, "app", "sh", "-c", script).stdout

    def refusal(self, *args, **kwargs) -> str:
        done = self.stack("cp", *args, check=False, **kwargs)
        self.assertNotEqual(done.returncode, 0)
        return done.stderr

    def test_into_all_containers_of_a_service_with_composes_words(self):
        done = self.stack("cp", "f", "app:/tmp/g")
        self.assertEqual(sorted(done.stderr.splitlines()),
                         sorted(f" cpy-app-{n} copy f to cpy-app-{n}:/tmp/g {word}" for n in (1, 2) for word in ("Copying", "Copied")))
        self.assertEqual(done.stdout, "")
        self.assertEqual([self.inside("cat /tmp/g", n) for n in (1, 2)], ["hello\n", "hello\n"])
        self.stack("cp", "--index", "2", "f", "app:/tmp/second")
        self.assertEqual([self.inside("ls /tmp", n) for n in (1, 2)], ["g\n", "g\nsecond\n"])

    def test_targets_are_named_as_docker_cp_names_them(self):
        self.stack("cp", "f", "app:/tmp/")
        self.stack("cp", "d", "app:/tmp/")
        self.stack("cp", "d", "app:/tmp/new")
        self.stack("cp", "d/.", "app:/tmp/new")
        self.stack("cp", "d/.", "app:/tmp/fresh")
        self.stack("cp", "f", "app:/tmp/new/e")
        self.assertEqual(self.inside("cd /tmp; find . | sort"),
                         "\n".join([".", "./d", "./d/e", "./d/e/x", "./f", "./fresh", "./fresh/e", "./fresh/e/x", "./new", "./new/e",
                                    "./new/e/f", "./new/e/x", ""]))
        self.inside("ln -s /tmp/new /way; echo old >/tmp/old; ln -s /tmp/old /oldway")
        self.stack("cp", "--index", "1", "f", "app:/way")
        self.stack("cp", "--index", "1", "f", "app:/oldway")
        self.assertEqual(self.inside("cat /tmp/new/f /tmp/old; readlink /oldway"), "hello\nhello\n/tmp/old\n")
        self.assertIn("no such directory", self.refusal("f", "app:/tmp/nodir/"))
        self.assertIn("Could not find the file /nodir", self.refusal("f", "app:/nodir/g"))
        self.assertIn("cannot copy directory", self.refusal("d", "app:/tmp/f"))

    def test_out_of_the_first_container(self):
        self.inside("mkdir -p /tmp/d/e; echo x >/tmp/d/e/x; echo f >/tmp/f; chown 7:8 /tmp/f")
        done = self.stack("cp", "app:/tmp/f", "out")
        self.assertEqual(done.stderr, " cpy-app-1 copy cpy-app-1:/tmp/f to out Copying\n cpy-app-1 copy cpy-app-1:/tmp/f to out Copied\n")
        self.assertEqual(((self.dir / "out").read_text(), (self.dir / "out").stat().st_uid), ("f\n", 0))
        self.stack("cp", "app:/tmp/d", "tree")
        self.stack("cp", "app:/tmp/d", "tree")
        self.stack("cp", "app:/tmp/d/.", "contents")
        found = sorted(str(path.relative_to(self.dir)) for name in ("tree", "contents") for path in (self.dir / name).rglob("*"))
        self.assertEqual(found, ["contents/e", "contents/e/x", "tree/d", "tree/d/e", "tree/d/e/x", "tree/e", "tree/e/x"])
        self.stack("cp", "app:/bin/sh", "link")
        self.stack("cp", "-L", "app:/bin/sh", "followed")
        self.assertTrue((self.dir / "link").is_symlink())
        self.assertGreater((self.dir / "followed").lstat().st_size, 100000)
        self.assertIn("Could not find the file /nope in container", self.refusal("app:/nope", "x"))
        self.assertIn('invalid output path: directory "/no/such" does not exist', self.refusal("app:/tmp/f", "/no/such/dir/"))
        self.assertIn("no such directory", self.refusal("app:/tmp/f", "nodir/"))

    def test_links_and_owners_of_what_goes_in(self):
        (self.dir / "l").symlink_to("f")
        subprocess.run(["chown", "77:78", self.dir / "f"], check=True)
        self.stack("cp", "l", "app:/tmp/l")
        self.stack("cp", "-L", "l", "app:/tmp/l2")
        self.stack("cp", "f", "app:/tmp/own")
        self.assertEqual(self.inside("readlink /tmp/l; cat /tmp/l2; stat -c '%u %g' /tmp/own"), "f\nhello\n77 78\n")

    def test_a_dash_is_a_tar_stream(self):
        self.inside("echo in >/tmp/in")
        out = subprocess.run([str(STACK), "cp", "app:/tmp/in", "-"], cwd=self.dir, env=self.env, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, check=True).stdout
        self.assertEqual(names(out), ["in"])
        self.stack("cp", "-", "app:/tmp", input=tar(("piped", b"p")))  # both replicas get it
        self.assertEqual([self.inside("cat /tmp/piped", n) for n in (1, 2)], ["p", "p"])
        self.assertIn(b"must be a directory", self.stack("cp", "-", "app:/tmp/piped", input=b"", check=False).stderr)

    def test_what_cannot_be_meant_is_refused(self):
        self.assertIn("unknown copy direction", self.refusal("f", "x"))
        self.assertIn("copying between services is not supported", self.refusal("app:/f", "app:/x"))
        self.assertIn('no container found for service "nosuch"', self.refusal("nosuch:/f", "x"))
        self.assertIn('service "app" is not running container #9', self.refusal("--index", "9", "f", "app:/x"))
        self.assertIn("no such file or directory", self.refusal("nope", "app:/x").lower())

    def test_a_big_tree_goes_both_ways_and_stopped_containers_are_served(self):
        data = bytes(range(256)) * 40960  # 10 MB, more than any buffer on the way
        (self.dir / "d/big").write_bytes(data)
        for n in range(300):
            (self.dir / f"d/{n:03}").write_text(str(n))
        self.stack("stop")
        self.stack("cp", "d", "app:/tree")
        self.stack("cp", "app:/tree", "back")
        self.assertEqual((self.dir / "back/big").read_bytes(), data)
        self.assertEqual(len(list((self.dir / "back").iterdir())), 302)


if __name__ == "__main__":
    unittest.main()
