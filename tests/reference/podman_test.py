#!/usr/bin/env python3
"""podman drives our runtime as it drives runc: the same commands with either, their outcomes compared.

Needs a root with podman and runc: STACK_REFERENCE_ENTER is a command that runs another one there, and STACK_REFERENCE_SHARE a directory
that is /share in there. Skipped (77) without them.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
SKIPPED = 77

# (podman's arguments after its global flags, with {c} a container of this runtime); outcomes are status and output
STEPS = [
    "run --rm --network none bb sh -c 'echo out; echo err >&2; exit 3'",
    "run --rm --network none bb nosuch",
    "run --rm --network none bb /etc/passwd",
    "run --rm --network none -i bb cat",
    "run --rm --network none -t bb tty",
    "run --rm --network none --hostname h -e A=b -w /usr bb sh -c 'hostname; echo $A; pwd'",
    "run --rm --network none --user 33:33 --group-add 44 bb id",
    "run --rm --network none --read-only --tmpfs /x:size=1m,mode=700 bb sh -c 'touch /y; touch /x/y; echo $?; stat -c %a /x'",
    "run --rm --network none --cap-drop all --cap-add kill bb grep ^Cap /proc/self/status",
    "run --rm --network none --privileged bb grep ^Cap /proc/self/status",
    "run --rm --network none --security-opt no-new-privileges bb grep NoNewPrivs /proc/self/status",
    "run --rm --network none --security-opt seccomp=unconfined bb grep ^Seccomp: /proc/self/status",
    "run --rm --network none bb sh -c 'grep ^Seccomp: /proc/self/status; unshare -r true; echo $?'",
    "run --rm --network none --ulimit nofile=100:200 --oom-score-adj 50 bb sh -c 'ulimit -n; cat /proc/self/oom_score_adj'",
    "run --rm --network none --memory 64m --pids-limit 33 bb cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max",
    "run --rm --network none --sysctl kernel.msgmax=4242 --shm-size 1m bb sh -c 'cat /proc/sys/kernel/msgmax; df /dev/shm | tail -1'",
    "run --rm --network none --device /dev/full:/dev/other:r bb sh -c 'ls /dev/other; head -c1 /dev/other | wc -c; echo x >/dev/other; echo $?'",
    "run --rm --network none -v /share:/m:ro bb sh -c 'touch /m/x; echo $?'",
    "run --rm --network none --uidmap 0:100000:65536 --gidmap 0:100000:65536 bb sh -c 'cat /proc/self/uid_map; id -u; stat -c %u /bin/sh; echo >/dev/null; echo $?'",
    "run --rm --network none --pid host bb sh -c 'test $$ -gt 1; echo $?'",
    "run --rm --network none --ipc host --uts host --cgroupns private bb true",
    "run --rm --network none --init bb sh -c 'cat /proc/1/comm'",
    "run -d --name {c} --network none --memory 64m bb sh -c 'trap \"echo bye; exit 4\" TERM; echo up; sleep 900 & wait'",
    "exec {c} sh -c 'echo in; exit 5'",
    "exec -e X=1 -u 33 -w /usr {c} sh -c 'echo $X; id -u; pwd'",
    "exec -t {c} tty",
    "exec {c} nosuch",
    "exec -d {c} sleep 1000",
    "top {c} args",
    "inspect {c} --format '{{.State.Status}} {{.State.Running}}'",
    "pause {c}",
    "inspect {c} --format '{{.State.Status}}'",
    "unpause {c}",
    "update --memory 32m --pids-limit 44 {c}",
    "exec {c} cat /sys/fs/cgroup/memory/memory.limit_in_bytes",
    "run --rm --network container:{c} --pid container:{c} --ipc container:{c} bb sh -c 'ps -o args > /tmp/all; sort /tmp/all'",
    "stop {c}",
    "logs {c}",
    "inspect {c} --format '{{.State.Status}} {{.State.ExitCode}}'",
    "start {c}",
    "kill -s KILL {c}",
    "wait {c}",
    "rm {c}",
    "create --name {c} --network none bb sleep 1000",
    "init {c}",
    "inspect {c} --format '{{.State.Status}}'",
    "rm -f {c}",
]


def normal(text: str, container: str) -> str:
    text = re.sub(r'time="[^"]*" level=\w+ msg="Using cgroups-v1[^\n]*\n', "", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "<id>", text.replace(container, "{c}"))
    return re.sub(r"(runc|/share/\S+stack-oci)( create failed)?: (create failed: )?", "", text).replace("\r", "")


def inside(runtime: str, work: str):
    """In the other root: prints the outcome of every step."""
    flags = ["podman", "--root", f"{work}/storage", "--runroot", "/run/podman-test", "--storage-driver", "vfs", "--cgroup-manager",
             "cgroupfs", "--events-backend", "file", "--runtime", runtime]
    subprocess.run([*flags, "import", f"{work}/rootfs.tar", "bb"], check=True, capture_output=True)
    container = "oci-podman-%d" % os.getpid()
    outcomes = []
    for step in STEPS:
        command = " ".join(flags) + " " + step.replace("{c}", container)
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120, input="input\n",
                              env={**os.environ, "PODMAN_IGNORE_CGROUPSV1_WARNING": "1"})
        outcomes.append([step, done.returncode, normal(done.stdout, container), normal(done.stderr, container)])
    subprocess.run([*flags, "rm", "-f", "-t", "0", "--all"], capture_output=True)
    print(json.dumps(outcomes))


def main() -> int:
    enter, share = os.environ.get("STACK_REFERENCE_ENTER"), os.environ.get("STACK_REFERENCE_SHARE")
    if not enter or not share:
        print("no reference root: set STACK_REFERENCE_ENTER and STACK_REFERENCE_SHARE")
        return SKIPPED
    build = pathlib.Path(sys.argv[1])
    name = "podman-%d" % os.getpid()
    work = pathlib.Path(share) / name
    work.mkdir()
    try:
        shutil.copy(build / "stack-shim", work / "stack-oci")
        shutil.copy(__file__, work / "steps.py")
        with open(work / "rootfs.tar", "wb") as tar:
            subprocess.run([str(SOURCE / "tests/support/busybox-rootfs")], stdout=tar, check=True)
        ours, theirs = (json.loads(subprocess.run([enter, "python3", f"/share/{name}/steps.py", "--inside", runtime, f"/share/{name}"],
                                                  stdout=subprocess.PIPE, check=True, timeout=600).stdout)
                        for runtime in (f"/share/{name}/stack-oci", "runc"))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    different = 0
    for own, other in zip(ours, theirs):
        # what is said on failures is compared for who reads it: podman itself, by its exit status
        if own[:3] != other[:3]:
            different += 1
            print(f"podman {own[0]}\n  ours: {own[1:]}\n  runc: {other[1:]}")
    print(f"{len(ours)} steps, {different} differ")
    return 1 if different or not ours else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        inside(sys.argv[2], sys.argv[3])
    else:
        sys.exit(main())
