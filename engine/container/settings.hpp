#pragma once
// From a create request to the settings a container is made with: the image's configuration merged in, defaults filled as
// Docker shows them, everything checked that can be checked without touching the host. Pure.
#include <chrono>
#include <string>
#include <vector>

#include "engine/api/types.hpp"
#include "engine/image/config.hpp"

namespace stack::engine::container {

/// What of the host decides defaults and limits.
struct HostFacts {
  int cpus = 1;
  bool unified_cgroups = false;  ///< cgroup v2 only
  std::string hostname;          ///< for network_mode host and uts host
  std::string cpuset_cpus;       ///< "0-3": the processors there are; empty: unknown
  std::string cpuset_mems;       ///< the same for memory nodes
  bool apparmor = false;         ///< does the kernel confine by AppArmor?
  bool blkio_weight = false;     ///< does the kernel weigh block devices?
};

struct Settings {
  api::ContainerConfig config;
  api::HostConfig host_config;
  std::vector<std::string> warnings;
};

/// The request's configuration over the image's, as `docker run` merges them.
void merge_image_config(api::ContainerConfig& config, const image::RunConfig& image);

/// Throws invalid_argument with Docker's texts.
Settings resolve_settings(const api::ContainerCreateRequest& request, const image::RunConfig& image, const HostFacts& host);

/// The limits of an update alone: those of `asked`, which loses what this kernel cannot do. Returns warnings about that; throws
/// as above.
std::vector<std::string> check_resources(api::HostConfig& asked, const HostFacts& host);

/// argv of the first process: entrypoint, then command. Throws invalid_argument "no command specified".
std::vector<std::string> command_line(const api::ContainerConfig& config);

/// "SIGTERM", "TERM", "15" → 15. Throws invalid_argument "invalid signal: x".
int parse_signal(const std::string& text);

constexpr std::int64_t default_shm_size = 64 << 20;
constexpr std::int64_t smallest_memory = 6 << 20;
constexpr int default_stop_timeout = 10;  // seconds

/// The container's own stop signal (SIGTERM by default) and time in seconds.
int stop_signal(const api::ContainerConfig& config);
std::int64_t stop_timeout(const api::ContainerConfig& config);

/// "container:ID" → ID; empty for every other mode.
std::string shared_with(const std::string& mode);

}  // namespace stack::engine::container
