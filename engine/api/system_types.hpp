#pragma once
// Events, version, info, prune answers.
#include "engine/api/common_types.hpp"

namespace stack::engine::api {

/// A line of GET /events
struct Event {
  std::string type;    ///< container, image, network, volume, builder, daemon
  std::string action;  ///< "start", "die", "health_status: healthy", "exec_create: true"
  std::string actor_id;
  StringMap attributes;
  std::string scope = "local";
  Timestamp time{};  ///< written as both "time" and "timeNano"
};

struct VersionComponent {
  std::string name, version;
  StringMap details;
};

/// GET /version
struct VersionInfo {
  std::string platform_name;
  std::vector<VersionComponent> components;
  std::string version, api_version, min_api_version, git_commit, go_version, os, arch, kernel_version;
  bool experimental = false;
  std::string build_time;
};

/// What GET /_ping says in its headers
struct PingInfo {
  std::string api_version, os_type, builder_version, server;
};

/// GET /info: the part that clients read
struct SystemInfo {
  std::string id;
  std::int64_t containers = 0, containers_running = 0, containers_paused = 0, containers_stopped = 0, images = 0;
  std::string driver;
  std::vector<std::vector<std::string>> driver_status;
  struct Plugins {
    std::vector<std::string> volume, network, log;
  } plugins;
  bool memory_limit = true, swap_limit = true, cpu_cfs_period = true, cpu_cfs_quota = true, cpu_shares = true, cpu_set = true,
       pids_limit = true, oom_kill_disable = false, ipv4_forwarding = true, debug = false;
  std::int64_t n_fd = 0, n_goroutines = 0, n_events_listener = 0;
  std::optional<Timestamp> system_time;
  std::string logging_driver, cgroup_driver, cgroup_version;
  std::string kernel_version, operating_system, os_version, os_type, architecture;
  std::int64_t ncpu = 0, mem_total = 0;
  std::string docker_root_dir, http_proxy, https_proxy, no_proxy;
  std::string name;
  std::vector<std::string> labels;
  bool experimental_build = false;
  std::string server_version;
  struct Runtime {
    std::string path;
  };
  std::map<std::string, Runtime> runtimes;  ///< by name
  std::string default_runtime;
  bool live_restore_enabled = true;
  std::string init_binary;
  std::string containerd_commit, runc_commit, init_commit;
  std::vector<std::string> security_options;
  std::vector<std::string> warnings;
};

/// The prune answers: `deleted` under the key each resource has (ContainersDeleted, NetworksDeleted, ...)
struct PruneReport {
  std::vector<std::string> deleted;
  std::int64_t space_reclaimed = 0;
};

void to_json(nlohmann::json&, const Event&);
void from_json(const nlohmann::json&, Event&);
void to_json(nlohmann::json&, const VersionInfo&);
void from_json(const nlohmann::json&, VersionInfo&);
void to_json(nlohmann::json&, const SystemInfo&);
void from_json(const nlohmann::json&, SystemInfo&);

}  // namespace stack::engine::api
