#pragma once
// Cloning the process that becomes a container's command.
#include <sys/types.h>

#include <cstdint>

#include "base/unique_fd.hpp"
#include "engine/runtime/init.hpp"

namespace stack::engine::shim {

struct Cloned {
  pid_t pid = -1;
  UniqueFd pidfd;
  UniqueFd sync;  ///< our end of the dialogue with it
};

/// `flags`: CLONE_NEW*. `cgroup`: directory of a v2 group to start in, or -1. Throws.
Cloned clone_init(runtime::InitConfig& init, std::uint64_t flags, int cgroup);

}  // namespace stack::engine::shim
