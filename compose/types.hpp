#pragma once
// The Project: what the loader makes of the compose files. Data only. Everything is in canonical (long) form, paths are
// absolute, defaults and implied dependencies are filled in, profiles are applied, references are checked.
// Member order inside the structs follows the Compose specification's groups; printing order is in compose/keys.
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compose/location.hpp"

namespace stack::compose {

class Node;

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

/// A secret or config as one service uses it.
struct FileReference {
  std::string source;  ///< key of Project::secrets or Project::configs
  std::string target;  ///< path in the container; a secret's relative one is under /run/secrets; configs: "" means "/<source>"
  std::string uid, gid;
  std::optional<std::uint32_t> mode;
  Extensions extensions;
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
  std::vector<std::string> no_cache_filter;  ///< stages to build anew
  bool pull = false;
  std::map<std::string, std::vector<std::string>> extra_hosts;  ///< host → addresses
  std::int64_t shm_size = 0;
  std::vector<FileReference> secrets;  ///< what RUN --mount=type=secret may ask for, by `source`
  std::vector<std::string> platforms;
  std::vector<std::string> cache_from, cache_to;  ///< hints: what is not understood costs only time
  std::map<std::string, Ulimit> ulimits;
  OptionalStringMap additional_contexts;  ///< name → directory, URL, "service:x", "docker-image://x"
  std::vector<std::string> ssh, entitlements;
  std::string provenance, sbom, isolation;
  bool privileged = false;
  Extensions extensions;
};

enum class DependencyCondition { service_started, service_healthy, service_completed_successfully };
/// "service_started" …
std::string_view to_string(DependencyCondition condition);

struct Dependency {
  DependencyCondition condition = DependencyCondition::service_started;
  bool restart = false;  ///< restart the dependent when this one is updated
  bool required = true;  ///< false: only a warning when it is absent (profile) or not up
  Extensions extensions;
};

/// A command in a running container, at a point of its life.
struct Hook {
  std::optional<std::vector<std::string>> command;
  std::string user;
  bool privileged = false;
  std::string working_dir;
  OptionalStringMap environment;  ///< beside the container's own
  Extensions extensions;
};

/// When a job runs by itself.
struct Schedule {
  std::string cron;          ///< minute, hour, day of the month, month, day of the week; read by who runs it
  std::string timezone;      ///< IANA name; "": UTC
  std::string concurrency;   ///< while the last run goes on: "" or "forbid": none, "queue": one later
  std::string missed_fires;  ///< "" or "one": one run makes up for them, "skip"
  Extensions extensions;
};
struct Triggers {
  std::optional<bool> manual;  ///< whether `run` may start it; not said: it may
  std::vector<Schedule> schedule;
  Extensions extensions;
};

/// What `watch` does when files change.
struct WatchTrigger {
  std::string path;    ///< absolute
  std::string action;  ///< "rebuild", "sync", "restart", "sync+restart" or "sync+exec"
  std::string target;  ///< where in the container the files go
  Hook exec;
  std::vector<std::string> include, ignore;  ///< patterns
  bool initial_sync = false;
  Extensions extensions;
};
struct Develop {
  std::vector<WatchTrigger> watch;
  Extensions extensions;
};

/// A program that provides the service in place of a container.
struct Provider {
  std::string type;
  std::map<std::string, std::vector<std::string>> options;
  Extensions extensions;
};

/// How a service is told about a top-level model; "": variables named after the model.
struct ServiceModel {
  std::string endpoint_var, model_var;
  Extensions extensions;
};

struct Healthcheck {
  std::vector<std::string> test;  ///< {"NONE"}, {"CMD", argv…} or {"CMD-SHELL", line}; empty: the image's
  std::optional<Duration> interval, timeout, start_period, start_interval;
  std::optional<std::uint64_t> retries;
  bool disable = false;
  Extensions extensions;
};

/// gpus and deploy.resources.reservations.devices
struct DeviceRequest {
  std::vector<std::string> capabilities;
  std::string driver;
  std::int64_t count = 0;  ///< -1: all; 0 with device_ids
  std::vector<std::string> device_ids;
  StringMap options;
};

/// Of Swarm only: accepted, printed and without effect, as in docker compose.
struct DiscreteResource {
  std::string kind;
  std::int64_t value = 0;
  Extensions extensions;
};
struct GenericResource {
  std::optional<DiscreteResource> discrete;
  Extensions extensions;
};

struct ResourceLimits {
  double cpus = 0;                                 ///< 0: not set
  std::int64_t memory = 0;                         ///< bytes; 0: not set
  std::int64_t pids = 0;                           ///< 0: not set; limits only
  std::vector<DeviceRequest> devices;              ///< reservations only
  std::vector<GenericResource> generic_resources;  ///< reservations only
  Extensions extensions;
};

struct RestartPolicy {  ///< deploy.restart_policy
  std::string condition;
  std::optional<Duration> delay, window;
  std::optional<std::uint64_t> max_attempts;
  Extensions extensions;
};

/// Of Swarm only: deploy.update_config and deploy.rollback_config.
struct UpdateConfig {
  std::optional<std::uint64_t> parallelism;
  Duration delay{}, monitor{};
  std::string failure_action;
  double max_failure_ratio = 0;
  std::string order;
  Extensions extensions;
};
struct PlacementPreference {
  std::string spread;
  Extensions extensions;
};
struct Placement {
  std::vector<std::string> constraints;
  std::vector<PlacementPreference> preferences;
  std::uint64_t max_replicas_per_node = 0;
  Extensions extensions;
};

struct Deploy {
  std::string mode;
  std::optional<int> replicas;
  StringMap labels;
  std::optional<UpdateConfig> update_config, rollback_config;
  std::optional<ResourceLimits> limits, reservations;
  std::optional<RestartPolicy> restart_policy;
  Placement placement;
  std::string endpoint_mode;
  Extensions extensions, resources_extensions;
};

struct Device {
  std::string source, target, permissions;
  Extensions extensions;
};

struct WeightDevice {
  std::string path;
  std::int64_t weight = 0;  ///< 10 to 1000
};
struct ThrottleDevice {
  std::string path;
  std::int64_t rate = 0;  ///< bytes or operations a second
};
struct BlkioConfig {
  std::int64_t weight = 0;  ///< 10 to 1000; 0: not set
  std::vector<WeightDevice> weight_device;
  std::vector<ThrottleDevice> device_read_bps, device_read_iops, device_write_bps, device_write_iops;
};

/// Windows only: read, printed and without effect, as in docker compose on Linux.
struct CredentialSpec {
  std::string config, file, registry;
  Extensions extensions;
};

struct EnvFile {
  std::string path;
  bool required = true;
  std::string format;  ///< "" (dotenv dialect) or "raw"
};

struct Logging {
  std::string driver;
  StringMap options;
  Extensions extensions;
};

struct Port {
  std::string name;
  std::string mode = "ingress";
  std::string host_ip;       ///< "": all addresses
  std::uint32_t target = 0;  ///< the container's port
  std::string published;     ///< "", "8080" or a range "9100-9110"; "": an ephemeral port of the host
  std::string protocol = "tcp";
  std::string app_protocol;
  Extensions extensions;
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

struct BindOptions {
  std::string propagation, selinux, recursive;
  bool create_host_path = false;
  Extensions extensions;
};
struct VolumeOptions {
  bool nocopy = false;
  std::string subpath;
  StringMap labels;
  Extensions extensions;
};
struct TmpfsOptions {
  std::int64_t size = 0;   ///< bytes; 0: unlimited
  std::uint32_t mode = 0;  ///< 0: default
  Extensions extensions;
};

struct ImageMountOptions {
  std::string subpath;
  Extensions extensions;
};

struct Mount {
  using Bind = BindOptions;
  using Volume = VolumeOptions;
  using Tmpfs = TmpfsOptions;
  using Image = ImageMountOptions;
  std::string type;  ///< "bind", "volume", "tmpfs", "image"; "npipe" and "cluster" are Windows' and Swarm's
  /// bind: absolute host path; volume: key of Project::volumes, "" for an anonymous one; image: its name
  std::string source;
  std::string target;
  bool read_only = false;
  std::string consistency;
  std::optional<Bind> bind;
  std::optional<Volume> volume;
  std::optional<Tmpfs> tmpfs;
  std::optional<Image> image;
  Extensions extensions;
};

/// A service. A job, and a container that runs before a service starts, say parts of the same.
struct Service {
  std::string name;
  Location location;
  std::shared_ptr<const Node> written;  ///< what it was read from: all files merged; null: from no file

  std::vector<std::string> profiles;
  StringMap annotations;
  std::optional<bool> attach;
  std::optional<BlkioConfig> blkio_config;
  std::optional<Build> build;
  std::optional<Develop> develop;
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
  std::optional<CredentialSpec> credential_spec;
  std::map<std::string, Dependency> depends_on;  ///< explicit and implied ones
  std::optional<Deploy> deploy;
  std::vector<std::string> device_cgroup_rules;
  std::vector<Device> devices;
  std::vector<std::string> dns, dns_opt, dns_search;
  std::string domainname;
  std::optional<Provider> provider;
  OptionalStringMap environment;   ///< env_file already merged in (unless LoadOptions::resolve_env_files is false)
  std::vector<EnvFile> env_files;  ///< empty after they were merged in
  std::vector<std::string> expose;
  std::map<std::string, std::vector<std::string>> extra_hosts;  ///< host → addresses
  std::vector<std::string> external_links;                      ///< "container[:alias]" of any project
  std::vector<DeviceRequest> gpus;
  std::vector<std::string> group_add;
  std::string hostname;
  std::optional<Healthcheck> healthcheck;
  std::string image;  ///< "": named after project and service, and built
  std::optional<bool> init;
  std::string ipc, pid, uts, userns_mode;
  std::string isolation;
  StringMap labels;                      ///< label_file already merged in
  std::vector<std::string> label_files;  ///< empty after they were merged in
  std::vector<std::string> links;        ///< "service[:alias]"
  std::optional<Logging> logging;
  std::int64_t mem_limit = 0, mem_reservation = 0, memswap_limit = 0;  ///< bytes; memswap_limit -1: unlimited swap
  std::optional<std::int64_t> mem_swappiness;
  std::string mac_address;
  std::map<std::string, std::optional<ServiceModel>> models;      ///< key of Project::models
  std::string network_mode;                                       ///< "", "none", "host", "bridge", "service:x", "container:x"
  std::map<std::string, std::optional<ServiceNetwork>> networks;  ///< key of Project::networks; empty with network_mode
  bool oom_kill_disable = false;
  std::int64_t oom_score_adj = 0;
  std::int64_t pids_limit = 0;  ///< 0: not set; -1: unlimited
  std::string platform;
  std::vector<Port> ports;
  bool privileged = false;
  std::string pull_policy;  ///< "", "always", "never", "missing", "build", "refresh", "daily", "weekly",
                            ///< "every_<duration>"
  bool read_only = false;
  std::string restart;       ///< "", "no", "always", "unless-stopped", "on-failure[:N]"; not checked by the loader
  std::string runtime;       ///< name of an OCI runtime the engine knows
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
  bool use_api_socket = false;
  std::string user;
  std::string volume_driver;
  std::vector<Mount> volumes;
  std::vector<std::string> volumes_from;  ///< "SERVICE[:ro|rw]" or "container:NAME[:ro|rw]"
  std::string working_dir;
  std::vector<Service> pre_start;  ///< containers that run and end before it starts: what they say otherwise than it
  bool per_replica = false;        ///< of pre_start only: once for each container of the service, not once for all
  std::vector<Hook> post_start, pre_stop;
  std::optional<Triggers> triggers;  ///< of a job only
  Extensions extensions;

  /// How many containers: `scale`, else `deploy.replicas`, else 1.
  int replicas() const;
  /// An attribute's path in the file: "services.web.image".
  std::string path(std::string_view attribute = "") const;
  /// Where an attribute is written, by its path inside the service: "image", "ports[0]", "depends_on.db". Empty: nowhere.
  std::optional<Location> written_at(std::string_view attribute) const;
  /// The same, or of the nearest thing around it that was written somewhere.
  Location place_of(std::string_view attribute) const;
  std::string where(std::string_view attribute = "") const;  ///< as text: "compose.yaml:3:5"
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
  Extensions ipam_extensions;
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
  std::string driver;  ///< secrets: of Swarm only
  StringMap driver_opts;
  std::string template_driver;
  Extensions extensions;
};

/// An AI model that a model runner serves.
struct Model {
  Location location;
  std::string name;
  std::string model;  ///< an OCI artifact
  std::int64_t context_size = 0;
  std::vector<std::string> runtime_flags;
  Extensions extensions;
};

struct Project {
  std::string name;
  std::string working_dir;                 ///< the project directory, absolute
  std::vector<std::string> compose_files;  ///< absolute paths ("-" for stdin), in order
  std::map<std::string, Service> services;
  std::map<std::string, Service> disabled_services;  ///< switched off by profiles
  std::map<std::string, Service> jobs;               ///< run to completion, by `run` or on a schedule
  std::map<std::string, Service> disabled_jobs;
  std::map<std::string, Network> networks;  ///< only those an enabled service uses
  std::map<std::string, Volume> volumes;
  std::map<std::string, FileObject> secrets, configs;
  std::map<std::string, Model> models;
  Extensions extensions;
  std::vector<std::string> profiles;  ///< active
  StringMap environment;              ///< process environment and .env files: what interpolation saw
};

}  // namespace stack::compose
