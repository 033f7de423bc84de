#pragma once
// What a container is asked to be: Config, HostConfig and the body of POST /containers/create.
#include "engine/api/common_types.hpp"

namespace stack::engine::api {

struct HealthConfig {
  std::vector<std::string> test;  ///< {"NONE"}, {"CMD", argv...}, {"CMD-SHELL", line}; empty = inherited from the image
  std::chrono::nanoseconds interval{0}, timeout{0}, start_period{0}, start_interval{0};  ///< 0 = default
  std::int64_t retries = 0;                                                              ///< 0 = default (3)
};

struct ContainerConfig {
  std::string hostname, domainname;
  std::string user;
  bool attach_stdin = false, attach_stdout = false, attach_stderr = false;
  std::set<std::string> exposed_ports;  ///< "80/tcp"
  bool tty = false, open_stdin = false, stdin_once = false;
  std::vector<std::string> env;                        ///< "K=V"; "K" alone removes K
  std::optional<std::vector<std::string>> cmd;         ///< null = the image's; [] = none
  std::optional<std::vector<std::string>> entrypoint;  ///< null = the image's; [] or [""] = none
  std::optional<HealthConfig> healthcheck;
  bool args_escaped = false;
  std::string image;
  std::set<std::string> volumes;  ///< anonymous volumes, by path
  std::string working_dir;
  bool network_disabled = false;
  std::optional<std::vector<std::string>> on_build;
  StringMap labels;
  std::string stop_signal;                   ///< empty = the image's, else SIGTERM
  std::optional<std::int64_t> stop_timeout;  ///< seconds; empty = 10
  std::vector<std::string> shell;
};

struct PortBinding {
  std::string host_ip;    ///< empty = all addresses, IPv4 and IPv6
  std::string host_port;  ///< "8080", "8000-8010", empty = any free one
};
/// "80/tcp" → where it is published; an empty list (null in JSON) = exposed only
using PortMap = std::map<std::string, std::vector<PortBinding>>;

struct RestartPolicy {
  std::string name;  ///< no, always, unless-stopped, on-failure; empty = no
  std::int64_t maximum_retry_count = 0;
};

struct LogConfig {
  std::string type;
  StringMap config;
};

struct Ulimit {
  std::string name;
  std::int64_t hard = 0, soft = 0;
};

struct DeviceMapping {
  std::string path_on_host, path_in_container, cgroup_permissions;
};

struct DeviceRequest {
  std::string driver;
  std::int64_t count = 0;
  std::vector<std::string> device_ids;
  std::vector<std::vector<std::string>> capabilities;
  StringMap options;
};

struct WeightDevice {
  std::string path;
  std::uint64_t weight = 0;
};

struct ThrottleDevice {
  std::string path;
  std::uint64_t rate = 0;
};

struct BindOptions {
  std::string propagation;
  bool non_recursive = false, create_mountpoint = false, read_only_non_recursive = false, read_only_force_recursive = false;
};

struct DriverConfig {
  std::string name;
  StringMap options;
};

struct VolumeOptions {
  bool no_copy = false;
  StringMap labels;
  std::string subpath;
  std::optional<DriverConfig> driver_config;
};

struct ImageOptions {
  std::string subpath;
};

struct TmpfsOptions {
  std::int64_t size_bytes = 0;
  std::uint32_t mode = 0;
  std::vector<std::vector<std::string>> options;
};

/// HostConfig.Mounts[]: the long form of a mount
struct Mount {
  std::string type;  ///< bind, volume, tmpfs, image
  std::string source, target;
  bool read_only = false;
  std::string consistency;
  std::optional<BindOptions> bind_options;
  std::optional<VolumeOptions> volume_options;
  std::optional<ImageOptions> image_options;
  std::optional<TmpfsOptions> tmpfs_options;
};

struct HostConfig {
  std::vector<std::string> binds;  ///< "SOURCE:TARGET[:options]", SOURCE an absolute path or a volume name
  std::string container_id_file;
  LogConfig log_config;
  std::string network_mode;  ///< a network, default, bridge, host, none, container:ID
  PortMap port_bindings;
  RestartPolicy restart_policy;
  bool auto_remove = false;
  std::string volume_driver;
  std::vector<std::string> volumes_from;
  std::vector<std::uint64_t> console_size;  ///< height, width
  StringMap annotations;
  std::vector<std::string> cap_add, cap_drop;
  std::string cgroupns_mode;
  std::vector<std::string> dns, dns_options, dns_search;
  std::vector<std::string> extra_hosts;  ///< "name:address"
  std::vector<std::string> group_add;
  std::string ipc_mode;
  std::string cgroup;
  std::vector<std::string> links;
  std::int64_t oom_score_adj = 0;
  std::string pid_mode;
  bool privileged = false, publish_all_ports = false, readonly_rootfs = false;
  std::vector<std::string> security_opt;
  StringMap storage_opt;
  StringMap tmpfs;  ///< path → mount options
  std::string uts_mode, userns_mode;
  std::int64_t shm_size = 0;  ///< bytes; 0 = 64 MiB
  StringMap sysctls;
  std::string runtime, isolation;

  std::int64_t cpu_shares = 0;
  std::int64_t memory = 0;     ///< bytes; 0 = no limit
  std::int64_t nano_cpus = 0;  ///< 10⁻⁹ CPUs
  std::string cgroup_parent;
  std::uint16_t blkio_weight = 0;
  std::vector<WeightDevice> blkio_weight_device;
  std::vector<ThrottleDevice> blkio_device_read_bps, blkio_device_write_bps, blkio_device_read_iops, blkio_device_write_iops;
  std::int64_t cpu_period = 0, cpu_quota = 0;  ///< microseconds
  std::int64_t cpu_realtime_period = 0, cpu_realtime_runtime = 0;
  std::string cpuset_cpus, cpuset_mems;
  std::vector<DeviceMapping> devices;
  std::vector<std::string> device_cgroup_rules;
  std::vector<DeviceRequest> device_requests;
  std::int64_t memory_reservation = 0;
  std::int64_t memory_swap = 0;  ///< memory + swap; -1 = unlimited swap
  std::optional<std::int64_t> memory_swappiness;
  std::optional<bool> oom_kill_disable;
  std::optional<bool> init;
  std::optional<std::int64_t> pids_limit;  ///< null, 0 or -1 = no limit
  std::vector<Ulimit> ulimits;
  std::int64_t cpu_count = 0, cpu_percent = 0;
  std::uint64_t io_maximum_iops = 0, io_maximum_bandwidth = 0;

  std::vector<Mount> mounts;
  std::optional<std::vector<std::string>> masked_paths;    ///< null = the default list; [] = none
  std::optional<std::vector<std::string>> readonly_paths;  ///< null = the default list; [] = none
};

struct EndpointIpamConfig {
  std::string ipv4_address, ipv6_address;
  std::vector<std::string> link_local_ips;
};

/// A container's place on one network: the first five fields are asked for, the others are answers.
struct EndpointSettings {
  std::optional<EndpointIpamConfig> ipam_config;
  std::vector<std::string> links;
  std::vector<std::string> aliases;
  std::string mac_address;
  StringMap driver_opts;
  std::int64_t gw_priority = 0;

  std::string network_id, endpoint_id;
  std::string gateway, ip_address;
  std::int64_t ip_prefix_len = 0;
  std::string ipv6_gateway, global_ipv6_address;
  std::int64_t global_ipv6_prefix_len = 0;
  std::vector<std::string> dns_names;
};

/// POST /containers/create: ContainerConfig's keys at top level, and these two
struct ContainerCreateRequest {
  ContainerConfig config;
  HostConfig host_config;
  std::map<std::string, EndpointSettings> endpoints_config;  ///< NetworkingConfig.EndpointsConfig
};

/// POST /containers/{id}/update: only what is present changes
struct ContainerUpdateRequest {
  std::optional<std::int64_t> cpu_shares, memory, nano_cpus, cpu_period, cpu_quota, memory_reservation, memory_swap, pids_limit;
  std::optional<std::string> cpuset_cpus, cpuset_mems;
  std::optional<RestartPolicy> restart_policy;
};

void to_json(nlohmann::json&, const HealthConfig&);
void from_json(const nlohmann::json&, HealthConfig&);
void to_json(nlohmann::json&, const ContainerConfig&);
void from_json(const nlohmann::json&, ContainerConfig&);
void to_json(nlohmann::json&, const HostConfig&);
void from_json(const nlohmann::json&, HostConfig&);
void to_json(nlohmann::json&, const EndpointSettings&);
void from_json(const nlohmann::json&, EndpointSettings&);
void to_json(nlohmann::json&, const ContainerCreateRequest&);
void from_json(const nlohmann::json&, ContainerCreateRequest&);
void to_json(nlohmann::json&, const ContainerUpdateRequest&);
void from_json(const nlohmann::json&, ContainerUpdateRequest&);

}  // namespace stack::engine::api
