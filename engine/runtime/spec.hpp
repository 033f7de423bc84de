#pragma once
// The runtime spec of a container: the part of the OCI runtime specification's config.json that we use, under its field
// names, plus what it cannot say (`x-stack`: overlay layers, user by name, init). Data only; JSON both ways.
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stack::engine::runtime {

struct User {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> additional_gids;
  std::optional<std::uint32_t> umask;
  /// x-stack: "name", "uid", "name:group", "uid:gid" … resolved inside the mounted rootfs, instead of uid and gid when set.
  std::string name;
  std::vector<std::string> additional_group_names;  ///< x-stack: group_add, names or numbers
};

struct Rlimit {
  std::string type;  ///< "RLIMIT_NOFILE"
  std::uint64_t hard = 0;
  std::uint64_t soft = 0;
};

/// Names as "CAP_CHOWN". Docker sets the first four alike (bounding and effective/permitted; inheritable and ambient empty).
struct Capabilities {
  std::vector<std::string> bounding;
  std::vector<std::string> effective;
  std::vector<std::string> permitted;
  std::vector<std::string> inheritable;
  std::vector<std::string> ambient;
};

/// I/O priority class and level (ioprio_set(2)).
struct IoPriority {
  std::string io_class;  ///< "IOPRIO_CLASS_BE", …
  int priority = 0;      ///< 0 to 7
};

/// sched_setattr(2)
struct Scheduler {
  std::string policy;  ///< "SCHED_OTHER", "SCHED_FIFO", …
  std::int32_t nice = 0;
  std::int32_t priority = 0;
  std::vector<std::string> flags;  ///< "SCHED_FLAG_RESET_ON_FORK", …
  std::uint64_t runtime = 0;       ///< nanoseconds, of SCHED_DEADLINE, as the two below
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

struct Process {
  bool terminal = false;
  std::uint16_t console_rows = 0;  ///< 0: leave the kernel's default
  std::uint16_t console_columns = 0;
  User user;
  std::vector<std::string> args;
  std::vector<std::string> env;  ///< "K=V"; HOME is added from the rootfs's passwd when absent
  std::string cwd = "/";         ///< absolute; made when it does not exist
  Capabilities capabilities;
  std::vector<Rlimit> rlimits;
  bool no_new_privileges = false;
  std::string apparmor_profile;  ///< empty: none is set
  std::optional<int> oom_score_adj;
  std::optional<IoPriority> io_priority;
  std::optional<Scheduler> scheduler;
  std::string exec_cpus_initial;  ///< execCPUAffinity, "0-3,7": of a further process until it is in the container's group
  std::string exec_cpus_final;    ///< and from then on
  bool init = false;              ///< x-stack: our own init is PID 1, reaps and forwards signals
};

/// A range of ids: `container` to container+size-1 inside are `host` … outside.
struct IdMapping {
  std::uint32_t container = 0;
  std::uint32_t host = 0;
  std::uint32_t size = 0;
};

/// OCI mount: options as in fstab, "rbind", "ro", "rro", "rprivate", "nosuid", "mode=755", "ridmap" …
struct Mount {
  std::string destination;  ///< absolute, resolved inside the rootfs
  std::string type;         ///< "bind", "tmpfs", "proc", "cgroup" … or a file system's; or layers_type
  std::string source;
  std::vector<std::string> options;
  std::string source_namespace;         ///< x-stack: a bind's source is looked up in this mount namespace ("/proc/N/ns/mnt")
  std::vector<IdMapping> uid_mappings;  ///< of an idmapped mount; empty: those of the container's user namespace
  std::vector<IdMapping> gid_mappings;
};

/// x-stack: a mount of an image's files, to look at only; an option "lowerdir=…" for each layer, topmost first.
inline constexpr const char* layers_type = "x-stack-layers";

struct Overlay {
  std::vector<std::string> lower;  ///< top-most first, absolute
  std::string upper;               ///< empty together with work: read-only stack of layers
  std::string work;
};

struct Root {
  std::string path;  ///< directory; with an overlay: unused
  bool readonly = false;
  std::optional<Overlay> overlay;  ///< x-stack
};

enum class NamespaceType { mount, pid, network, ipc, uts, cgroup, user, time };
struct Namespace {
  NamespaceType type = NamespaceType::mount;
  std::string path;  ///< join this one ("/proc/N/ns/ipc"); empty: a new one
};

struct Device {
  std::string path;
  char type = 'c';  ///< 'c', 'b', 'p'
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::uint32_t mode = 0666;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

struct DeviceRule {
  bool allow = false;
  char type = 'a';                    ///< 'a', 'c', 'b'
  std::optional<std::int64_t> major;  ///< empty: any
  std::optional<std::int64_t> minor;
  std::string access = "rwm";
};

/// A limit or weight of one block device.
struct BlockDeviceValue {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::uint64_t value = 0;  ///< bytes or operations a second; or a weight, 10 to 1000
};

struct HugepageLimit {
  std::string page_size;    ///< "2MB"
  std::uint64_t limit = 0;  ///< bytes
};

/// Of one RDMA device; empty: unlimited.
struct RdmaLimit {
  std::optional<std::uint32_t> handles;
  std::optional<std::uint32_t> objects;
};

struct Resources {
  std::vector<DeviceRule> devices;
  std::optional<std::int64_t> memory_limit;        ///< bytes
  std::optional<std::int64_t> memory_reservation;  ///< bytes
  std::optional<std::int64_t> memory_swap;         ///< memory + swap, bytes; -1 unlimited
  std::optional<std::uint64_t> memory_swappiness;
  bool oom_kill_disable = false;
  bool memory_check_before_update = false;  ///< a limit below what is used is refused
  std::optional<std::uint64_t> cpu_shares;
  std::optional<std::int64_t> cpu_quota;             ///< microseconds per period
  std::optional<std::uint64_t> cpu_period;           ///< microseconds; default 100000
  std::optional<std::int64_t> cpu_realtime_runtime;  ///< microseconds per period; v1 only
  std::optional<std::uint64_t> cpu_realtime_period;  ///< microseconds; v1 only
  std::string cpuset_cpus;
  std::string cpuset_mems;
  std::optional<std::int64_t> pids_limit;  ///< <= 0: unlimited
  std::optional<std::uint16_t> blkio_weight;
  std::vector<BlockDeviceValue> blkio_weight_device;
  std::vector<BlockDeviceValue> throttle_read_bps, throttle_write_bps, throttle_read_iops, throttle_write_iops;
  std::optional<std::int64_t> cpu_idle;    ///< v2 and newer v1: 1 makes it SCHED_IDLE
  std::optional<std::uint64_t> cpu_burst;  ///< microseconds
  std::vector<HugepageLimit> hugepage_limits;
  std::optional<std::uint32_t> network_class;               ///< v1 net_cls.classid
  std::map<std::string, std::uint32_t> network_priorities;  ///< v1 net_prio.ifpriomap, by interface
  std::map<std::string, std::string> unified;               ///< cgroup v2 file → value
  std::map<std::string, RdmaLimit> rdma;                    ///< by device
};

/// A program run at a point of the life cycle, with the container's state on its standard input.
struct Hook {
  std::string path;               ///< absolute
  std::vector<std::string> args;  ///< with argv[0]; empty: the path
  std::vector<std::string> env;   ///< empty: that of whoever runs it
  std::optional<int> timeout;     ///< seconds
};

/// Where each runs: see runtime-spec, "Lifecycle".
struct Hooks {
  std::vector<Hook> prestart;          ///< outside, before the root is entered
  std::vector<Hook> create_runtime;    ///< the same, after prestart
  std::vector<Hook> create_container;  ///< in the container's namespaces, found outside its root
  std::vector<Hook> start_container;   ///< in the container, before the command
  std::vector<Hook> poststart;         ///< outside, after the command began
  std::vector<Hook> poststop;          ///< outside, after the container was deleted
};

/// Offset of a clock in a new time namespace.
struct TimeOffset {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;
};

struct Linux {
  std::vector<Namespace> namespaces;
  std::vector<Device> devices;
  std::string cgroups_path;  ///< "/stack-<instance>/<id>"; empty: no cgroup
  Resources resources;
  std::map<std::string, std::string> sysctl;
  std::vector<std::string> masked_paths;  ///< may hold one '*' per component
  std::vector<std::string> readonly_paths;
  std::string rootfs_propagation;       ///< "", "private", "rslave", "rshared" …
  std::vector<IdMapping> uid_mappings;  ///< of a new user namespace
  std::vector<IdMapping> gid_mappings;
  std::map<std::string, TimeOffset> time_offsets;  ///< "monotonic", "boottime"
  std::string personality;                         ///< "", "LINUX", "LINUX32"
  std::string seccomp;  ///< JSON of the OCI `seccomp` object; empty: none. The engine hands its filter over compiled instead.
};

struct Spec {
  std::string hostname;
  std::string domainname;
  Process process;
  Root root;
  std::vector<Mount> mounts;  ///< in this order
  Linux linux_;
  Hooks hooks;
  std::map<std::string, std::string> annotations;
};

nlohmann::json to_json(const Spec& spec);
std::string print(const Spec& spec);  ///< config.json text
/// Throws invalid_argument naming the field.
Spec parse_spec(std::string_view text);
Spec spec_from_json(const nlohmann::json& object);
nlohmann::json process_to_json(const Process& process);
Process process_from_json(const nlohmann::json& object);

/// What a plain `docker run` gets (/proc, /sys, /dev, masks, devices, namespaces, 14 capabilities): the base that
/// engine/container/spec.cpp changes by the request. cgroup namespace: private on v2, host's on v1.
Spec default_spec();
/// The same for --privileged: all capabilities and devices, nothing masked, writable /sys and cgroups.
void make_privileged(Spec& spec);
std::vector<Device> default_devices();            ///< null, zero, full, tty, random, urandom
std::vector<DeviceRule> default_device_rules();   ///< for those and terminals
std::vector<std::string> default_capabilities();  ///< "CAP_CHOWN" …
std::vector<std::string> all_capabilities();      ///< known to us and in our bounding set
/// "NET_ADMIN", "cap_net_admin" or "CAP_NET_ADMIN" → "CAP_NET_ADMIN"; "ALL" stays. Throws invalid_argument for an unknown name.
std::string normalize_capability(std::string_view name);
/// Docker's rule for cap_add and cap_drop (ALL allowed in both) on top of the default set.
std::vector<std::string> effective_capabilities(const std::vector<std::string>& add, const std::vector<std::string>& drop);

}  // namespace stack::engine::runtime
