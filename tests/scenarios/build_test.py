"""Dockerfiles: what is built equals what the reference's BuildKit made of the same files (tests/golden/build), and mistakes are told."""
import json
import pathlib
import unittest

from harness import SOURCE, SharedRootCase

GOLDEN = SOURCE / "tests/golden/build"
IGNORED = ("ArgsEscaped",)  # an old flag of Windows images that BuildKit still writes


class Build(SharedRootCase):
    def setUp(self):
        super().setUp()
        self.import_busybox()

    def build(self, case: pathlib.Path, image: str):
        """Builds as the flags say, one argument a line."""
        flags = (case / "flags").read_text().splitlines() if (case / "flags").exists() else []
        given = list(zip(flags[::2], flags[1::2]))
        context = case / "context" if (case / "context").exists() else case
        build = {"context": str(context), "args": [value for flag, value in given if flag == "--build-arg"]}
        build.update({"target": value for flag, value in given if flag == "--target"})
        secrets = [dict(part.split("=") for part in value.split(",")) for flag, value in given if flag == "--secret"]
        build["secrets"] = [secret["id"] for secret in secrets]
        self.compose(json.dumps({"services": {"app": {"image": image, "build": build}},
                                 "secrets": {secret["id"]: {"file": str(context / secret["src"])} for secret in secrets}}))
        return self.stack("build", check=False)

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

    def test_what_a_build_section_gives_to_run(self):
        self.write({"Dockerfile": "FROM local/busybox\nRUN --mount=type=secret,id=token,env=TOKEN test \"$TOKEN\" = sesame\n"
                                  "RUN test $(ulimit -n) = 77 && grep '10.1.2.3.*pypi' /etc/hosts && df -k /dev/shm | grep ' 8192 '\n"})
        self.compose("""
            services:
              app:
                image: local/app
                build:
                  context: .
                  secrets: [token]
                  ulimits: {nofile: 77}
                  extra_hosts: ["pypi:10.1.2.3"]
                  shm_size: 8m
                  cache_from: [local/app:cache]
            secrets: {token: {environment: SECRET_TOKEN}}
            """)
        self.stack("build", env={"SECRET_TOKEN": "sesame"})
        status, history = self.api("GET", "/images/local/app/json")
        self.assertNotIn("sesame", json.dumps(history))

    def test_what_no_build_can_do_is_refused_with_its_place(self):
        for key, value in (("ssh", "[default]"), ("privileged", "true"), ("additional_contexts", "{a: .}"),
                           ("entitlements", "[network.host]"), ("platforms", "[linux/arm64]")):
            with self.subTest(key):
                self.write({"Dockerfile": "FROM local/busybox\n"})
                self.compose(f"services:\n  app:\n    image: a\n    build:\n      context: .\n      {key}: {value}\n")
                done = self.stack("build", check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertRegex(done.stderr, f"compose.yaml:6:.*{key}|platform linux/arm64 cannot be built here")

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
