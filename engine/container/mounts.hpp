#pragma once
// From Binds, Mounts, Tmpfs and Volumes of a request to the mount points of a container. Pure: nothing is created or looked at.
#include <string>
#include <vector>

#include "engine/api/types.hpp"
#include "engine/container/container.hpp"

namespace stack::engine::container {

/// In the order they are mounted: a path before what lies below it. Volumes have their name (empty: anonymous, to be created)
/// and no source yet. `inherited`: what other containers lend, wherever the request says nothing of its own. Throws
/// invalid_argument with Docker's texts.
std::vector<MountPoint> resolve_mounts(const api::ContainerConfig& config, const api::HostConfig& host_config,
                                       std::vector<MountPoint> inherited = {});

/// One "CONTAINER[:ro|rw]" of HostConfig.VolumesFrom.
struct VolumesFrom {
  std::string container;
  bool read_only = false;
};
VolumesFrom parse_volumes_from(const std::string& text);

/// The volumes and binds of a container, as another one gets them by volumes-from.
std::vector<MountPoint> inherit_mounts(const std::vector<MountPoint>& from, bool read_only);

/// One "SOURCE:TARGET[:MODE]" or "TARGET" of HostConfig.Binds.
MountPoint parse_bind(const std::string& text);

/// As GET /containers/{id}/json shows it.
api::MountPoint to_api(const MountPoint& mount);
/// Tmpfs mounts of HostConfig.Tmpfs are not shown.
std::vector<api::MountPoint> to_api(const std::vector<MountPoint>& mounts);

}  // namespace stack::engine::container
