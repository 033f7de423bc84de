"""Bundles and what a container made from each shows: one table for our runtime's test and for recording what other runtimes do.

    oci_cases.py DIR ROOTFS.tar COMMAND...   runs every case with the runtime COMMAND, its bundles below DIR, and prints what
                                             tests/golden/oci holds: runc.json of runc 1.3, crun.json of crun 1.28, as root on
                                             a host with both versions of cgroups (crun wants the second one unmounted)
"""
import json
import os
import pathlib
import platform
import sys

from oci_bundle import IDS, WRITABLE, bind, config, filtered, merge, on_chmod, prepare, profiled, run, tmpfs, without

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
GOLDEN = SOURCE / "tests/golden/oci"

MADE = "mkdir /tmp/made; echo $?"
OPTIONS = "awk '$5 ~ /^.m/ {print $5, $6}' /proc/self/mountinfo"
SUPER = "awk '$5 ~ /^.m/ {print $5, $6, $NF}' /proc/self/mountinfo"
PROPAGATION = "awk '$5 ~ /^.m.$/ {print $5, substr($7, 1, 6)}' /proc/self/mountinfo"
ROOT_PROPAGATION = "awk '$5 == \"/\" {print substr($7, 1, 6)}' /proc/self/mountinfo"
USER_NAMESPACE = {"linux": {"uidMappings": IDS, "gidMappings": IDS, "resources": {"devices": []}}}
CHMODS = "for m in 700 711 755; do chmod $m /tmp; echo $?; done"
GROUPS = "/sys/fs/cgroup"


def hook(command: str, **more) -> dict:
    return {"path": "/bin/sh", "args": ["sh", "-c", command], "env": ["PATH=/bin:/usr/bin"], **more}


def mapped(uids=True, gids=True, **more) -> dict:
    mount = bind("/m1", **more)
    if uids:
        mount["uidMappings"] = [{"containerID": 0, "hostID": 1000, "size": 10}]
    if gids:
        mount["gidMappings"] = [{"containerID": 0, "hostID": 2000, "size": 10}]
    return mount


READ_DEVICES = "for d in a b; do (: </dev/$d) 2>/dev/null; echo $?; done"
DEVICES = {"linux": {"devices": [{"path": "/dev/a", "type": "c", "major": 10, "minor": 229, "fileMode": 0o666},
                                 {"path": "/dev/b", "type": "c", "major": 10, "minor": 237, "fileMode": 0o666}]}}


def limited(script: str, resources: dict) -> dict:
    """With the groups mounted, to look at."""
    return config(script, {"linux": {"resources": resources}}, [{"destination": GROUPS, "type": "cgroup", "source": "cgroup",
                                                                "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]}])


def grouped(names: str, resources: dict) -> dict:
    """The same for the second version, with a root of its own."""
    result = limited(f"cd /sys/fs/cgroup; cat {names}", resources)
    result["linux"]["namespaces"].append({"type": "cgroup"})
    return result


def files(*names) -> str:
    return "cd /sys/fs/cgroup; cat " + " ".join(names)


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
    "a time namespace": config("awk '{print $1, $2, $3}' /proc/self/timens_offsets", {
        "linux": {"timeOffsets": {"monotonic": {"secs": 100, "nanosecs": 5}, "boottime": {"secs": 200, "nanosecs": 6}}}}, [], [{"type": "time"}]),
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

CASES |= {
    # process
    "every limit of the process": config("sed 1d /proc/self/limits | sed 's/  */ /g'", {"process": {"rlimits": [
        {"type": "RLIMIT_" + kind, "soft": least + n, "hard": least + n + 20} for n, (kind, least) in enumerate({
            "AS": 1 << 30, "CORE": 0, "CPU": 1000, "DATA": 1 << 30, "FSIZE": 1 << 30, "LOCKS": 10, "MEMLOCK": 4096, "MSGQUEUE": 100,
            "NOFILE": 100, "NPROC": 1000, "RSS": 1 << 30, "RTTIME": 100, "SIGPENDING": 100, "STACK": 1 << 20}.items())]}}),
    "an unknown limit": config("", {"process": {"rlimits": [{"type": "RLIMIT_NOSUCH", "soft": 1, "hard": 1}]}}),
    "a limit twice": config("ulimit -n", {"process": {"rlimits": [{"type": "RLIMIT_NOFILE", "soft": n, "hard": n} for n in (7, 8)]}}),
    "environment": config("", {"process": {
        "args": ["cat", "/proc/self/environ"], "env": ["PATH=/bin", "A=1", "B=", "A=2", "EMPTY=", "HOME=/x"]}}),
    "a variable without a value": config("", {"process": {"env": ["PATH=/bin", "B"]}}),
    "a variable without a name": config("", {"process": {"env": ["PATH=/bin", "=b"]}}),
    "no search path": config("echo $PATH", {"process": {"args": ["/bin/sh", "-c", "echo $PATH; /bin/env | /bin/sort"], "env": []}}),
    "home of a user without a name": config("echo $HOME", {"process": {"user": {"uid": 4711, "gid": 4711}}}),
    "umask by default": config("umask", WRITABLE),
    "an unknown capability": config("grep ^CapEff /proc/self/status", {"process": {"capabilities": {"effective": ["CAP_NOSUCH", "CAP_KILL"]}}}),
    "effective beyond permitted": config("grep ^Cap /proc/self/status", {"process": {"capabilities": {
        "bounding": ["CAP_KILL"], "effective": ["CAP_KILL", "CAP_CHOWN"], "permitted": ["CAP_KILL"]}}}),
    "ambient without inheritable": config("grep ^Cap /proc/self/status", {"process": {"user": {"uid": 33, "gid": 33}, "capabilities": {
        "bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"], "ambient": ["CAP_KILL"]}}}),
    "no word about capabilities": (lambda bundle: (bundle["process"].pop("capabilities"), bundle)[1])(config("grep ^Cap /proc/self/status")),
    "no capabilities": config("grep ^Cap /proc/self/status", {"process": {"capabilities": {
        "bounding": [], "effective": [], "permitted": []}}}),
    "a profile of AppArmor": config("cat /proc/self/attr/current", {"process": {"apparmorProfile": "nosuch"}}),
    "a label of SELinux": config("echo never", {"process": {"selinuxLabel": "system_u:system_r:container_t:s0"}}),
    "a label of mounts": config("echo once", {"linux": {"mountLabel": "system_u:object_r:container_file_t:s0"}}),
    "real-time I/O": config("ionice -p 1", {"process": {"ioPriority": {"class": "IOPRIO_CLASS_RT", "priority": 7}}}),
    "best-effort I/O": config("ionice -p 1", {"process": {"ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 2}}}),
    "an unknown class of I/O": config("ionice -p 1", {"process": {"ioPriority": {"class": "IOPRIO_CLASS_NOSUCH", "priority": 2}}}),
    "I/O priority out of range": config("ionice -p 1", {"process": {"ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 8}}}),
    "real-time scheduling": config("awk '{print $40, $41}' /proc/1/stat; awk '/Policy|prio/' /proc/1/sched", {"process": {"scheduler": {
        "policy": "SCHED_RR", "priority": 7, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}}}),
    "scheduling by deadline": config("awk '{print $41}' /proc/1/stat", {"process": {"scheduler": {
        "policy": "SCHED_DEADLINE", "runtime": 1000000, "deadline": 5000000, "period": 10000000,
        "flags": ["SCHED_FLAG_RESET_ON_FORK"]}}}),
    "an unknown scheduler": config("", {"process": {"scheduler": {"policy": "SCHED_NOSUCH"}}}),
    "a scheduler without a policy": config("", {"process": {"scheduler": {"nice": 3}}}),
    "nice out of range": config("", {"process": {"scheduler": {"policy": "SCHED_OTHER", "nice": 20}}}),
    "a priority without real time": config("", {"process": {"scheduler": {"policy": "SCHED_OTHER", "priority": 3}}}),
    "a deadline of another scheduler": config("", {"process": {"scheduler": {"policy": "SCHED_FIFO", "priority": 3, "runtime": 5}}}),
    "an unknown scheduler flag": config("", {"process": {"scheduler": {"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_NOSUCH"]}}}),
    "an unknown personality": config("", {"linux": {"personality": {"domain": "NOSUCH"}}}),
    "flags of a personality": config("uname -m", {"linux": {"personality": {"domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"]}}}),
    # root and mounts
    "a root that is missing": config("", {"root": {"path": "nosuch"}}),
    "propagation of the root: rshared": config(ROOT_PROPAGATION, {"linux": {"rootfsPropagation": "rshared"}}),
    "propagation of the root: slave": config(ROOT_PROPAGATION, {"linux": {"rootfsPropagation": "slave"}}),
    "propagation of the root: rslave": config(ROOT_PROPAGATION, {"linux": {"rootfsPropagation": "rslave"}}),
    "propagation of the root: private": config(ROOT_PROPAGATION, {"linux": {"rootfsPropagation": "private"}}),
    "propagation of the root: rprivate": config(ROOT_PROPAGATION, {"linux": {"rootfsPropagation": "rprivate"}}),
    "propagation of the root: runbindable": config(ROOT_PROPAGATION, {"linux": {"rootfsPropagation": "runbindable"}}),
    "an unknown propagation of the root": config("", {"linux": {"rootfsPropagation": "nosuch"}}),
    "all propagations": config(PROPAGATION, WRITABLE, [
        bind("/m1", "shared"), bind("/m2", "rslave"), bind("/m3", "slave"), bind("/m4", "rprivate"), bind("/m5", "runbindable"),
        bind("/m6"), tmpfs("/m7", "shared"), tmpfs("/m8", "unbindable")]),
    "access times": config(OPTIONS, WRITABLE, [
        tmpfs("/m1", "noatime", "atime"), tmpfs("/m2", "relatime"), tmpfs("/m3", "norelatime"), tmpfs("/m4", "strictatime"),
        tmpfs("/m5", "strictatime", "nostrictatime"), tmpfs("/m6", "nodiratime", "diratime"), tmpfs("/m7", "noatime", "nodiratime"),
        bind("/m8", "noatime"), bind("/m9", "strictatime"), tmpfs("/ma", "atime", "noatime")]),
    "opposites": config(OPTIONS, WRITABLE, [
        tmpfs("/m1", "nosuid", "suid", "nodev", "dev", "noexec", "exec", "ro", "rw"), tmpfs("/m2", "nosymfollow", "symfollow"),
        bind("/m3", "nosuid", "nodev", "noexec", "nosymfollow"), bind("/m4", "ro", "rw"), bind("/m5", "rw", "ro")]),
    "writing at once": config(SUPER, WRITABLE, [
        *(tmpfs(f"/m{n}", "mode=755", *options) for n, options in enumerate((["sync"], ["dirsync"], ["lazytime"], ["sync", "async"],
            ["silent"], ["mand", "iversion"], ["lazytime", "nolazytime"], ["loud"]), start=1))]),
    "recursive options one by one": config(OPTIONS, WRITABLE, [
        bind("/m1", "rro"), bind("/m2", "rnosuid"), bind("/m3", "rnodev"), bind("/m4", "rnoexec"), bind("/m5", "rnodiratime"),
        bind("/m6", "rnosymfollow"), bind("/m7", "rnoatime"), bind("/m8", "rstrictatime"), bind("/m9", "rrelatime")]),
    "recursive opposites": config(OPTIONS, WRITABLE, [
        bind("/m1", "ro", "rrw"), bind("/m2", "nosuid", "rsuid"), bind("/m3", "nodev", "rdev"), bind("/m4", "noexec", "rexec"),
        bind("/m5", "nodiratime", "rdiratime"), bind("/m6", "nosymfollow", "rsymfollow"), bind("/m7", "noatime", "ratime"),
        bind("/m8", "rnorelatime"), bind("/m9", "rnostrictatime")]),
    "recursive options of a new file system": config(OPTIONS, WRITABLE, [tmpfs("/m1", "rro", "rnosuid"), tmpfs("/m2", "rnoatime")]),
    "data of a file system": config(SUPER + "; stat -c '%u %g %a' /m1", WRITABLE, [
        tmpfs("/m1", "size=2m", "nr_inodes=100", "uid=33", "gid=44", "mode=0750")]),
    "unknown data of a file system": config("", WRITABLE, [tmpfs("/m1", "nosuch=1")]),
    "an unknown file system": config("", WRITABLE, [{"destination": "/m1", "type": "nosuch", "source": "x"}]),
    "a bind without a type": config("cat /m1/file", WRITABLE, [{"destination": "/m1", "source": "data", "options": ["bind"]}]),
    "a bind without the option": config("cat /m1/file", WRITABLE, [{"destination": "/m1", "type": "bind", "source": "data"}]),
    "a bind that is not recursive": config("ls /m1/below | wc -l", WRITABLE, [
        {"destination": "/m1", "type": "none", "source": "data", "options": ["bind"]}]),
    "a relative destination": config("ls m1", WRITABLE, [{**bind("m1"), "options": ["bind"]}]),
    "a file over a directory": config("", WRITABLE, [{"destination": "/tmp", "type": "bind", "source": "data/file", "options": ["bind"]}]),
    "a directory over a file": config("", WRITABLE, [{"destination": "/etc/passwd", "type": "bind", "source": "data", "options": ["bind"]}]),
    "destinations behind links": config("ls /tmp; cat /tmp/in/file; ls /tmp/deep", WRITABLE, [
        bind("/to-tmp/in", "ro"), bind("/up/deep")]),
    "a destination with dots": config("ls /m1", WRITABLE, [{**bind("/usr/../../../m1"), "options": ["bind"]}]),
    "a remount": config(OPTIONS, WRITABLE, [tmpfs("/m1", "nosuid"), {"destination": "/m1", "type": "tmpfs", "source": "tmpfs",
                                                                     "options": ["remount", "ro", "nosuid"]}]),
    "mounts over each other": config("ls /m1; ls /m1/sub", WRITABLE, [tmpfs("/m1"), tmpfs("/m1/sub"), bind("/m1/sub/b")]),
    "an overlay": config("cat /m1/file; ls /m1; touch /m1/x; echo $?", WRITABLE, [
        {"destination": "/m1", "type": "overlay", "source": "overlay", "options": [
            "lowerdir=%(bundle)s/data:%(bundle)s/rootfs/etc"]}]),
    "an overlay to write to": config("cat /m1/file; touch /m1/x; echo $?; ls /m1", WRITABLE, [
        tmpfs("/tmp/l"), {"destination": "/m1", "type": "overlay", "source": "overlay", "options": [
            "lowerdir=%(bundle)s/data:%(bundle)s/rootfs/etc", "upperdir=%(bundle)s/upper", "workdir=%(bundle)s/work"]}]),
    "hidden processes": config("awk '$5 == \"/proc\" {print $NF}' /proc/self/mountinfo", {}, [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "hidepid=invisible"]}]),
    "only ids of users": config("", WRITABLE, [mapped(gids=False)]),
    "an id mapping of a file system": config("", WRITABLE, [{**mapped(), "type": "tmpfs", "source": "tmpfs", "options": []}]),
    "idmap without ids": config("stat -c %u /m1/file", WRITABLE, [bind("/m1", "idmap")]),
    "ids of a mount without the option": config("stat -c '%u %g' /m1/file /m1/below/file", WRITABLE, [mapped()]),
    "tmpcopyup of a missing directory": config("ls /m1 | wc -l", WRITABLE, [tmpfs("/m1/sub", "tmpcopyup")]),
    "tmpcopyup for another type": config("ls /m1 | wc -l", WRITABLE, [{**bind("/m1"), "options": ["bind", "tmpcopyup"]}]),
    "hidden directories and files": config("ls /m1 | wc -l; wc -c </m2/file; touch /m3/x; echo $?; touch /m3/below/x; echo $?", {
        **WRITABLE, "linux": {"maskedPaths": ["/m1", "/m2/file", "/nosuch"], "readonlyPaths": ["/m3", "/nosuch"]}}, [
            bind("/m1"), bind("/m2"), bind("/m3")]),
    "no hidden paths": config("ls /sys/firmware >/dev/null; echo $?; hostname other; hostname", {
        "linux": {"maskedPaths": [], "readonlyPaths": []}}),
    # namespaces
    "no mount namespace": without("mount", "ls / | tr '\\n' ' '; ls /proc/1/comm; readlink /proc/self/root", {
        **WRITABLE, "linux": {"maskedPaths": [], "readonlyPaths": []}}),
    "no mount namespace and hidden paths": without("mount", ""),
    "no pid namespace": without("pid", "test $$ -gt 1; echo $?"),
    "no network namespace": without("network", "test $(readlink /proc/self/ns/net) = '%(network)s'; echo $?"),
    "no ipc namespace": without("ipc", "cat /proc/sys/kernel/shmmni"),
    "no uts namespace": without("uts", "test $(hostname) != case; echo $?", {"hostname": ""}),
    "a host name without a uts namespace": without("uts", ""),
    "a domain name without a uts namespace": without("uts", "", {"hostname": "", "domainname": "x"}),
    "a network setting of the host": without("network", "", {"linux": {"sysctl": {"net.ipv4.ip_forward": "1"}}}),
    "a setting of the host's ipc": without("ipc", "", {"linux": {"sysctl": {"kernel.msgmax": "4242"}}}),
    "a setting of message queues": config("cat /proc/sys/fs/mqueue/msg_max", {"linux": {"sysctl": {"fs.mqueue.msg_max": "11"}}}),
    "a setting of the whole host": config("", {"linux": {"sysctl": {"vm.swappiness": "60"}}}),
    "a host name as a setting": config("", {"linux": {"sysctl": {"kernel.hostname": "x"}}}),
    "a domain name as a setting": config("cat /proc/sys/kernel/domainname", {"linux": {"sysctl": {"kernel.domainname": "x.org"}}}),
    "a setting with slashes": config("cat /proc/sys/net/ipv4/conf/lo/forwarding", {"linux": {"sysctl": {"net/ipv4/conf/lo/forwarding": "1"}}}),
    "a setting that is missing": config("", {"linux": {"sysctl": {"net.nosuch": "1"}}}),
    "clocks without a time namespace": config("", {"linux": {"timeOffsets": {"monotonic": {"secs": 1}}}}),
    "an unknown clock": config("", {"linux": {"timeOffsets": {"nosuch": {"secs": 1}}}}, [], [{"type": "time"}]),
    "ids without a user namespace": config("", {"linux": {"uidMappings": IDS, "gidMappings": IDS}}),
    "a user namespace without ids": config("id -u", {"linux": {"resources": {"devices": []}}}, [], [{"type": "user"}]),
    "two ranges of ids": config("cat /proc/self/uid_map", {"linux": {"gidMappings": IDS, "resources": {"devices": []}, "uidMappings": [
        {"containerID": 0, "hostID": 100000, "size": 1000}, {"containerID": 1000, "hostID": 300000, "size": 5}]}}, [], [{"type": "user"}]),
    "a namespace that is missing": config("", {}, [], [{"type": "cgroup", "path": "/proc/1/ns/nosuch"}]),
    "a namespace of another kind": config("", {}, [], [{"type": "cgroup", "path": "/proc/1/ns/net"}]),
    # devices
    "a device by default": config("stat -c '%n %f %u %g %t %T' /dev/a /dev/deep/b /dev/u", {"linux": {"devices": [
        {"path": "/dev/a", "type": "c", "major": 1, "minor": 3}, {"path": "/dev/deep/b", "type": "b", "major": 7, "minor": 0},
        {"path": "/dev/u", "type": "u", "major": 1, "minor": 5}]}}),
    "an unknown kind of device": config("", {"linux": {"devices": [{"path": "/dev/a", "type": "x", "major": 1, "minor": 3}]}}),
    "a device outside /dev": config("stat -c '%n %f' /m1/dev", {**WRITABLE, "linux": {"devices": [
        {"path": "/m1/dev", "type": "c", "major": 1, "minor": 3, "fileMode": 0o600}]}}, [tmpfs("/m1")]),
    "rules for devices": config(READ_DEVICES, merge(DEVICES, {"linux": {"resources": {"devices": [
        {"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rw"},
        {"allow": True, "type": "c", "major": 10, "minor": 237, "access": "rw"},
        {"allow": False, "type": "c", "major": 10, "minor": 237, "access": "rw"}]}}})),
    "every device but one": config(READ_DEVICES, merge(DEVICES, {"linux": {"resources": {"devices": [
        {"allow": True, "access": "rwm"}, {"allow": False, "type": "c", "major": 10, "minor": 237, "access": "rwm"}]}}})),
    "devices that are denied as a whole": config(READ_DEVICES, merge(DEVICES, {"linux": {"resources": {"devices": [
        {"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rw"},
        {"allow": False, "type": "c", "major": 10, "access": "rw"}]}}})),
    "an unknown kind of rule": config("", {"linux": {"resources": {"devices": [{"allow": True, "type": "x", "access": "rwm"}]}}}),
    "an unknown access": config("", {"linux": {"resources": {"devices": [{"allow": True, "type": "c", "access": "rwx"}]}}}),
    "every device": config(READ_DEVICES, merge(DEVICES, {"linux": {"resources": {"devices": [{"allow": True, "type": "a", "access": "rwm"}]}}})),
    # hooks
    "hooks that succeed": config("cat /tmp/a", {**WRITABLE, "hooks": {
        kind: [hook(f"echo {kind} >>%(bundle)s/rootfs/tmp/a")] for kind in ("prestart", "createRuntime", "createContainer")}}),
    "hooks in their order": config("cat /tmp/a", {**WRITABLE, "hooks": {"createRuntime": [
        hook(f"echo {n} >>%(bundle)s/rootfs/tmp/a") for n in range(3)]}}),
    "arguments and environment of a hook": config("cat /tmp/a", {**WRITABLE, "hooks": {"createRuntime": [
        hook("(echo $0; env | sort | grep -v ^_) >>%(bundle)s/rootfs/tmp/a", env=["PATH=/bin:/usr/bin", "A=b"])]}}),
    "a hook without environment": config("cat /tmp/a", {**WRITABLE, "hooks": {"createRuntime": [
        {"path": "/bin/sh", "args": ["x", "-c", "echo $OCI_CASE >>%(bundle)s/rootfs/tmp/a"]}]}}),
    "a hook in the container": config("cat /tmp/a", {**WRITABLE, "hooks": {"startContainer": [hook("id -u >>/tmp/a; pwd >>/tmp/a")]}}),
    "a prestart hook that fails": config("echo never", {"hooks": {"prestart": [hook("echo why >&2; exit 3")]}}),
    "a createContainer hook that fails": config("echo never", {"hooks": {"createContainer": [hook("exit 3")]}}),
    "a startContainer hook that fails": config("echo never", {"hooks": {"startContainer": [hook("exit 3")]}}),
    "a poststart hook that fails": config("sleep 0.1", {"hooks": {"poststart": [hook("exit 3")]}}),
    "a poststop hook that fails": config("echo once", {"hooks": {"poststop": [hook("exit 3")]}}),
    "a hook that is missing": config("echo never", {"hooks": {"createRuntime": [{"path": "/nosuch"}]}}),
    "a hook with a relative path": config("echo never", {"hooks": {"createRuntime": [{"path": "bin/true"}]}}),
    "a hook that is killed": config("echo never", {"hooks": {"createRuntime": [hook("kill -9 $$")]}}),
    "a hook that takes too long": config("echo never", {"hooks": {"createRuntime": [hook("exec sleep 5", timeout=1)]}}),
    # seccomp
    "seccomp: equal": profiled(CHMODS, on_chmod(("SCMP_CMP_EQ", 0o711))),
    "seccomp: not equal": profiled(CHMODS, on_chmod(("SCMP_CMP_NE", 0o711))),
    "seccomp: less": profiled(CHMODS, on_chmod(("SCMP_CMP_LT", 0o711))),
    "seccomp: less or equal": profiled(CHMODS, on_chmod(("SCMP_CMP_LE", 0o711))),
    "seccomp: greater": profiled(CHMODS, on_chmod(("SCMP_CMP_GT", 0o711))),
    "seccomp: greater or equal": profiled(CHMODS, on_chmod(("SCMP_CMP_GE", 0o711))),
    "seccomp: masked": profiled(CHMODS, on_chmod(("SCMP_CMP_MASKED_EQ", 0o777, 0o711))),
    "seccomp: two tests of an argument": profiled(CHMODS, on_chmod(("SCMP_CMP_EQ", 0o700), ("SCMP_CMP_EQ", 0o711))),
    "seccomp: a number of its own": profiled(CHMODS, on_chmod(("SCMP_CMP_EQ", 0o711)), defaultErrnoRet=38),
    "seccomp: one call in two rules": profiled(CHMODS, [
        *on_chmod(("SCMP_CMP_EQ", 0o711)), {"names": ["chmod", "fchmodat", "fchmodat2"], "action": "SCMP_ACT_ALLOW"}]),
    "seccomp: refuse by default": profiled("mkdir /tmp/made", [{"names": ["exit"], "action": "SCMP_ACT_ALLOW"}], defaultAction="SCMP_ACT_KILL_PROCESS"),
    "seccomp: log by default": profiled(MADE, [], defaultAction="SCMP_ACT_LOG"),
    "seccomp: trace with a number": filtered("SCMP_ACT_TRACE", MADE, errnoRet=5),
    "seccomp: flags": profiled("grep -c Speculation /proc/self/status; grep ^Seccomp /proc/self/status", [], defaultErrnoRet=None, flags=[
        "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_LOG"]),
    "seccomp: an unknown flag": profiled("echo never", [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}], flags=["SECCOMP_FILTER_FLAG_NOSUCH"]),
    "seccomp: an unknown action": filtered("SCMP_ACT_NOSUCH", "echo never"),
    "seccomp: an unknown operator": profiled("echo never", on_chmod(("SCMP_CMP_NOSUCH", 0o711))),
    "seccomp: an unknown architecture": profiled("echo never", [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}], architectures=["SCMP_ARCH_NOSUCH"]),
    "seccomp: an unknown call": profiled("echo once", [{"names": ["nosuch"], "action": "SCMP_ACT_ERRNO"}]),
    "seccomp: all architectures": profiled(MADE, [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}],
                                           architectures=["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64"]),
    "seccomp: no architectures": profiled(MADE, [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}], architectures=[]),
    "seccomp: without no_new_privs": config(MADE, {**WRITABLE, "process": {"noNewPrivileges": False}, "linux": {"seccomp": {
        "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}]}}}),
    # the file itself
    "no version": merge(config("echo once"), {"ociVersion": ""}),
    "an old version": merge(config("echo once"), {"ociVersion": "0.5.0"}),
    "no root": {key: value for key, value in config("echo never").items() if key != "root"},
    "no process": {key: value for key, value in config("echo never").items() if key != "process"},
    "no linux": {key: value for key, value in config("echo once").items() if key != "linux"},
    "a field of the wrong type": config("", {"process": {"user": {"uid": "root"}}}),
    "a field that nobody knows": config("echo once", {"nosuch": {"a": 1}, "process": {"nosuch": 1}}),
    "a machine": config("echo once", {"vm": {"kernel": {"path": "/k"}}}),
    "annotations": config("echo once", {"annotations": {"org.example.a": "b"}}),
}

# Where the first version of cgroups has the controllers.
V1_CASES = {
    "limits of the cgroup": config("cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.shares "
                                   "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", {"linux": {"resources": {
                                       "pids": {"limit": 77}, "memory": {"limit": 67108864}, "cpu": {"shares": 512, "quota": 50000, "period": 100000}}}},
                                   [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
                                     "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]}]),
    "a cgroup namespace": config("grep pids /proc/self/cgroup | cut -d: -f3", {}, [], [{"type": "cgroup"}]),
    "a hole in the rules for devices": config(READ_DEVICES, merge(DEVICES, {"linux": {"resources": {"devices": [
        {"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "major": 10, "access": "rw"},
        {"allow": False, "type": "c", "major": 10, "minor": 237, "access": "rw"}]}}})),
    "limits of memory": limited(files("memory/memory.limit_in_bytes", "memory/memory.soft_limit_in_bytes", "memory/memory.swappiness"), {
        "memory": {"limit": 1 << 26, "reservation": 1 << 25, "swappiness": 10}}),
    "memory without a limit": limited(files("memory/memory.limit_in_bytes"), {"memory": {"limit": -1}}),
    "out of memory without killing": limited(files("memory/memory.oom_control") + "| head -1", {"memory": {
        "limit": 1 << 26, "disableOOMKiller": True}}),
    "fields of memory that are history": limited("echo once", {"memory": {
        "kernel": 1 << 26, "kernelTCP": 1 << 25, "useHierarchy": True, "checkBeforeUpdate": True}}),
    "limits of the processors": limited(files("cpu/cpu.shares", "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us", "cpu/cpu.cfs_burst_us"), {
        "cpu": {"shares": 100, "quota": 20000, "period": 40000, "burst": 5000}}),
    "only a quota": limited(files("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"), {"cpu": {"quota": 20000}}),
    "only a period": limited(files("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"), {"cpu": {"period": 40000}}),
    "an idle group": limited(files("cpu/cpu.idle"), {"cpu": {"idle": 1}}),
    "real time of the processors": limited(files("cpu/cpu.rt_runtime_us"), {"cpu": {"realtimeRuntime": 1000, "realtimePeriod": 100000}}),
    "processors by number": limited(files("cpuset/cpuset.cpus", "cpuset/cpuset.mems") + "; grep Cpus_allowed_list /proc/self/status", {
        "cpu": {"cpus": "0", "mems": "0"}}),
    "a processor that is missing": limited("", {"cpu": {"cpus": "4711"}}),
    "any number of processes": limited(files("pids/pids.max"), {"pids": {"limit": -1}}),
    "a throttled disk": limited(files(*(f"blkio/blkio.throttle.{kind}_device" for kind in ("read_bps", "write_bps", "read_iops", "write_iops"))), {
        "blockIO": {name: [{"major": 254, "minor": 0, "rate": 1000 + n}] for n, name in enumerate((
            "throttleReadBpsDevice", "throttleWriteBpsDevice", "throttleReadIOPSDevice", "throttleWriteIOPSDevice"))}}),
    "a weight of disks": limited("echo once", {"blockIO": {"weight": 300}}),
    "a weight of one disk": limited("echo once", {"blockIO": {"weightDevice": [{"major": 254, "minor": 0, "weight": 300}]}}),
    "a weight of leaves": limited("echo once", {"blockIO": {"leafWeight": 300}}),
    "huge pages without their controller": limited("echo once", {"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}),
    "huge pages of an unknown size": limited("echo once", {"hugepageLimits": [{"pageSize": "3MB", "limit": 4194304}]}),
    "a class of packets": limited("echo once", {"network": {"classID": 1048577}}),
    "a priority of packets": limited("echo once", {"network": {"priorities": [{"name": "lo", "priority": 3}]}}),
    "files of the other version": limited("echo once", {"unified": {"memory.high": "1000000"}}),
    "RDMA": limited("echo once", {"rdma": {"mlx5_0": {"hcaHandles": 3, "hcaObjects": 100}}}),
    "cache of Intel": config("echo never", {"linux": {"intelRdt": {"closID": "x", "l3CacheSchema": "L3:0=f"}}}),
    "a group by path": config("grep :pids: /proc/self/cgroup | sed s,.*/,,", {"linux": {"cgroupsPath": "/oci-case/below"}}),
    "a group by relative path": config("grep :pids: /proc/self/cgroup | sed s,.*/,,", {"linux": {"cgroupsPath": "oci-case"}}),
    "a path of a group that leads out": config("grep :pids: /proc/self/cgroup | sed s,.*/,,", {"linux": {"cgroupsPath": "../../oci-case"}}),
    "groups to write to": config("mkdir /sys/fs/cgroup/pids/x; echo $?; rmdir /sys/fs/cgroup/pids/x; grep :pids: /proc/self/cgroup | cut -d: -f3", {}, [
        {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["rw", "nosuid"]}], [{"type": "cgroup"}]),
}

# In a mount namespace where the second version of cgroups is all there is at /sys/fs/cgroup.
V2_CASES = {
    "v2: the groups of the host": limited("ls /sys/fs/cgroup$(grep ^0 /proc/self/cgroup | cut -d: -f3)/cgroup.procs | wc -l", {}),
    "v2: the group": config("grep ^0 /proc/self/cgroup", {"linux": {"cgroupsPath": "/oci-case"}}),
    "v2: a cgroup namespace": config("grep ^0 /proc/self/cgroup; ls /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/x; echo $?", {}, [
        {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "ro"]}],
                                   [{"type": "cgroup"}]),
    "v2: groups to write to": config("mkdir /sys/fs/cgroup/x; echo $?; rmdir /sys/fs/cgroup/x", {}, [
        {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["rw"]}], [{"type": "cgroup"}]),
    "v2: rules for devices": CASES["rules for devices"],
    "v2: a hole in the rules for devices": V1_CASES["a hole in the rules for devices"],
    "v2: every device but one": CASES["every device but one"],
    "v2: a device that is not allowed": CASES["a device that is not allowed"],
    "v2: every device": CASES["every device"],
    "v2: huge pages": grouped("hugetlb.2MB.max", {"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}),
    "v2: files by name": grouped("hugetlb.2MB.max cgroup.max.depth", {"unified": {
        "hugetlb.2MB.max": "6291456", "cgroup.max.depth": "3"}}),
    "v2: a file that is missing": limited("", {"unified": {"nosuch.max": "1"}}),
    "v2: a file elsewhere": limited("", {"unified": {"../cgroup.max.depth": "1"}}),
    "v2: a limit without its controller": limited("", {"pids": {"limit": 10}}),
    "v2: swappiness": limited("echo once", {"memory": {"swappiness": 10}}),
    "v2: out of memory without killing": limited("echo once", {"memory": {"disableOOMKiller": True}}),
    "v2: real time of the processors": limited("echo once", {"cpu": {"realtimeRuntime": 1000}}),
    "v2: RDMA": limited("echo once", {"rdma": {"mlx5_0": {"hcaHandles": 3}}}),
    "v2: a class of packets": limited("echo once", {"network": {"classID": 1048577}}),
}


ALL = {**CASES, **V1_CASES, **V2_CASES}

# What the kernel's configuration decides: compared only where the kernel is the one that was recorded with.
OF_THE_KERNEL = {
    "real-time scheduling", "scheduling by deadline", "real-time I/O", "a profile of AppArmor", "a label of SELinux", "a label of mounts",
    "writing at once", "processors by number", "a throttled disk", "a weight of disks", "a weight of one disk", "a weight of leaves",
    "huge pages without their controller", "huge pages of an unknown size", "a class of packets", "a priority of packets", "RDMA",
    "real time of the processors", "v2: huge pages", "v2: files by name", "v2: a limit without its controller", "v2: RDMA"}

REFUSED = {"status": 1, "output": []}
AS_CRUN = None

# Where our runtime differs from runc: what it shows (crun's outcome for AS_CRUN), and why.
DIFFERENCES = {
    "no word about capabilities": (AS_CRUN, "what the file does not grant is not kept of the caller's"),
    "propagation of the root: runbindable": ({"status": 0, "output": ["unbind"]}, "read-only paths are made before the root cannot be bound"),
    "recursive options of a new file system": (
        {"status": 0, "output": ["/m1 ro,nosuid,relatime", "/m2 rw,noatime"]}, "they are applied, not passed over"),
    "a bind without the option": ({"status": 0, "output": ["data"]}, "the type says it too"),
    "hidden directories and files": ({"status": 0, "output": ["0", "0", "1", "1"]}, "what is mounted below a read-only path is read-only"),
    "no mount namespace": (
        {"status": 0, "output": ["bin dev etc home m1 m2 m3 m4 m5 m6 m7 m8 m9 ma made proc root run sys tmp to-tmp up usr var /proc/1/comm", "/"]},
        "delete takes the container's mounts away"),
    "ids without a user namespace": (REFUSED, "they would have no effect"),
    "devices that are denied as a whole": ({"status": 0, "output": ["1", "1"]}, "runc and crun leave a device open that a later rule closes"),
    "an unknown access": (AS_CRUN, "it would have no effect"),
    "seccomp: refuse by default": (AS_CRUN, "the command's own exit status, not that starting it failed"),
    "no version": (REFUSED, "the specification requires it"),
    "an old version": (REFUSED, "of a draft whose fields meant something else"),
    "a machine": (REFUSED, "it would have no effect"),
    "v2: a hole in the rules for devices": (AS_CRUN, "the second version can keep it"),
    "v2: swappiness": (AS_CRUN, "it would have no effect"),
    "v2: out of memory without killing": (AS_CRUN, "it would have no effect"),
    "v2: real time of the processors": (AS_CRUN, "it would have no effect"),
    "v2: a class of packets": (AS_CRUN, "it would have no effect"),
}

# Refusals whose words are runc's, letter by letter.
SAID_ALIKE = {
    "no such command", "a command that cannot be executed", "a hook that fails", "a label of SELinux", "an unknown class of I/O",
    "I/O priority out of range", "a scheduler without a policy", "nice out of range", "a priority without real time",
    "a deadline of another scheduler", "an unknown personality", "an unknown propagation of the root", "a host name as a setting",
    "clocks without a time namespace", "a user namespace without ids", "a prestart hook that fails",
    "a createContainer hook that fails", "a poststart hook that fails", "a hook that takes too long", "no root", "no process", "no linux"}


def layout_of(name: str) -> list:
    """What runs before the runtime."""
    if name in V2_CASES:
        return ["unshare", "--mount", "sh", "-c", "umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec \"$@\"", "sh"]
    return []


def outcome(runtime: list, directory: pathlib.Path, name: str) -> dict:
    bundle = json.loads(json.dumps(ALL[name]).replace("%(bundle)s", str(directory))
                        .replace("%(network)s", os.readlink("/proc/self/ns/net")))
    for extra in ("upper", "work"):
        (directory / extra).mkdir(exist_ok=True)
    container = f"case-{os.getpid()}-{[*ALL].index(name)}"
    text = json.dumps(run([*layout_of(name), *runtime], directory, container, bundle))
    return json.loads(text.replace(str(directory), "BUNDLE").replace(container, "CASE"))


def record(directory: pathlib.Path, tar: pathlib.Path, runtime: list) -> dict:
    prepare(directory, tar)
    outcomes = {}
    for name in ALL:
        outcomes[name] = outcome(runtime, directory, name)
        print(name, outcomes[name].pop("said"), file=sys.stderr)
        outcomes[name].pop("groups left")  # both leave some when they fail
        if name not in SAID_ALIKE:  # some runtimes print addresses
            outcomes[name].pop("error", None)
    return {"kernel": platform.release(), "outcomes": outcomes}


def print_recorded(recorded: dict):
    """A line for each case, so that a difference is one."""
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(outcome)}" for name, outcome in recorded["outcomes"].items())
    print(f'{{\n "kernel": {json.dumps(recorded["kernel"])},\n "outcomes": {{\n{lines}\n }}\n}}')


if __name__ == "__main__":
    print_recorded(record(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]))
