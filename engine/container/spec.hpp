#pragma once
// The runtime spec of a container: Docker's defaults, changed by what the container was created with.
#include <map>
#include <string>
#include <vector>

#include "engine/container/container.hpp"
#include "engine/image/store.hpp"
#include "engine/runtime/spec.hpp"

namespace stack::engine::container {

/// Everything a start has prepared.
struct SpecInput {
  const Record& record;
  image::Snapshot snapshot;
  std::string cgroups_path;  ///< "/stack-<instance>/<id>"
  std::string hosts_file;    ///< host paths of the three files; empty: not mounted
  std::string hostname_file;
  std::string resolv_conf_file;
  pid_t pid_of_pid_namespace = 0;  ///< with pid_mode container:X the first process of X; the same for the next two
  pid_t pid_of_ipc_namespace = 0;
  std::map<std::string, std::vector<std::string>> image_layers;  ///< by image id: directories of the images that are mounted
  bool apparmor = false;                                         ///< the kernel has it
};

/// A mount of the record as the runtime makes it.
runtime::Mount to_runtime_mount(const MountPoint& mount, const std::vector<std::string>& image_layers = {});

/// Looks at the host only for devices that are passed through. Throws invalid_argument or internal with Docker's texts.
runtime::Spec build_spec(const SpecInput& input);

/// The environment of the first process: PATH, HOSTNAME and TERM under what the image and the user say.
std::vector<std::string> process_environment(const Record& record, bool terminal, const std::vector<std::string>& extra = {});

/// HostConfig's limits; what it leaves at 0 or null is not set. Throws invalid_argument for block devices that are none.
runtime::Resources limits_of(const api::HostConfig& host);

/// Docker's ulimits as the limits of a process.
void set_rlimits(runtime::Process& process, const std::vector<api::Ulimit>& ulimits);

/// Capabilities of the container as the three sets of its processes.
runtime::Capabilities container_capabilities(const api::HostConfig& host);

}  // namespace stack::engine::container
