#pragma once
// Options of the `local` driver: a volume that is a mount of its own (nfs, tmpfs, a bind …) instead of a directory. Blocking.
#include <map>
#include <string>

namespace stack::engine::volume {

/// {"type": "nfs", "device": ":/export", "o": "addr=10.0.0.1,rw"}
using DriverOptions = std::map<std::string, std::string>;

/// Throws invalid_argument with Docker's texts for unknown options and for those that miss another.
void check_options(const DriverOptions& options);

/// Does such a volume have to be mounted before it is used?
bool needs_mount(const DriverOptions& options);

/// Mounts it at `directory`; nothing happens when something is mounted there already (an engine that died left it). Throws
/// "failed to mount local volume: …".
void mount_volume(const DriverOptions& options, const std::string& directory);

/// Takes the mount away from `directory`; containers that have it keep it. Missing is fine.
void unmount_volume(const std::string& directory);

/// Is `directory` a mount of its own (not part of its parent's)?
bool is_mounted(const std::string& directory);

/// mount(2)'s view of "ro,noatime,size=1m".
struct MountFlags {
  unsigned long flags = 0;
  std::string data;  ///< what the file system itself understands
};
MountFlags parse_mount_flags(const std::string& text);

}  // namespace stack::engine::volume
