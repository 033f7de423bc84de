#pragma once
// Spawning without fork: vfork semantics, so the cost does not grow with the caller's memory and no lock is copied.
#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"

namespace stack {

struct SpawnOptions {
  std::vector<std::string> argv;                 ///< argv[0] is what the program sees
  int exec_fd = -1;                              ///< execute this descriptor (memfd) instead of looking argv[0] up
  std::string path;                              ///< program file; empty: argv[0]; no PATH search
  std::vector<std::string> environment;          ///< complete, "K=V"
  std::vector<std::pair<int, int>> descriptors;  ///< (ours, number in the child); everything else is closed
  bool new_session = true;                       ///< setsid in the child
};

struct Child {
  pid_t pid = -1;
  UniqueFd pidfd;
};

/// Starts a program. 0, 1 and 2 are /dev/null in the child unless given in descriptors. Signal mask and dispositions are
/// reset to the defaults. Throws when the exec itself fails (the errno is reported through shared memory).
Child spawn(const SpawnOptions& options);

/// Waits for a child of ours. Returns the wait status as of waitpid(2).
int wait_for(const Child& child);

}  // namespace stack
