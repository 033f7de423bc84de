#pragma once
// The mounts of one RUN, from what the Dockerfile says to directories and files that a container can bind.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/build/cache_mounts.hpp"
#include "engine/build/context.hpp"
#include "engine/build/run_mount.hpp"
#include "engine/build/run_step.hpp"

namespace stack::engine::build {

/// A mount with what was found for it.
struct PlannedMount {
  RunMount mount;                             ///< its target is absolute
  std::vector<std::string> source_dirs;       ///< bind, cache with "from": the layers, topmost first
  std::shared_ptr<CacheMounts::Lease> cache;  ///< cache
  std::string secret;                         ///< secret: its content
};

struct Staging {
  std::string files;    ///< an empty directory of this step's own, for copies and scripts
  std::string secrets;  ///< one on a file system that is gone after a reboot
};

/// Makes everything ready. Blocking. Throws invalid_argument when what is to be mounted is not there.
std::vector<RunRequest::Mount> stage_mounts(const std::vector<PlannedMount>& mounts, const Context& context,
                                            const Staging& staging);

/// Which files and directories on the way to the mounts' targets the image does not have yet: the runtime makes them as places
/// to mount on. Blocking.
std::vector<std::string> missing_targets(const RootDir& root, const std::vector<RunRequest::Mount>& mounts);
/// Takes those away again, as far as the command has put nothing there. Blocking.
void remove_targets(const RootDir& root, const std::vector<std::string>& made);

}  // namespace stack::engine::build
