#pragma once
// Waiting for an engine to come up or to end, without polling: what happens in the run root tells.
#include <chrono>
#include <string>

#include "base/unique_fd.hpp"

namespace stack::engine {

/// Until `deadline`, for poll(2); 0 when it has passed.
int remaining_ms(std::chrono::steady_clock::time_point deadline);

/// Reports when anything appears or is closed in the run root: the socket of an engine that came up, or the lock file of
/// one that ended. An engine that ends may take the directory along.
class RunRootWatch {
public:
  explicit RunRootWatch(const std::string& run_root);

  /// False: the directory is not there any more, and this watch of no use. Throws unavailable at the deadline.
  bool wait(std::chrono::steady_clock::time_point deadline);

private:
  UniqueFd inotify_;
};

}  // namespace stack::engine
