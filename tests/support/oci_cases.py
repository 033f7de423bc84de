"""Bundles and what a container made from each shows: one table for our runtime's test and for recording what runc does.

    oci_cases.py DIR ROOTFS.tar COMMAND...   runs every case with the runtime COMMAND, its bundles below DIR, and prints what
                                             tests/golden/oci/outcomes.json holds: recorded from runc 1.3
"""
import copy
import json
import os
import pathlib
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
GOLDEN = SOURCE / "tests/golden/oci/outcomes.json"
CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]

BASE = {
    "ociVersion": "1.2.0",
    "process": {
        "terminal": False, "user": {"uid": 0, "gid": 0}, "cwd": "/", "args": ["sh", "-c", "true"],
        "env": ["PATH=/bin:/usr/bin", "TERM=xterm"],
        "capabilities": {"bounding": CAPABILITIES, "effective": CAPABILITIES, "permitted": CAPABILITIES},
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 512}],
        "noNewPrivileges": True,
    },
    "root": {"path": "rootfs", "readonly": True},
    "hostname": "case",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
        {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
         "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
    ],
    "linux": {
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        "namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}],
        "maskedPaths": ["/proc/kcore", "/proc/keys", "/sys/firmware"],
        "readonlyPaths": ["/proc/sys", "/proc/sysrq-trigger"],
    },
}
IDS = [{"containerID": 0, "hostID": 100000, "size": 65536}]


def merge(base, change):
    """Objects are merged, everything else replaces."""
    if not isinstance(base, dict) or not isinstance(change, dict):
        return copy.deepcopy(change)
    result = copy.deepcopy(base)
    for key, value in change.items():
        result[key] = merge(result.get(key), value)
    return result


def config(script: str, change=None, mounts=(), namespaces=()) -> dict:
    result = merge(BASE, {"process": {"args": ["sh", "-c", script]}})
    result = merge(result, change or {})
    result["mounts"] += [copy.deepcopy(mount) for mount in mounts]
    result["linux"]["namespaces"] += list(namespaces)
    return result


def bind(destination: str, *options, **more) -> dict:
    """What prepare() put beside the rootfs: a directory `data` with a file of uid 0 and a mount below."""
    return {"destination": destination, "type": "bind", "source": "data", "options": ["rbind", *options], **more}


def filtered(action: str, script: str, **rule) -> dict:
    """A filter for mkdir(2) alone."""
    return config(script, {"root": {"readonly": False}, "linux": {"seccomp": {
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": action, **rule}]}}})


MADE = "mkdir /tmp/made; echo $?"
OPTIONS = "awk '$5 ~ /^.m/ {print $5, $6}' /proc/self/mountinfo"
USER_NAMESPACE = {"linux": {"uidMappings": IDS, "gidMappings": IDS, "resources": {"devices": []}}}

CASES = {
    "names": config("hostname; cat /proc/sys/kernel/domainname; pwd; echo $HOME", {"domainname": "example.org", "process": {"cwd": "/usr"}}),
    "a working directory that is not there": config("pwd", {"process": {"cwd": "/made/here"}, "root": {"readonly": False}}),
    "user": config("id -u; id -g; id -G; umask; touch /tmp/f; ls -ln /tmp/f | cut -c1-10", {
        "root": {"readonly": False}, "process": {"user": {"uid": 33, "gid": 33, "additionalGids": [44, 55], "umask": 0o77}}}),
    "limits of the process": config("ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj; grep NoNewPrivs /proc/self/status", {
        "process": {"oomScoreAdj": 123, "noNewPrivileges": False}}),
    "capabilities": config("grep ^Cap /proc/self/status", {"process": {"capabilities": {
        "bounding": ["CAP_KILL", "CAP_CHOWN"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL", "CAP_CHOWN"],
        "inheritable": ["CAP_CHOWN"], "ambient": ["CAP_CHOWN"]}}}),
    "capabilities of a user": config("grep ^Cap /proc/self/status", {"process": {"user": {"uid": 33, "gid": 33}, "capabilities": {
        "bounding": ["CAP_KILL", "CAP_CHOWN"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL", "CAP_CHOWN"],
        "inheritable": ["CAP_CHOWN"], "ambient": ["CAP_CHOWN"]}}}),
    "sysctls": config("cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax", {
        "linux": {"sysctl": {"net.ipv4.ip_forward": "1", "kernel.msgmax": "4242"}}}),
    "hidden paths": config("wc -c </proc/kcore; ls /sys/firmware | wc -l; echo 1 >/proc/sys/kernel/domainname; echo $?"),
    "a read-only root": config("touch /x; echo $?; touch /dev/shm/x; echo $?"),
    "devices": config("cd /dev; stat -c '%n %f %u %g %t %T' null zero full random urandom tty node pipe; readlink fd; readlink stdin; readlink ptmx; "
                      "head -c1 node | od -An -tx1; echo a >full; echo $?", {"linux": {"devices": [
                          {"path": "/dev/node", "type": "c", "major": 1, "minor": 5, "fileMode": 0o644, "uid": 33, "gid": 44},
                          {"path": "/dev/pipe", "type": "p", "fileMode": 0o600}],
                          "resources": {"devices": [{"allow": False, "access": "rwm"},
                                                    {"allow": True, "type": "c", "major": 1, "minor": 5, "access": "r"}]}}}),
    "a device that is not allowed": config("cat /dev/kmsg-like; echo $?", {"linux": {"devices": [
        {"path": "/dev/kmsg-like", "type": "c", "major": 1, "minor": 11, "fileMode": 0o666}]}}),
    "options of file systems": config(OPTIONS + "; stat -c %a /m3", {"root": {"readonly": False}}, [
        {"destination": "/m1", "type": "tmpfs", "source": "tmpfs", "options": ["noexec", "nosuid", "nodev", "size=1m", "noatime"]},
        {"destination": "/m2", "type": "tmpfs", "source": "tmpfs", "options": ["ro", "strictatime", "nosymfollow"]},
        {"destination": "/m3", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1711", "nodiratime", "rw"]},
        {"destination": "/m4", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec"]}]),
    "tmpcopyup": config("ls -ln /etc | awk '{print $1, $3, $9}'; cat /etc/group | head -1; echo x >>/etc/group; echo $?", {}, [
        {"destination": "/etc", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup", "mode=755"]}]),
    "ro and rro": config("for d in /m1 /m2 /m3; do touch $d/x; echo $?; touch $d/below/x; echo $?; done", {"root": {"readonly": False}}, [
        bind("/m1"), bind("/m2", "ro"), bind("/m3", "rro")]),
    "recursive options": config(OPTIONS, {"root": {"readonly": False}}, [bind("/m1", "rnosuid", "rnodev", "rnoexec", "rnoatime"),
                                                                        bind("/m2", "rro", "rsuid"), bind("/m3", "rprivate", "rrelatime")]),
    "propagation": config("awk '$5 ~ /^.m.$/ {print $5, substr($7, 1, 6)}' /proc/self/mountinfo", {"root": {"readonly": False}}, [
        bind("/m1", "rshared"), bind("/m2", "private"), bind("/m3", "unbindable")]),
    "propagation of the root": config("awk '$5 == \"/\" {print substr($7, 1, 6)}' /proc/self/mountinfo", {
        "linux": {"rootfsPropagation": "shared"}}),
    "an unbindable root": config("awk '$5 == \"/\" {print $7}' /proc/self/mountinfo", {"linux": {"rootfsPropagation": "unbindable"}}),
    "a file over a missing file": config("cat /m1/deep/file", {"root": {"readonly": False}}, [
        {"destination": "/m1/deep/file", "type": "bind", "source": "data/file", "options": ["bind", "ro"]}]),
    "an idmapped mount": config("stat -c '%u %g' /m1/file /m1/below/file", {"root": {"readonly": False}}, [
        {**bind("/m1"), "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
         "gidMappings": [{"containerID": 0, "hostID": 2000, "size": 10}], "options": ["rbind", "idmap"]}]),
    "a recursive idmapped mount": config("stat -c '%u %g' /m1/file /m1/below/file", {"root": {"readonly": False}}, [
        {**bind("/m1"), "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
         "gidMappings": [{"containerID": 0, "hostID": 2000, "size": 10}], "options": ["rbind", "ridmap"]}]),
    "a user namespace": config("cat /proc/self/uid_map; id -u; stat -c %u /m1/file; echo x >/dev/null; echo $?; hostname changed; echo $?",
                               USER_NAMESPACE, [bind("/m1")], [{"type": "user"}]),
    "an idmapped mount in a user namespace": config("stat -c %u /m1/file", USER_NAMESPACE, [bind("/m1", "idmap")], [{"type": "user"}]),
    "a cgroup namespace": config("grep pids /proc/self/cgroup | cut -d: -f3", {}, [], [{"type": "cgroup"}]),
    "a time namespace": config("awk '{print $1, $2, $3}' /proc/self/timens_offsets", {
        "linux": {"timeOffsets": {"monotonic": {"secs": 100, "nanosecs": 5}, "boottime": {"secs": 200, "nanosecs": 6}}}}, [], [{"type": "time"}]),
    "limits of the cgroup": config("cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.shares "
                                   "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", {"linux": {"resources": {
                                       "pids": {"limit": 77}, "memory": {"limit": 67108864}, "cpu": {"shares": 512, "quota": 50000, "period": 100000}}}},
                                   [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
                                     "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]}]),
    "personality": config("uname -m", {"linux": {"personality": {"domain": "LINUX32"}}}),
    "I/O priority": config("ionice -p 1", {"process": {"ioPriority": {"class": "IOPRIO_CLASS_IDLE", "priority": 4}}}),
    "scheduler": config("awk '{print $41}' /proc/1/stat", {"process": {"scheduler": {"policy": "SCHED_BATCH", "nice": 3}}}),
    "seccomp errno": filtered("SCMP_ACT_ERRNO", MADE, errnoRet=28),
    "seccomp errno by default": filtered("SCMP_ACT_ERRNO", MADE),
    "seccomp kill the process": filtered("SCMP_ACT_KILL_PROCESS", MADE),
    "seccomp kill the thread": filtered("SCMP_ACT_KILL", "exec mkdir /tmp/made"),
    "seccomp trap": filtered("SCMP_ACT_TRAP", "exec mkdir /tmp/made"),
    "seccomp trace without a tracer": filtered("SCMP_ACT_TRACE", MADE),
    "seccomp log": filtered("SCMP_ACT_LOG", MADE),
    "seccomp by argument": config("chmod 711 /tmp; echo $?; chmod 755 /tmp; echo $?", {"linux": {"seccomp": {
        "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["chmod"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 0o711, "op": "SCMP_CMP_EQ"}]},
            {"names": ["fchmodat"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 2, "value": 0o711, "op": "SCMP_CMP_EQ"}]}]}},
        "root": {"readonly": False}}),
    "exit status": config("exit 7"),
    "no such command": config("", {"process": {"args": ["nosuch"]}}),
    "a command that cannot be executed": config("", {"process": {"args": ["/etc/passwd"]}}),
    "a hook that fails": config("echo never", {"hooks": {"createRuntime": [{"path": "/bin/false"}]}}),
    "a mount that fails": config("echo never", {"root": {"readonly": False}}, [
        {"destination": "/m1", "type": "bind", "source": "nosuch", "options": ["bind"]}]),
    "an unknown namespace": config("echo never", {}, [], [{"type": "nosuch"}]),
    "a namespace twice": config("echo never", {}, [], [{"type": "pid"}]),
    "a relative working directory": config("echo never", {"process": {"cwd": "tmp"}}),
    "no arguments": config("", {"process": {"args": []}}),
}


def prepare(directory: pathlib.Path, tar: pathlib.Path):
    """A rootfs and the directory that binds show, with a mount below it: call it in a mount namespace of one's own."""
    shutil.rmtree(directory, ignore_errors=True)
    (directory / "rootfs").mkdir(parents=True)
    subprocess.run(["tar", "-C", directory / "rootfs", "-xf", tar], check=True)
    below = directory / "data/below"
    below.mkdir(parents=True)
    (directory / "data/file").write_text("data\n")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", below], check=True)
    (below / "file").write_text("below\n")
    subprocess.run(["mount", "--make-rshared", below], check=True)


def outcome(runtime: list, directory: pathlib.Path, name: str) -> dict:
    """Exit status and standard output of `run` with the case's bundle."""
    (directory / "config.json").write_text(json.dumps(CASES[name]))
    container = "case-%d-%d" % (os.getpid(), sorted(CASES).index(name))
    done = subprocess.run([*runtime, "--root", str(directory / "state"), "run", "--bundle", str(directory), container],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    for made in ("tmp/made", "tmp/f", "tmp/a"):
        path = directory / "rootfs" / made
        if path.is_dir():
            path.rmdir()
        elif path.exists():
            path.unlink()
    return {"status": done.returncode, "output": done.stdout.splitlines(), "error": done.stderr}


def record(directory: pathlib.Path, tar: pathlib.Path, runtime: list):
    prepare(directory, tar)
    outcomes = {}
    for name in CASES:
        outcomes[name] = outcome(runtime, directory, name)
        print(name, outcomes[name].pop("error"), file=sys.stderr)
    print(json.dumps(outcomes, indent=1))


if __name__ == "__main__":
    record(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:])
