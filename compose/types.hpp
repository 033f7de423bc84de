#pragma once
// The Project: what the loader makes of the compose files. Data only. Everything is in canonical (long) form, paths are
// absolute, defaults and implied dependencies are filled in, profiles are applied, references are checked.
// Member order inside the structs follows the Compose specification's groups; printing order is in compose/keys.
#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compose/location.hpp"

namespace stack::compose {

using StringMap = std::map<std::string, std::string>;
/// `KEY: null` or a bare `KEY` that the environment does not resolve stays empty. Environment: leave the variable out.
using OptionalStringMap = std::map<std::string, std::optional<std::string>>;
using Duration = std::chrono::nanoseconds;
/// `x-*` keys, as written (values are plain JSON).
using Extensions = std::map<std::string, nlohmann::json>;

struct Ulimit {
  std::int64_t soft = 0, hard = 0;
  bool single = false;  ///< written as one number; soft == hard
  bool operator==(const Ulimit&) const = default;
};

struct Build {
  std::string context;     ///< absolute path, or a URL
  std::string dockerfile;  ///< relative to the context, or absolute; "Dockerfile" by default
  std::string dockerfile_inline;
  OptionalStringMap args;  ///< null ones were taken from the environment; what it lacks was dropped
  std::string target;
  StringMap labels;
  std::vector<std::string> tags;
  std::string network;
  bool no_cache = false;
  bool pull = false;
  Extensions extensions;
};

enum class DependencyCondition { service_started, service_healthy, service_completed_successfully };
/// "service_started" …
std::string_view to_string(DependencyCondition condition);

struct Dependency {
  DependencyCondition condition = DependencyCondition::service_started;
  bool restart = false;  ///< restart the dependent when this one is updated
  bool required = true;  ///< false: only a warning when it is absent (profile) or not up
};

struct Healthcheck {
  std::vector<std::string> test;  ///< {"NONE"}, {"CMD", argv…} or {"CMD-SHELL", line}; empty: the image's
  std::optional<Duration> interval, timeout, start_period, start_interval;
  std::optional<std::uint64_t> retries;
  bool disable = false;
  Extensions extensions;
};

struct ResourceLimits {
  double cpus = 0;          ///< 0: not set
  std::int64_t memory = 0;  ///< bytes; 0: not set
  std::int64_t pids = 0;    ///< 0: not set
};

struct RestartPolicy {  ///< deploy.restart_policy
  std::string condition;
  std::optional<Duration> delay, window;
  std::optional<std::uint64_t> max_attempts;
};

struct Deploy {
  std::string mode;
  std::optional<int> replicas;
  StringMap labels;
  std::optional<ResourceLimits> limits, reservations;
  std::optional<RestartPolicy> restart_policy;
  std::string endpoint_mode;
  Extensions extensions;
};

struct Device {
  std::string source, target, permissions;
};

struct EnvFile {
  std::string path;
  bool required = true;
  std::string format;  ///< "" (dotenv dialect) or "raw"
};

struct Logging {
  std::string driver;
  StringMap options;
};

struct Port {
  std::string name;
  std::string mode = "ingress";
  std::string host_ip;       ///< "": all addresses
  std::uint32_t target = 0;  ///< the container's port
  std::string published;     ///< "", "8080" or a range "9100-9110"; "": an ephemeral port of the host
  std::string protocol = "tcp";
  std::string app_protocol;
};

struct ServiceNetwork {
  std::vector<std::string> aliases;
  std::string ipv4_address, ipv6_address;
  std::vector<std::string> link_local_ips;
  std::string mac_address;
  StringMap driver_opts;
  std::string interface_name;
  std::int64_t gw_priority = 0;
  std::int64_t priority = 0;
  Extensions extensions;
};

/// A secret or config as one service uses it.
struct FileReference {
  std::string source;  ///< key of Project::secrets or Project::configs
  std::string target;  ///< path in the container; a secret's relative one is under /run/secrets; configs: "" means "/<source>"
  std::string uid, gid;
  std::optional<std::uint32_t> mode;
};

struct BindOptions {
  std::string propagation, selinux, recursive;
  bool create_host_path = false;
};
struct VolumeOptions {
  bool nocopy = false;
  std::string subpath;
  StringMap labels;
};
struct TmpfsOptions {
  std::int64_t size = 0;   ///< bytes; 0: unlimited
  std::uint32_t mode = 0;  ///< 0: default
};

struct ImageMountOptions {
  std::string subpath;
};

struct Mount {
  using Bind = BindOptions;
  using Volume = VolumeOptions;
  using Tmpfs = TmpfsOptions;
  using Image = ImageMountOptions;
  std::string type;  ///< "bind", "volume", "tmpfs", "image"
  /// bind: absolute host path; volume: key of Project::volumes, "" for an anonymous one; image: its name
  std::string source;
  std::string target;
  bool read_only = false;
  std::string consistency;
  std::optional<Bind> bind;
  std::optional<Volume> volume;
  std::optional<Tmpfs> tmpfs;
  std::optional<Image> image;
};

struct Service {
  std::string name;
  Location location;
  /// Attribute path inside the service ("image", "ports[0]", "depends_on.db") → where it is written.
  std::map<std::string, Location, std::less<>> locations;

  std::vector<std::string> profiles;
  StringMap annotations;
  std::optional<bool> attach;
  std::optional<Build> build;
  std::vector<std::string> cap_add, cap_drop;
  std::string cgroup_parent, cgroup;
  std::int64_t cpu_count = 0, cpu_period = 0, cpu_quota = 0, cpu_shares = 0;
  std::int64_t cpu_rt_period = 0, cpu_rt_runtime = 0;
  double cpu_percent = 0;
  double cpus = 0;  ///< 0: unlimited
  std::string cpuset;
  /// Empty optional: the image's. An empty list: clears the image's.
  std::optional<std::vector<std::string>> command, entrypoint;
  std::vector<FileReference> configs, secrets;
  std::string container_name;
  std::map<std::string, Dependency> depends_on;  ///< explicit and implied ones
  std::optional<Deploy> deploy;
  std::vector<std::string> device_cgroup_rules;
  std::vector<Device> devices;
  std::vector<std::string> dns, dns_opt, dns_search;
  std::string domainname;
  OptionalStringMap environment;   ///< env_file already merged in (unless LoadOptions::resolve_env_files is false)
  std::vector<EnvFile> env_files;  ///< empty after they were merged in
  std::vector<std::string> expose;
  std::map<std::string, std::vector<std::string>> extra_hosts;  ///< host → addresses
  std::vector<std::string> group_add;
  std::string hostname;
  std::optional<Healthcheck> healthcheck;
  std::string image;  ///< "": named after project and service, and built
  std::optional<bool> init;
  std::string ipc, pid, uts, userns_mode;
  StringMap labels;
  std::optional<Logging> logging;
  std::int64_t mem_limit = 0, mem_reservation = 0, memswap_limit = 0;  ///< bytes; memswap_limit -1: unlimited swap
  std::optional<std::int64_t> mem_swappiness;
  std::string mac_address;
  std::string network_mode;                                       ///< "", "none", "host", "bridge", "service:x", "container:x"
  std::map<std::string, std::optional<ServiceNetwork>> networks;  ///< key of Project::networks; empty with network_mode
  bool oom_kill_disable = false;
  std::int64_t oom_score_adj = 0;
  std::int64_t pids_limit = 0;  ///< 0: not set; -1: unlimited
  std::string platform;
  std::vector<Port> ports;
  bool privileged = false;
  std::string pull_policy;  ///< "", "always", "never", "missing", "build", "daily", "weekly", "every_<duration>"
  bool read_only = false;
  std::string restart;       ///< "", "no", "always", "unless-stopped", "on-failure[:N]"; not checked by the loader
  std::optional<int> scale;  ///< from scale or deploy.replicas; use replicas()
  std::vector<std::string> security_opt;
  std::int64_t shm_size = 0;
  bool stdin_open = false;
  std::optional<Duration> stop_grace_period;
  std::string stop_signal;
  StringMap storage_opt, sysctls;
  std::vector<std::string> tmpfs;  ///< "/run:size=1m"
  bool tty = false;
  std::map<std::string, Ulimit> ulimits;
  std::string user;
  std::string volume_driver;
  std::vector<Mount> volumes;
  std::vector<std::string> volumes_from;  ///< "SERVICE[:ro|rw]" or "container:NAME[:ro|rw]"
  std::string working_dir;
  Extensions extensions;

  /// How many containers: `scale`, else `deploy.replicas`, else 1.
  int replicas() const;
  /// "compose.yaml:3:5" of the attribute, or of the nearest thing around it that was written somewhere.
  std::string where(std::string_view attribute = "") const;
};

struct IpamPool {
  std::string subnet, ip_range, gateway;
  StringMap aux_addresses;
};

struct Network {
  Location location;
  std::string name;  ///< the real name: "<project>_<key>" by default
  std::string driver;
  StringMap driver_opts;
  std::string ipam_driver;
  std::vector<IpamPool> ipam_pools;
  bool external = false;  ///< made by someone else; only looked up
  bool internal = false;
  bool attachable = false;
  std::optional<bool> enable_ipv4, enable_ipv6;
  StringMap labels;
  Extensions extensions;
};

struct Volume {
  Location location;
  std::string name;
  std::string driver;
  StringMap driver_opts;
  bool external = false;
  StringMap labels;
  Extensions extensions;
};

/// A top-level secret or config.
struct FileObject {
  Location location;
  std::string name;
  std::string file;         ///< absolute path of the source
  std::string environment;  ///< name of the variable it was taken from
  /// configs.content, or the value of `environment`; empty optional: read `file`
  std::optional<std::string> content;
  bool external = false;
  StringMap labels;
  std::string template_driver;
  Extensions extensions;
};

struct Project {
  std::string name;
  std::string working_dir;                 ///< the project directory, absolute
  std::vector<std::string> compose_files;  ///< absolute paths ("-" for stdin), in order
  std::map<std::string, Service> services;
  std::map<std::string, Service> disabled_services;  ///< switched off by profiles
  std::map<std::string, Network> networks;           ///< only those an enabled service uses
  std::map<std::string, Volume> volumes;
  std::map<std::string, FileObject> secrets, configs;
  Extensions extensions;
  std::vector<std::string> profiles;  ///< active
  StringMap environment;              ///< process environment and .env files: what interpolation saw
};

}  // namespace stack::compose
