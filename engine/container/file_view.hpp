#pragma once
// The file system of a container as its processes see it, to copy files in and out. Nothing below the returned directory leads
// outside the container: whoever opens a path in it resolves it in that root (base/safe_path). All blocking.
#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

#include "base/safe_path.hpp"
#include "engine/image/store.hpp"
#include "engine/runtime/spec.hpp"

namespace stack::engine::container {

struct FileView {
  RootDir root;
  std::set<dev_t> kernel_devices;  ///< of /proc, /sys and the like: not worth copying
};

/// The root of a running container, in its own mount namespace. Throws conflict when process `pid` is no longer one of
/// container `id`.
FileView open_running(pid_t pid, const std::string& id);

/// What a container that does not run would see: its layers, and `mounts` (volumes and binds) on them. Mounted in a namespace
/// of its own and nowhere attached: it is gone when the view is closed or the process ends. Mounts whose source is missing are
/// left out.
FileView mount_stopped(const image::Snapshot& snapshot, const std::vector<runtime::Mount>& mounts);

}  // namespace stack::engine::container
