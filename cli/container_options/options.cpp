#include "cli/container_options/options.hpp"

namespace stack::cli::container_options {
namespace {

void declare_process(Flags& flags, ContainerOptions& options) {
  flags.values("-a,--attach", options.attach, "STREAM", "Join only these: stdin, stdout, stderr; repeatable");
  flags.value("--entrypoint", options.entrypoint, "COMMAND", "Instead of the image's entrypoint");
  flags.values("-e,--env", options.environment, "NAME[=VALUE]", "Set an environment variable; repeatable");
  flags.values("--env-file", options.environment_files, "FILE", "Set the environment variables of a file; repeatable");
  flags.values("--group-add", options.groups, "GROUP", "One more group for the process; repeatable");
  flags.value("--health-cmd", options.health_command, "COMMAND", "Command that tells whether the container is healthy");
  flags.value("--health-interval", options.health_interval, "DURATION", "Time between two checks: 30s");
  flags.value("--health-retries", options.health_retries, "N", "Failures in a row that make it unhealthy");
  flags.value("--health-start-interval", options.health_start_interval, "DURATION", "Time between checks while it starts");
  flags.value("--health-start-period", options.health_start_period, "DURATION", "Time to start in, failures do not count");
  flags.value("--health-timeout", options.health_timeout, "DURATION", "Longest time a check may take");
  flags.flag("--init", options.init, "Run an init that passes signals on and reaps processes");
  flags.flag("-i,--interactive", options.interactive, "Keep stdin open, also when nothing is joined to it");
  flags.flag("--no-healthcheck", options.no_healthcheck, "Not even the image's health check");
  flags.value("--stop-signal", options.stop_signal, "SIGNAL", "Signal that asks it to stop");
  flags.value("--stop-timeout", options.stop_timeout, "SECONDS", "How long it may take to stop before it is killed");
  flags.flag("-t,--tty", options.tty, "Give it a terminal");
  flags.value("-u,--user", options.user, "USER[:GROUP]", "Run as this user");
  flags.value("-w,--workdir", options.directory, "DIR", "Run in this directory");
}

void declare_container(Flags& flags, ContainerOptions& options) {
  flags.values("--annotation", options.annotations, "NAME=VALUE", "Annotation for the OCI runtime; repeatable");
  flags.value("--cidfile", options.cidfile, "FILE", "Write the container's id to this file");
  flags.value("--domainname", options.domainname, "NAME", "Its NIS domain");
  flags.value("-h,--hostname", options.hostname, "NAME", "Its host name");
  flags.value("--isolation", options.isolation, "KIND", "default");
  flags.values("-l,--label", options.labels, "NAME[=VALUE]", "Add a label; repeatable");
  flags.values("--label-file", options.label_files, "FILE", "Add the labels of a file; repeatable");
  flags.value("--log-driver", options.log_driver, "DRIVER", "Where its output goes: local, json-file, none ...");
  flags.values("--log-opt", options.log_options, "NAME=VALUE", "Option of that: max-size=10m; repeatable");
  flags.value("--name", options.name, "NAME", "Its name");
  flags.value("--platform", options.platform, "OS/ARCH", "The platform of the image");
  flags.value("--pull", options.pull, "POLICY", "Pull the image: always, missing or never (default missing)");
  flags.flag("-q,--quiet", options.quiet, "Do not show the progress of a pull");
  flags.value("--restart", options.restart, "POLICY", "When it is started again: no, always, unless-stopped, on-failure[:N]");
  flags.flag("--rm", options.remove, "Remove it, and its anonymous volumes, when it ends");
  flags.value("--runtime", options.runtime, "NAME", "The OCI runtime");
}

void declare_files(Flags& flags, ContainerOptions& options) {
  flags.values("--device", options.devices, "DEVICE[:PATH[:rwm]]", "A device of the host; repeatable");
  flags.values("--device-cgroup-rule", options.device_rules, "RULE", "\"c 42:* rmw\"; repeatable");
  flags.values("--gpus", options.gpus, "REQUEST", "all, a number, or \"device=0,1\"");
  flags.values("--mount", options.mounts, "type=TYPE,...",
               "type= bind, volume, tmpfs or image; source=, target=, readonly, ...; repeatable");
  flags.flag("--read-only", options.read_only, "Nothing can be written to its root file system");
  flags.value("--shm-size", options.shm_size, "SIZE", "Size of /dev/shm");
  flags.values("--storage-opt", options.storage_options, "NAME=VALUE", "Option of the storage driver; repeatable");
  flags.values("--tmpfs", options.tmpfs, "PATH[:OPTIONS]", "Memory as a directory; repeatable");
  flags.not_yet("--use-api-socket");
  flags.values("-v,--volume", options.volumes, "[SOURCE:]TARGET[:ro]", "Mount a directory or volume; repeatable");
  flags.value("--volume-driver", options.volume_driver, "DRIVER", "Who makes the volumes of -v");
  flags.values("--volumes-from", options.volumes_from, "CONTAINER[:ro]", "All the mounts of another container; repeatable");
}

void declare_networks(Flags& flags, ContainerOptions& options) {
  flags.values("--add-host", options.hosts, "NAME:IP", "A line of /etc/hosts; host-gateway is this host; repeatable");
  flags.values("--dns", options.dns, "IP", "A name server; repeatable");
  flags.values("--dns-option,--dns-opt", options.dns_options, "OPTION", "Option of the resolver; repeatable");
  flags.values("--dns-search", options.dns_search, "DOMAIN", "Domain that short names are looked up in; repeatable");
  flags.values("--expose", options.expose, "PORT[/PROTOCOL]", "A port that is used, for -P and for others to see; repeatable");
  flags.value("--ip", options.ip, "IP", "Its IPv4 address");
  flags.value("--ip6", options.ip6, "IP", "Its IPv6 address");
  flags.values("--link", options.links, "CONTAINER[:ALIAS]", "A name for another container; repeatable");
  flags.values("--link-local-ip", options.link_local_ips, "IP", "A link-local address; repeatable");
  flags.value("--mac-address", options.mac_address, "MAC", "Its MAC address");
  flags.values("--network,--net", options.networks, "NETWORK",
               "A network, host, none, container:NAME, or name=NETWORK,alias=NAME,ip=IP; repeatable");
  flags.values("--network-alias,--net-alias", options.aliases, "NAME", "A name it answers to in its network; repeatable");
  flags.values("-p,--publish", options.publish, "[[IP:]HOST_PORT:]PORT[/PROTOCOL]", "Publish a port; repeatable");
  flags.flag("-P,--publish-all", options.publish_all, "Publish all exposed ports under free ports of the host");
}

void declare_limits(Flags& flags, ContainerOptions& options) {
  flags.value("--blkio-weight", options.blkio_weight, "N", "Share of block I/O, 10 to 1000");
  flags.values("--blkio-weight-device", options.blkio_weight_devices, "DEVICE:N", "The same of one device; repeatable");
  flags.value("--cgroup-parent", options.cgroup_parent, "PATH", "Its cgroup is below this one");
  flags.value("--cpu-period", options.cpu_period, "MICROSECONDS", "Period of the CPU quota");
  flags.value("--cpu-quota", options.cpu_quota, "MICROSECONDS", "CPU time in a period");
  flags.value("--cpu-rt-period", options.cpu_rt_period, "MICROSECONDS", "Period of real-time scheduling");
  flags.value("--cpu-rt-runtime", options.cpu_rt_runtime, "MICROSECONDS", "Real-time CPU time in a period");
  flags.value("-c,--cpu-shares", options.cpu_shares, "N", "Weight among others that want the CPU (default 1024)");
  flags.value("--cpus", options.cpus, "N", "At most this many CPUs: 0.5");
  flags.value("--cpuset-cpus", options.cpuset_cpus, "LIST", "The CPUs it may run on: 0-3,7");
  flags.value("--cpuset-mems", options.cpuset_mems, "LIST", "The memory nodes it may use");
  flags.values("--device-read-bps", options.read_bps, "DEVICE:SIZE", "Bytes a second read from a device; repeatable");
  flags.values("--device-read-iops", options.read_iops, "DEVICE:N", "Reads a second from a device; repeatable");
  flags.values("--device-write-bps", options.write_bps, "DEVICE:SIZE", "Bytes a second written to a device; repeatable");
  flags.values("--device-write-iops", options.write_iops, "DEVICE:N", "Writes a second to a device; repeatable");
  flags.value("-m,--memory", options.memory, "SIZE", "At most this much memory: 512m");
  flags.value("--memory-reservation", options.memory_reservation, "SIZE", "What it keeps when memory is short");
  flags.value("--memory-swap", options.memory_swap, "SIZE", "Memory and swap together; -1: any swap");
  flags.value("--memory-swappiness", options.memory_swappiness, "N", "0 to 100: how readily it is swapped");
  flags.flag("--oom-kill-disable", options.oom_kill_disable, "Wait for memory rather than be killed");
  flags.value("--oom-score-adj", options.oom_score_adj, "N", "-1000 to 1000: how readily it is killed");
  flags.value("--pids-limit", options.pids_limit, "N", "At most this many processes; -1: any number");
  flags.values("--sysctl", options.sysctls, "NAME=VALUE", "A kernel parameter of its own; repeatable");
  flags.values("--ulimit", options.ulimits, "NAME=SOFT[:HARD]", "A limit of its processes; repeatable");
}

void declare_isolation(Flags& flags, ContainerOptions& options) {
  flags.values("--cap-add", options.cap_add, "CAPABILITY", "Add a capability; repeatable");
  flags.values("--cap-drop", options.cap_drop, "CAPABILITY", "Drop a capability; repeatable");
  flags.value("--cgroupns", options.cgroup_namespace, "MODE", "host or private");
  flags.value("--ipc", options.ipc, "MODE", "host, private, shareable, none or container:NAME");
  flags.value("--pid", options.pid, "MODE", "host or container:NAME");
  flags.flag("--privileged", options.privileged, "All capabilities and devices");
  flags.values("--security-opt", options.security, "OPTION", "no-new-privileges, seccomp=FILE, apparmor=NAME ...; repeatable");
  flags.value("--userns", options.user_namespace, "MODE", "host");
  flags.value("--uts", options.uts, "MODE", "host");
}

}  // namespace

void declare(Flags& flags, ContainerOptions& options) {
  declare_process(flags, options);
  declare_container(flags, options);
  declare_files(flags, options);
  declare_networks(flags, options);
  declare_limits(flags, options);
  declare_isolation(flags, options);
}

}  // namespace stack::cli::container_options
