"""Dockerfiles: what is built equals what the reference's BuildKit made of the same files (tests/golden/build), and mistakes are told."""
import io
import json
import pathlib
import tarfile
import unittest

from harness import SOURCE, SharedRootCase, UnixHttp

GOLDEN = SOURCE / "tests/golden/build"
IGNORED = ("ArgsEscaped",)  # an old flag of Windows images that BuildKit still writes


class Build(SharedRootCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()

    def build(self, case: pathlib.Path, image: str):
        """Builds as the flags say, one argument a line. Secrets have no place in a Compose file yet: they go with the request."""
        flags = (case / "flags").read_text().splitlines() if (case / "flags").exists() else []
        given = list(zip(flags[::2], flags[1::2]))
        context = case / "context" if (case / "context").exists() else case
        if any(flag == "--secret" for flag, _ in given):
            return self.build_with_secrets(case, image, [dict(part.split("=") for part in value.split(",")) for _, value in given])
        build = {"context": str(context), "args": [value for flag, value in given if flag == "--build-arg"]}
        build.update({"target": value for flag, value in given if flag == "--target"})
        self.compose(json.dumps({"services": {"app": {"image": image, "build": build}}}))
        return self.stack("build", check=False)

    def build_with_secrets(self, case: pathlib.Path, image: str, secrets: list):
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as tar:
            tar.add(case / "context", ".")
        contents = {secret["id"]: (case / "context" / secret["src"]).read_text() for secret in secrets}
        connection = UnixHttp(str(self.run_root / "engine.sock"))
        connection.request("POST", f"/build?t={image}", context.getvalue(),
                           {"Content-Type": "application/x-tar", "X-Stack-Build-Secrets": json.dumps(contents)})
        output = connection.getresponse().read().decode()
        connection.close()
        self.assertIn("Successfully built", output)

    def listing(self, image: str) -> str:
        self.compose(json.dumps({"services": {"list": {"image": image, "entrypoint": ["/bin/sh"], "user": "0:0", "working_dir": "/",
                                                       "network_mode": "none"}}}))
        return self.stack("run", "--rm", "-T", "list", input=(GOLDEN / "list-files").read_text()).stdout

    def config(self, image: str) -> dict:
        status, answer = self.api("GET", f"/images/{image}/json")
        self.assertEqual(status, 200, answer)
        config = {key: value for key, value in answer["Config"].items() if value and key not in IGNORED}
        config["Labels"] = {key: value for key, value in config.get("Labels", {}).items() if not key.startswith("com.docker.compose.")}
        return {key: value for key, value in config.items() if value}

    def test_images_equal_those_of_the_reference(self):
        cases = sorted(path.parent for path in GOLDEN.glob("*/context"))
        self.assertGreater(len(cases), 15)
        for case in cases:
            if (case / "error.txt").exists():
                continue
            with self.subTest(case.name):
                image = f"golden-build/{case.name}"
                done = self.build(case, image)
                if done is not None:
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                expected = json.loads((case / "config.json").read_text())
                self.assertEqual(self.config(image), {key: value for key, value in expected.items() if key not in IGNORED})
                self.assertEqual(self.listing(image), (case / "files.txt").read_text())

    def test_triggers_run_in_the_image_that_builds_on_theirs(self):
        self.assertEqual(self.build(GOLDEN / "onbuild", "local/trigger").returncode, 0)
        self.write({"child/Dockerfile": "FROM local/trigger\n", "child/a.txt": "mine\n"})
        self.assertEqual(self.build(self.dir / "child", "local/child").returncode, 0)
        self.assertIn("./a.txt 644 0:0", self.listing("local/child"))

    def failure(self, dockerfile: str) -> str:
        self.write({"bad/Dockerfile": dockerfile})
        done = self.build(self.dir / "bad", "local/bad")
        self.assertNotEqual(done.returncode, 0)
        return done.stdout + done.stderr

    def test_a_failing_step_names_its_line_and_shows_its_output(self):
        text = self.failure("FROM local/busybox\n\nRUN echo about to fail; \\\n    echo and why >&2; exit 3\n")
        self.assertIn("about to fail", text)
        self.assertIn("and why", text)
        self.assertIn("returned a non-zero code: 3 (Dockerfile:3)", text)

    def test_mistakes_name_their_place(self):
        for dockerfile, message in (
            ("FROM local/busybox\nRUNN true\n", "line 2: unknown instruction: RUNN"),
            ("FROM local/busybox\nCOPY --recursive a b\n", "line 2, column 6: unknown flag: --recursive"),
            ("FROM local/busybox\nRUN --mount=type=ssh true\n", "line 2, column 5: RUN --mount: type=ssh is not supported"),
            ("FROM local/busybox\nADD https://example.org/x /\n", "is not supported yet: RUN a download instead (Dockerfile:2)"),
            ("FROM local/busybox\nCOPY nothing /\n", "stat nothing: file does not exist (Dockerfile:2)"),
        ):
            with self.subTest(dockerfile):
                self.assertIn(message, self.failure(dockerfile))

    def test_images_with_a_step_in_common_do_it_once(self):
        step = "FROM local/busybox\nRUN cat /proc/sys/kernel/random/uuid >/id; sleep 1\n"
        self.write({"one/Dockerfile": step + "LABEL one=1\n", "two/Dockerfile": step + "LABEL two=2\n"})
        self.compose(json.dumps({"services": {name: {"image": f"local/{name}", "build": f"./{name}", "network_mode": "none"}
                                              for name in ("one", "two")}}))
        self.stack("build")
        ids = [self.stack("run", "--rm", "-T", name, "cat", "/id").stdout for name in ("one", "two")]
        self.assertEqual(ids[0], ids[1])


if __name__ == "__main__":
    unittest.main()
