#pragma once
// Cloning the process that becomes a container's command.
#include <sys/types.h>

#include <cstdint>
#include <functional>

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

/// The same out of a process between, which first calls `enter` to go where there is no way back from: a user namespace.
/// `enter` answers 0 or an errno; what is cloned is our child all the same.
Cloned clone_init_inside(runtime::InitConfig& init, std::uint64_t flags, const std::function<int()>& enter);

}  // namespace stack::engine::shim
