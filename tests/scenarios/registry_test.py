"""Pulling from a real registry (Debian's docker-registry): plain, TLS with a private CA, passwords, a token server; what up, pull
and build fetch; interrupted pulls; malicious images; archives."""
import base64
import json
import os
import subprocess
import tarfile
import unittest

from harness import SOURCE, StackCase, wait_until
from registry import Certificates, Registry, StallingProxy, TokenServer, basic_auth, digest, tar


def busybox_tar() -> bytes:
    return subprocess.run([str(SOURCE / "tests/support/busybox-rootfs")], stdout=subprocess.PIPE, check=True).stdout


class RegistryCase(StackCase):
    def setUp(self):
        super().setUp()
        self.env["DOCKER_CONFIG"] = str(self.base / "docker")

    def log_in(self, host, user, password):
        (self.base / "docker").mkdir(exist_ok=True)
        auth = base64.b64encode(f"{user}:{password}".encode()).decode()
        (self.base / "docker/config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))

    def image(self, name) -> dict:
        return json.loads(self.stack("image", "inspect", name).stdout)[0]

    def layer_names(self):
        folder = self.root / "layers"
        return sorted(entry.name for entry in folder.iterdir() if len(entry.name) == 64) if folder.exists() else []


class Pull(RegistryCase):
    def test_an_image_of_several_layers_runs(self):
        registry = Registry(self, self.base / "registry")
        layers = [busybox_tar(), tar({"etc/one": "1", "etc/two": "2"}), tar({"etc/.wh.one": "", "etc/three": "3"})]
        for tag, compression, docker in (("gzip", "gzip", False), ("zstd", "zstd", False), ("docker", "gzip", True), ("plain", "none", False)):
            with self.subTest(tag):
                top = registry.put_image("team/app", tag, layers, compression, docker)
                name = f"{registry.host}/team/app:{tag}"
                shown = self.stack("image", "pull", name).stdout
                self.assertRegex(shown, f"Status: (Downloaded newer image|Image is up to date) for {name}\n{name}\n$")
                self.assertEqual(self.image(name)["RepoDigests"][-1].split("@")[0], f"{registry.host}/team/app")
                self.assertIn(f"{registry.host}/team/app@{top}", self.image(name)["RepoDigests"])
                self.assertEqual(self.image(name)["RootFS"]["Layers"], [digest(layer) for layer in layers])
        self.compose(f"services: {{a: {{image: '{registry.host}/team/app:zstd', command: [sh, -c, 'ls /etc && cat /etc/three']}}}}")
        done = self.stack("run", "--rm", "-T", "a")
        self.assertNotIn("one\n", done.stdout)
        self.assertIn("two\n", done.stdout)
        self.assertTrue(done.stdout.endswith("3"))
        self.stack("down", "--remove-orphans")

    def test_the_platform_is_chosen_and_a_digest_is_a_name(self):
        registry = Registry(self, self.base / "registry")
        mine = registry.put_image("app", "a", [tar({"name": "amd64"})])
        other = registry.put_image("app", "b", [tar({"name": "s390x"})], architecture="s390x")
        index = registry.put_index("app", "both", {"s390x": other, "amd64": mine})
        self.stack("image", "pull", "-q", f"{registry.host}/app:both")
        self.assertEqual(self.image(f"{registry.host}/app:both")["Architecture"], "amd64")
        self.assertEqual(self.image(f"{registry.host}/app:both")["RepoDigests"], [f"{registry.host}/app@{index}"])
        self.stack("image", "pull", "-q", "--platform", "linux/s390x", f"{registry.host}/app@{index}")
        status, body = self.api("GET", f"/distribution/{registry.host}/app:both/json")
        self.assertEqual(status, 200)
        self.assertEqual(body["Descriptor"]["digest"], index)
        self.assertEqual([item["architecture"] for item in body["Platforms"]], ["s390x", "amd64"])
        refused = self.stack("image", "pull", "--platform", "linux/riscv64", f"{registry.host}/app:both", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("no matching manifest for linux/riscv64", refused.stderr)

    def test_statuses_are_dockers(self):
        registry = Registry(self, self.base / "registry")
        registry.put_image("app", "1", [tar({"a": "a"})])
        self.stack("version")
        self.stack("image", "ls")
        status, body = self.api("POST", f"/images/create?fromImage={registry.host}/app&tag=2")
        self.assertEqual((status, body["message"]),
                         (404, f"manifest for {registry.host}/app:2 not found: manifest unknown: manifest unknown"))
        status, body = self.api("POST", "/images/create?fromImage=127.0.0.1:1/app&tag=2")
        self.assertEqual(status, 500)
        self.assertIn("127.0.0.1:1: cannot connect", body["message"])
        status, body = self.api("POST", "/images/create?fromImage=host.invalid/app&tag=2")
        self.assertEqual(status, 500)
        status, text = self.api("POST", f"/images/create?fromImage={registry.host}/app&tag=1")
        self.assertEqual(status, 200)
        lines = [json.loads(line) for line in text.splitlines()]
        self.assertEqual(lines[0], {"status": "Pulling from app", "id": "1"})
        self.assertEqual(lines[1]["status"], "Pulling fs layer")
        self.assertIn("Pull complete", [line["status"] for line in lines])
        self.assertEqual(lines[-1]["status"], f"Status: Downloaded newer image for {registry.host}/app:1")

    def test_tls_needs_an_authority_it_knows(self):
        tls = Certificates(self.base / "tls")
        registry = Registry(self, self.base / "registry", tls=tls)
        registry.put_image("app", "1", [tar({"a": "a"})])
        refused = self.stack("image", "pull", f"{registry.host}/app:1", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("certificate is not trusted", refused.stderr)
        self.assertIn(f"/etc/docker/certs.d/{registry.host}/ca.crt", refused.stderr)
        place = self.root / "certs.d" / registry.host
        place.mkdir(parents=True)
        (place / "ca.crt").write_bytes(tls.authority.read_bytes())
        self.stack("image", "pull", f"{registry.host}/app:1")

    def test_a_password(self):
        registry = Registry(self, self.base / "registry", auth=basic_auth(self.base / "auth", "joe", "secret"))
        registry.login = "Basic " + base64.b64encode(b"joe:secret").decode()
        registry.put_image("app", "1", [tar({"a": "a"})])
        name = f"{registry.host}/app:1"
        refused = self.stack("image", "pull", name, check=False)
        self.assertIn("no basic auth credentials", refused.stderr)
        self.log_in(registry.host, "joe", "wrong")
        self.assertIn("unauthorized", self.stack("image", "pull", name, check=False).stderr)
        self.log_in(registry.host, "joe", "secret")
        self.stack("image", "pull", name)
        for password, expected in (("secret", 200), ("wrong", 401)):
            login = {"username": "joe", "password": password, "serveraddress": registry.host}
            self.assertEqual(self.api("POST", "/auth", login)[0], expected)

    def test_a_token_server_and_a_credential_helper(self):
        tokens = TokenServer(self, self.base / "tokens", "joe", "secret")
        registry = Registry(self, self.base / "registry", auth=tokens.settings())
        registry.login = "Bearer " + tokens.token(access=[{"type": "repository", "name": "team/app", "actions": ["pull", "push"]}])
        registry.put_image("team/app", "1", [tar({"a": "a"}), tar({"b": "b"})])
        name = f"{registry.host}/team/app:1"
        refused = self.stack("image", "pull", name, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("authentication required", refused.stderr)
        helper = self.base / "bin/docker-credential-test"
        helper.parent.mkdir()
        helper.write_text("#!/bin/sh\nread server; [ \"$server\" = '" + registry.host +
                          "' ] && echo '{\"Username\": \"joe\", \"Secret\": \"secret\"}'\n")
        helper.chmod(0o755)
        (self.base / "docker").mkdir()
        (self.base / "docker/config.json").write_text(json.dumps({"credHelpers": {registry.host: "test"}}))
        self.env["PATH"] = f"{helper.parent}:{self.env['PATH']}"
        asked = len(tokens.asked)
        self.stack("image", "pull", name)
        self.assertEqual(len(tokens.asked), asked + 1, "one token does for the manifest and every layer")
        self.assertIn("scope=repository%3Ateam%2Fapp%3Apull", tokens.asked[-1])


class Projects(RegistryCase):
    def test_up_pulls_what_is_missing_and_what_its_policy_says(self):
        registry = Registry(self, self.base / "registry")
        base = busybox_tar()
        for name in ("one", "two"):
            registry.put_image(name, "1", [base, tar({"etc/name": name})], config={"Cmd": ["sleep", "1000"]})
        registry.put_image("mounted", "1", [tar({"file": "of an image"})])
        self.compose(f"""
services:
  one: {{image: '{registry.host}/one:1', init: true}}
  two: {{image: '{registry.host}/two:1', pull_policy: always, init: true}}
  three: {{image: '{registry.host}/one:1', pull_policy: never, init: true}}
  four:
    image: '{registry.host}/one:1'
    init: true
    volumes: [{{type: image, source: '{registry.host}/mounted:1', target: /mounted}}]
""")
        shown = self.stack("up", "-d", "-t", "1").stderr
        self.assertIn(f"Image {registry.host}/one:1  Pulled", shown)
        self.assertIn(f"Image {registry.host}/two:1  Pulled", shown)
        self.assertEqual(self.stack("exec", "-T", "two", "cat", "/etc/name").stdout, "two")
        self.assertEqual(self.stack("exec", "-T", "four", "cat", "/mounted/file").stdout, "of an image")
        registry.put_image("two", "1", [base, tar({"etc/name": "newer"})], config={"Cmd": ["sleep", "1000"]})
        shown = self.stack("up", "-d", "-t", "1").stderr
        self.assertNotIn("one:1  Pulled", shown)
        self.assertEqual(self.stack("exec", "-T", "two", "cat", "/etc/name").stdout, "newer")
        self.stack("up", "-d", "-t", "1", "--pull", "never")
        self.stack("down", "-t", "1")
        self.stack("image", "rm", f"{registry.host}/one:1")
        refused = self.stack("up", "-d", "--pull", "never", check=False)
        self.assertIn("pull_policy is never", refused.stderr)
        self.stack("down")

    def test_pull(self):
        registry = Registry(self, self.base / "registry")
        registry.put_image("one", "1", [tar({"a": "a"})])
        registry.put_image("two", "1", [tar({"b": "b"})])
        self.compose(f"""
services:
  one: {{image: '{registry.host}/one:1', depends_on: [two]}}
  two: {{image: '{registry.host}/two:1'}}
  gone: {{image: '{registry.host}/gone:1'}}
  built: {{image: '{registry.host}/built:1', build: .}}
""")
        self.stack("pull", "one")
        self.image(f"{registry.host}/one:1")
        self.assertNotEqual(self.stack("image", "inspect", f"{registry.host}/two:1", check=False).returncode, 0)
        self.stack("pull", "--include-deps", "-q", "one")
        self.image(f"{registry.host}/two:1")
        failed = self.stack("pull", check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("gone:1 not found", failed.stderr)
        tolerated = self.stack("pull", "--ignore-pull-failures")
        self.assertIn("gone:1 was not pulled", tolerated.stderr)
        self.assertIn("built:1 was not pulled", self.stack("pull", "built").stderr)
        self.assertNotIn("one:1  Pull", self.stack("pull", "--policy", "missing", "one").stderr)

    def test_config_pins_names_to_the_digests_their_registries_have(self):
        registry = Registry(self, self.base / "registry", auth=basic_auth(self.base / "auth", "joe", "secret"))
        registry.login = "Basic " + base64.b64encode(b"joe:secret").decode()
        top = registry.put_image("one", "1", [tar({"a": "a"})])
        self.log_in(registry.host, "joe", "secret")
        pinned = f"docker.io/library/gone@sha256:{'0' * 64}"
        self.compose(f"services: {{one: {{image: '{registry.host}/one:1'}}, two: {{image: '{pinned}'}}, built: {{build: .}}}}")
        shown = json.loads(self.stack("config", "--resolve-image-digests", "--format", "json").stdout)["services"]
        self.assertEqual(shown["one"]["image"], f"{registry.host}/one:1@{top}")
        self.assertEqual(shown["two"]["image"], pinned)
        self.assertEqual(self.stack("config", "--lock-image-digests").stdout,
                         f"services:\n  one:\n    image: {registry.host}/one:1@{top}\n  two:\n    image: {pinned}\n")
        self.compose(f"services: {{one: {{image: '{registry.host}/gone:1'}}}}")
        self.assertIn("gone", self.stack("config", "--resolve-image-digests", check=False).stderr)

    def test_a_build_pulls_its_base(self):
        registry = Registry(self, self.base / "registry", auth=basic_auth(self.base / "auth", "joe", "secret"))
        registry.login = "Basic " + base64.b64encode(b"joe:secret").decode()
        registry.put_image("base", "1", [busybox_tar()])
        registry.put_image("tools", "1", [tar({"tool": "tool"})])
        self.log_in(registry.host, "joe", "secret")
        self.compose("services: {app: {build: .}}",
                     Dockerfile=f"FROM {registry.host}/base:1\nCOPY --from={registry.host}/tools:1 /tool /tool\nRUN cat /tool > /made\n")
        self.stack("build")
        self.assertEqual(self.stack("run", "--rm", "-T", "app", "cat", "/made").stdout, "tool")
        self.stack("down")
        self.write({"Dockerfile": "FROM 127.0.0.1:1/nosuch:1\nRUN true\n"})
        self.assertRegex(self.stack("build", check=False).stderr, r"service app .*127\.0\.0\.1:1/nosuch:1: .*\(Dockerfile:1\)")


class Interrupted(RegistryCase):
    def test_a_pull_cut_off_by_the_engines_death_goes_on_with_its_layers(self):
        registry = Registry(self, self.base / "registry")
        layers = [tar({"a": os.urandom(100_000).hex()}), tar({"b": os.urandom(100_000).hex()})]
        registry.put_image("app", "1", layers)
        manifest = json.loads(registry.request("GET", "/v2/app/manifests/1", headers={
            "Accept": "application/vnd.oci.image.manifest.v1+json"}).content)
        first, second = (layer["digest"] for layer in manifest["layers"])
        proxy = StallingProxy(self, registry, second)
        name = f"{proxy.host}/app:1"
        pull = self.start("image", "pull", name)
        wait_until(lambda: proxy.reached.is_set() and self.layer_names() == [digest(layers[0])[7:]], "the first layer is complete")
        self.kill_engine()
        self.assertNotEqual(pull.wait(60), 0)
        self.stack("image", "ls")  # a new engine: it cleans up
        wait_until(lambda: not list((self.root / "tmp").iterdir()), "what was half there is gone")
        self.assertEqual(self.layer_names(), [digest(layers[0])[7:]])
        self.assertEqual(self.stack("image", "ls", "-q").stdout, "")
        proxy.release()
        proxy.requests.clear()
        self.stack("image", "pull", name)
        self.assertEqual([path for path in proxy.requests if path.endswith(first)], [], "the first layer is not fetched again")
        self.assertEqual(self.image(name)["RootFS"]["Layers"], [digest(layer) for layer in layers])

    def test_ctrl_c_ends_the_transfer(self):
        registry = Registry(self, self.base / "registry")
        layer = tar({"b": os.urandom(100_000).hex()})
        registry.put_image("app", "1", [layer])
        manifest = json.loads(registry.request("GET", "/v2/app/manifests/1", headers={
            "Accept": "application/vnd.oci.image.manifest.v1+json"}).content)
        proxy = StallingProxy(self, registry, manifest["layers"][0]["digest"])
        pull = self.start("image", "pull", f"{proxy.host}/app:1")
        wait_until(proxy.reached.is_set, "the layer is on its way")
        pull.send_signal(2)
        self.assertEqual(pull.wait(60), 130)
        wait_until(lambda: not list((self.root / "tmp").iterdir()), "the transfer has ended and its files are gone")
        self.assertEqual(self.layer_names(), [])


class Malicious(RegistryCase):
    def test_layers_never_write_outside(self):
        registry = Registry(self, self.base / "registry")
        outside = self.base / "outside"
        outside.mkdir()
        (outside / "kept").write_text("kept")
        up = "../" * 24 + str(outside).lstrip("/")
        symlink, hard = {"type": tarfile.SYMTYPE}, {"type": tarfile.LNKTYPE}
        evil = {
            "dots": {up + "/a": "x"},
            "absolute": {str(outside / "b"): "x"},
            "symlink": {"link": {**symlink, "linkname": str(outside)}, "link/c": "x"},
            "relative": {"link": {**symlink, "linkname": up}, "link/d": "x"},
            "file": {"link": {**symlink, "linkname": str(outside / "kept")}, "link/": {"type": tarfile.DIRTYPE}},
            "hard": {"hard": {**hard, "linkname": str(outside / "kept")}},
            "harddots": {"hard": {**hard, "linkname": up + "/kept"}},
            "whiteout": {"link": {**symlink, "linkname": str(outside)}, "link/.wh.kept": ""},
            "opaque": {"link": {**symlink, "linkname": str(outside)}, "link/.wh..wh..opq": ""},
        }
        for tag, files in evil.items():
            with self.subTest(tag):
                registry.put_image("evil", tag, [tar(files)])
                self.stack("image", "pull", f"{registry.host}/evil:{tag}", check=False)
                self.assertEqual(os.listdir(outside), ["kept"])
                self.assertEqual((outside / "kept").read_text(), "kept")

    def test_what_has_not_its_digest_is_refused(self):
        registry = Registry(self, self.base / "registry")
        layer = tar({"a": "a"})
        registry.put_image("app", "lie", [layer], diff_ids=[digest(b"something else")])
        refused = self.stack("image", "pull", f"{registry.host}/app:lie", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("is refused: its content should have the digest", refused.stderr)
        self.assertEqual(self.layer_names(), [])
        self.assertEqual(self.stack("image", "ls", "-q").stdout, "")


class Archives(RegistryCase):
    def test_a_pulled_image_is_saved_under_its_own_digests_and_loaded_again(self):
        registry = Registry(self, self.base / "registry")
        layers = [busybox_tar(), tar({"etc/new": "x" * 200, "etc/" + "long" * 40: "y"})]
        registry.put_image("app", "1", layers)
        name = f"{registry.host}/app:1"
        self.stack("image", "pull", name)
        before = self.image(name)
        self.stack("save", "-o", self.base / "image.tar", name)
        with tarfile.open(self.base / "image.tar") as archive:
            for layer in layers:
                self.assertEqual(archive.extractfile("blobs/sha256/" + digest(layer)[7:]).read(), layer)
        self.stack("image", "rm", name)
        self.assertEqual(self.stack("load", "-i", self.base / "image.tar").stdout, f"Loaded image: {name}\n")
        after = self.image(name)
        self.assertEqual((after["Id"], after["RootFS"]), (before["Id"], before["RootFS"]))

    def test_a_built_image_too_through_pipes(self):
        self.import_busybox()
        self.compose("services: {app: {build: ., image: 'made:1'}}", Dockerfile="FROM local/busybox\nRUN rm -r /tmp && echo x > /x\n")
        self.stack("build")
        before = self.image("made:1")["Id"]
        archive = self.stack("image", "save", "made:1", input=b"").stdout
        self.stack("image", "rm", "made:1")
        self.stack("image", "load", "-q", input=archive)
        self.assertEqual(self.image("made:1")["Id"], before)
        self.stack("image", "tag", "made:1", "other:2")
        self.assertEqual(sorted(self.image("other:2")["RepoTags"]), ["made:1", "other:2"])
        self.assertIn("rm -r /tmp", self.stack("image", "history", "--no-trunc", "made:1").stdout)


if __name__ == "__main__":
    unittest.main()
