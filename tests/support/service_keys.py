"""The cases of the service keys about process, security, namespaces and limits: run with `stack` by the scenario test, and with
docker compose on the reference by tests/golden/service_keys/record.

IMAGE, DISK (a block device of the host) and the names of files are replaced in the text of a case.
"""
import os
import re

PROFILE = """{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5},
              {"names": ["sethostname"], "action": "SCMP_ACT_ERRNO"}]}
"""
FILES = {"profile.json": PROFILE, "bad.json": "{", "more.labels": "# read by label_file\nL1=one\nL2=\"two words\"\n"}

CGROUP = "/sys/fs/cgroup"

# name -> (keys of the service, what is run in it, the rest of the file); the output is what docker compose showed
INSIDE = {
    "groups by name and number": (
        "user: www\ngroup_add: [daemon, 1234, '55']", "id -u; id -g; id -G", ""),
    "security options": (
        "security_opt: ['no-new-privileges:true', 'seccomp:./profile.json', 'label:disable', 'apparmor:unconfined']",
        "grep -e NoNewPrivs -e Seccomp: /proc/self/status; mkdir /x; ls -d /x", ""),
    "nothing masked, no filter": (
        "security_opt: ['seccomp=unconfined', 'systempaths=unconfined']",
        "grep Seccomp: /proc/self/status; mount | grep -c ' /proc'", ""),
    "the default filter by its name": ("security_opt: ['seccomp=builtin']", "grep Seccomp: /proc/self/status", ""),
    "a profile stays in a privileged container": (
        "privileged: true\nsecurity_opt: ['seccomp=profile.json']", "grep Seccomp: /proc/self/status; mkdir /x", ""),
    "sysctls": (
        "sysctls:\n  net.core.somaxconn: 1023\n  kernel.msgmax: 65530\n  fs.mqueue.msg_max: 7\n  kernel.domainname: dom\n"
        "  net.ipv4.ip_unprivileged_port_start: 99",
        "cd /proc/sys; cat net/core/somaxconn kernel/msgmax fs/mqueue/msg_max kernel/domainname "
        "net/ipv4/ip_unprivileged_port_start", ""),
    "limits of the process": (
        "ulimits: {nofile: {soft: 200, hard: 400}, nproc: 6553, core: -1}\noom_score_adj: 300\n"
        "group_add: [extra]\nstop_signal: SIGUSR1\nannotations: {a: b}",
        "grep -e 'open files' -e processes -e core /proc/self/limits; cat /proc/self/oom_score_adj", ""),
    "memory, cpu and pids": (
        "mem_limit: 50m\nmem_reservation: 20m\nmemswap_limit: 100m\nmem_swappiness: 10\noom_kill_disable: true\n"
        "cpu_shares: 100\ncpu_period: 20000\ncpu_quota: 5000\ncpuset: '0'\npids_limit: 50",
        f"cd {CGROUP}; cat memory/memory.limit_in_bytes memory/memory.soft_limit_in_bytes memory/memory.memsw.limit_in_bytes "
        "memory/memory.swappiness; grep disable memory/memory.oom_control; cat cpu/cpu.shares cpu/cpu.cfs_period_us "
        "cpu/cpu.cfs_quota_us cpuset/cpuset.cpus pids/pids.max; grep Cpus_allowed_list /proc/self/status", ""),
    "without limits": (
        "pids_limit: -1\nmemswap_limit: -1\nmem_limit: 20m\ncpu_quota: -1",
        f"cd {CGROUP}; cat pids/pids.max memory/memory.memsw.limit_in_bytes cpu/cpu.cfs_quota_us", ""),
    "deploy.resources": (
        "deploy:\n  resources:\n    limits: {cpus: '0.5', memory: 50m, pids: 20}\n"
        "    reservations: {cpus: '0.1', memory: 20m, generic_resources: [{discrete_resource_spec: {kind: x, value: 1}}]}",
        f"cd {CGROUP}; cat cpu/cpu.cfs_quota_us memory/memory.limit_in_bytes memory/memory.soft_limit_in_bytes pids/pids.max", ""),
    "block devices": (
        "blkio_config:\n  weight: 300\n  device_read_bps: [{path: DISK, rate: 1mb}]\n"
        "  device_write_bps: [{path: DISK, rate: 1024}]\n  device_read_iops: [{path: DISK, rate: 120}]\n"
        "  device_write_iops: [{path: DISK, rate: '30'}]",
        f"cd {CGROUP}/blkio; cat blkio.throttle.read_bps_device blkio.throttle.write_bps_device "
        "blkio.throttle.read_iops_device blkio.throttle.write_iops_device", ""),
    "devices": (
        "devices: ['/dev/kmsg:/dev/k:r', '/dev/net:/dev/n', /dev/full]\ndevice_cgroup_rules: ['c 1:12 rw']",
        f"stat -c '%n %t:%T %a' /dev/k /dev/n/tun /dev/full; grep -e ' 1:11 ' -e ' 10:200 ' -e ' 1:12 ' {CGROUP}/devices/devices.list; "
        "head -c1 /dev/k >/dev/null && echo read; (echo x >/dev/k) 2>/dev/null || echo not written", ""),
    "every device by a rule": ("device_cgroup_rules: ['a *:* rwm']", f"cat {CGROUP}/devices/devices.list", ""),
    "shared memory": ("shm_size: 1m\nipc: private", "mount | grep shm", ""),
    "no shared memory": ("ipc: none", "ls -d /dev/shm", ""),
    "names": (
        "hostname: hh\ndomainname: dom", "hostname; cat /proc/sys/kernel/domainname; grep -c 'hh.dom hh$' /etc/hosts", ""),
    "a group tree of its own": ("cgroup: private", "cut -d: -f3 /proc/self/cgroup | sort -u", ""),
    "the host's group tree": ("cgroup: host\ncgroup_parent: PARENT", "grep :cpu: /proc/self/cgroup | cut -d/ -f2", ""),
    "privileged drops nothing": (
        "privileged: true\ncap_drop: [ALL]", "grep -e CapEff -e Seccomp: /proc/self/status; mount | grep -c ' (ro'", ""),
    "init and a read-only root": (
        "init: true\nread_only: true\ntmpfs: [/scratch]", "cat /proc/1/comm; touch /x; touch /scratch/x && echo written", ""),
    "one interface": (
        "networks:\n  n: {ipv4_address: 10.211.3.9, mac_address: '02:00:00:00:00:09', interface_name: foo0, "
        "link_local_ips: [169.254.8.8], driver_opts: {com.docker.network.endpoint.sysctls: "
        "'net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.conf.IFNAME.forwarding=0'}}",
        "ip -o -4 addr show foo0 | awk '{print $2, $4}'; cat /sys/class/net/foo0/address; ip route; "
        "cat /proc/sys/net/ipv4/conf/foo0/log_martians /proc/sys/net/ipv4/conf/foo0/forwarding",
        "networks: {n: {ipam: {config: [{subnet: 10.211.3.0/24}]}}}"),
    "several interfaces": (
        "networks: {a: {gw_priority: 1}, b: {priority: 100}, c: {}}",
        # docker gives ethN in no certain order
        "ip -o -4 addr | awk '{print $4}' | sort; ip route | awk '/default/ {print $3}'",
        "networks:\n  a: {ipam: {config: [{subnet: 10.211.4.0/24}]}}\n  b: {ipam: {config: [{subnet: 10.211.5.0/24}]}}\n"
        "  c: {ipam: {config: [{subnet: 10.211.6.0/24}]}}"),
    "a service-level hardware address": ("mac_address: 02:00:00:00:00:07", "cat /sys/class/net/eth0/address", ""),
    "no network": ("network_mode: none\nports: ['80:80']", "ls /sys/class/net", ""),
    "the host's names": ("network_mode: host\nhostname: foo\nextra_hosts: ['a:1.2.3.4']", "hostname; tail -1 /etc/hosts", ""),
    "other names on the host's network": ("network_mode: host\ndns: [1.2.3.4]", "grep ^nameserver /etc/resolv.conf", ""),
}

# what docker compose, or the engine behind it, refuses; its words are kept
REFUSED = [
    "sysctls: {kernel.core_pattern: x}",
    "sysctls: [net.core.somaxconn=1]\nnetwork_mode: host",
    "sysctls: [kernel.shmmax=1]\nipc: host",
    "sysctls: [kernel.hostname=q]",
    "sysctls: {net.ipv4.conf.eth0.log_martians: 1}",
    "security_opt: [foo]",
    "security_opt: [foo=bar]",
    "security_opt: ['seccomp=none.json']",
    "security_opt: ['no-new-privileges=maybe']",
    "security_opt: ['systempaths:unconfined']",
    "security_opt: [label]",
    "group_add: [nosuch]",
    "group_add: [99999999999]",
    "group_add: ['-1']",
    "ulimits: {foo: 1}",
    "uts: x",
    "uts: host\nhostname: foo",
    "ipc: x",
    "ipc: 'container:nosuch'",
    "pid: x",
    "pid: 'container:nosuch'",
    "network_mode: 'container:nosuch'",
    "network_mode: nosuch",
    "mem_limit: 1m",
    "mem_reservation: 1m",
    "mem_reservation: 50m\nmem_limit: 20m",
    "mem_swappiness: 300",
    "memswap_limit: 30m",
    "memswap_limit: 10m\nmem_limit: 20m",
    "cpuset: '999'",
    "cpuset: x",
    "cpu_shares: 1",
    "cpu_shares: -1",
    "cpu_period: 100",
    "cpu_quota: 10",
    "cpus: 0.5\ncpu_quota: 10000",
    "cpus: 0.5\ncpu_period: 10000",
    "cpu_rt_period: 100\ncpu_rt_runtime: 500",
    "blkio_config: {device_read_bps: [{path: /dev/nosuch, rate: 5}]}",
    "isolation: hyperv",
    "runtime: foo",
    "storage_opt: {size: 1g}",
    "storage_opt: {foo: bar}",
    "gpus: all",
    "gpus: [{driver: nvidia, count: 2}]",
    "deploy: {resources: {reservations: {devices: [{capabilities: [gpu], driver: foo}]}}}",
    "devices: [/dev/nosuch]",
    "devices: [/etc/passwd]",
    "devices: ['vendor.com/class=name']",
    "device_cgroup_rules: ['x 1:11 rw']",
    "shm_size: -5",
    "stop_signal: FOO",
    "mac_address: zz",
    "networks: {n: {mac_address: zz}}",
    "networks: {n: {ipv4_address: 10.9.9.9}}",
    "networks: {n: {link_local_ips: [foo]}}",
    "networks: {n: {link_local_ips: [10.2.3.4]}}",
    "networks: {n: {driver_opts: {com.docker.network.endpoint.sysctls: 'kernel.foo=1'}}}",
    "networks: {n: {driver_opts: {com.docker.network.endpoint.sysctls: 'net.ipv4.conf.IFNAME.nosuch=1'}}}",
    "mac_address: 02:00:00:00:00:01\nnetworks: {n: {mac_address: 02:00:00:00:00:02}}",
    "networks: {bridge: {}}",
    "networks: {bridge: {ipv4_address: 172.17.0.77}}",
]


def compose_file(keys: str, image: str, disk: str, parent: str, rest: str = "") -> str:
    """A project `keys` with the one service `app`."""
    networks = rest
    if not rest and "networks: {n:" in keys:
        networks = "networks: {n: {ipam: {config: [{subnet: 10.211.3.0/24}]}}}"
    if not rest and "networks: {bridge:" in keys:
        networks = "networks: {bridge: {external: true, name: bridge}}"
    indented = "".join(f"    {line}\n" for line in keys.splitlines())
    text = f"name: keys\nservices:\n  app:\n    image: {image}\n    stop_grace_period: 0s\n{indented}{networks}\n"
    return text.replace("DISK", disk).replace("PARENT", parent)


def a_disk() -> str:
    """A whole disk of this host; empty: there is none."""
    for name in sorted(os.listdir("/sys/block")):
        if re.match(r"(vd|sd|nvme|xvd)", name) and os.path.exists(f"/dev/{name}"):
            return f"/dev/{name}"
    return ""


def without_numbers_of_disk(text: str, disk: str) -> str:
    status = os.stat(disk) if disk else None
    return text.replace(f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}", "DISK") if status else text
