#!/usr/bin/env python3
"""What tests/golden/oci holds of runc and crun is what they do: every bundle of the table once more with each of them.

Needs a root with both: STACK_REFERENCE_ENTER is a command that runs another one there, in a mount namespace of its own, and
STACK_REFERENCE_SHARE a directory that is /share in there. Skipped (77) without them.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(SOURCE / "tests/support"))
import oci_bundle  # noqa: E402
import oci_cases  # noqa: E402

SKIPPED = 77
# crun takes no host where the second version of cgroups has a controller beside the first
FIRST_VERSION_ALONE = """umount /sys/fs/cgroup/unified
mkdir /run/v1; mount -t tmpfs v1 /run/v1
for d in /sys/fs/cgroup/*; do [ $(stat -fc %T $d) != cgroupfs ] || { mkdir /run/v1/${d##*/}; mount --bind $d /run/v1/${d##*/}; }; done
mount --rbind /run/v1 /sys/fs/cgroup
"""
PREPARATIONS = {"runc": "", "crun": FIRST_VERSION_ALONE}


def record(enter: str, name: str, runtime: str) -> dict:
    script = f"{PREPARATIONS[runtime]}exec python3 /share/{name}/tests/support/oci_cases.py /share/{name}/{runtime} /share/{name}/rootfs.tar {runtime}"
    process = subprocess.Popen([enter, "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    output, said = process.communicate(timeout=600)
    oci_bundle.remove_groups(lambda name: name.startswith(f"case-{process.pid}-"))  # every step executes the next
    if process.returncode != 0:
        sys.exit(f"{runtime} could not be recorded:\n{said}")
    return json.loads(output)


def main() -> int:
    enter, share = os.environ.get("STACK_REFERENCE_ENTER"), os.environ.get("STACK_REFERENCE_SHARE")
    if not enter or not share:
        print("no reference root: set STACK_REFERENCE_ENTER and STACK_REFERENCE_SHARE")
        return SKIPPED
    name = "oci-%d" % os.getpid()
    work = pathlib.Path(share) / name
    (work / "tests/support").mkdir(parents=True)
    different = 0
    try:
        for file in ("oci_cases.py", "oci_bundle.py"):
            shutil.copy(SOURCE / "tests/support" / file, work / "tests/support")
        with open(work / "rootfs.tar", "wb") as tar:
            subprocess.run([str(SOURCE / "tests/support/busybox-rootfs")], stdout=tar, check=True)
        for runtime in PREPARATIONS:
            golden = json.loads((oci_cases.GOLDEN / f"{runtime}.json").read_text())["outcomes"]
            for case, outcome in record(enter, name, runtime)["outcomes"].items():
                if outcome != golden.get(case):
                    different += 1
                    print(f"{runtime}: {case}\n  recorded: {golden.get(case)}\n  now:      {outcome}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{len(oci_cases.ALL)} bundles with {len(PREPARATIONS)} runtimes, {different} outcomes differ from those recorded")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
