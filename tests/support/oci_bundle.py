"""Bundles of the OCI runtime specification for tests: a config.json to begin with, changes to it, the directory around it, and what
one run of a runtime with it shows."""
import contextlib
import copy
import json
import os
import pathlib
import re
import shutil
import subprocess

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
WRITABLE = {"root": {"readonly": False}}


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


def without(kind: str, script: str, change=None) -> dict:
    """A container that shares one namespace with the host."""
    result = config(script, change)
    result["linux"]["namespaces"] = [ns for ns in result["linux"]["namespaces"] if ns["type"] != kind]
    return result


def bind(destination: str, *options, **more) -> dict:
    """What prepare() put beside the rootfs: a directory `data` with a file of uid 0 and a mount below."""
    return {"destination": destination, "type": "bind", "source": "data", "options": ["rbind", *options], **more}


def tmpfs(destination: str, *options) -> dict:
    return {"destination": destination, "type": "tmpfs", "source": "tmpfs", "options": list(options)}


def filtered(action: str, script: str, **rule) -> dict:
    """A filter for mkdir(2) alone."""
    return profiled(script, [{"names": ["mkdir", "mkdirat"], "action": action, **rule}])


def profiled(script: str, rules: list, **profile) -> dict:
    return config(script, {**WRITABLE, "linux": {"seccomp": {
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": rules, **profile}}})


def on_chmod(*tests, action="SCMP_ACT_ERRNO") -> list:
    """Rules for the mode that chmod(1) sets, by whichever call it does that. Tests: (operator, value[, second value])."""
    def arguments(index):
        return [{"index": index, "op": test[0], "value": test[1], **({"valueTwo": test[2]} if len(test) > 2 else {})} for test in tests]
    return [{"names": ["chmod", "fchmod"], "action": action, "args": arguments(1)},
            {"names": ["fchmodat", "fchmodat2"], "action": action, "args": arguments(2)}]


def prepare(directory: pathlib.Path, tar: pathlib.Path):
    """A rootfs and the directory that binds show, with a mount below it: call it in a mount namespace of one's own."""
    shutil.rmtree(directory, ignore_errors=True)
    (directory / "rootfs").mkdir(parents=True)
    subprocess.run(["tar", "-C", directory / "rootfs", "-xf", tar], check=True)
    (directory / "rootfs/to-tmp").symlink_to("/tmp")
    (directory / "rootfs/up").symlink_to("../../../../tmp")
    below = directory / "data/below"
    below.mkdir(parents=True)
    (directory / "data/file").write_text("data\n")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", below], check=True)
    (below / "file").write_text("below\n")
    subprocess.run(["mount", "--make-rshared", below], check=True)


def first_error(text: str) -> str:
    """The message of the first error that a runtime reports, without what it says before all of them."""
    for line in text.splitlines():
        logged = re.search(r'level=(?:error|fatal) msg=(".*?[^\\]"|\S+)', line)
        if logged:
            message = logged[1]
            return re.sub(r"^runc ", "", json.loads(message) if message.startswith('"') else message)
    return ""


def tidy(rootfs: pathlib.Path):
    for made in ("made", "f", "a"):
        path = rootfs / "tmp" / made
        if path.is_dir():
            path.rmdir()
        elif path.exists():
            path.unlink()


def remove_groups(is_one) -> list:
    """Groups that a runtime left behind, by name."""
    left = [os.path.join(folder, name) for folder, names, _ in os.walk("/sys/fs/cgroup", topdown=False) for name in names if is_one(name)]
    for group in left:
        with contextlib.suppress(OSError):  # in use by a test beside this one
            os.rmdir(group)
    return left


def mounts_below(directory: pathlib.Path) -> int:
    """Of the whole table others would count, too: mounts of tests beside this one appear in it."""
    return sum(line.split()[1].startswith(f"{directory}/") for line in pathlib.Path("/proc/self/mounts").read_text().splitlines())


def run(runtime: list, directory: pathlib.Path, container: str, bundle: dict) -> dict:
    """Exit status, standard output and first error of `run`, and what it left behind: the number of mounts, groups."""
    (directory / "config.json").write_text(json.dumps(bundle))
    mounts = mounts_below(directory)
    done = subprocess.run([*runtime, "--root", str(directory / "state"), "run", "--bundle", str(directory), container],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env={**os.environ, "OCI_CASE": "inherited"})
    tidy(directory / "rootfs")
    result = {"status": done.returncode, "output": done.stdout.splitlines()}
    if error := first_error(done.stderr):
        result["error"] = error
    if left := mounts_below(directory) - mounts:
        result["mounts left"] = left
    result["groups left"] = remove_groups(container.__eq__)
    remove_groups("oci-case".__eq__)  # what a bundle's path named above its group stays
    result["said"] = done.stderr
    return result
