#pragma once
// When a container that ended is started again. Pure: the manager owns the timer.
#include <chrono>
#include <optional>

#include "engine/api/types.hpp"

namespace stack::engine::container {

/// How one run ended.
struct RunEnd {
  int exit_code = 0;
  std::chrono::nanoseconds ran{};  ///< from start to exit
  bool manually_stopped = false;   ///< by stop, kill or the engine's own shutdown
  int restarts_so_far = 0;         ///< of this chain; a start by hand begins a new one
};

/// Delays double from 100 ms to a minute; a run of 10 seconds or more starts over.
class RestartBackoff {
public:
  /// The delay before the next start, or nothing when the policy lets it rest.
  std::optional<std::chrono::milliseconds> next(const api::RestartPolicy& policy, const RunEnd& end);
  void reset() { last_ = {}; }

private:
  std::chrono::milliseconds last_{0};
};

/// Does the policy want it running after an engine start, given how it was left?
bool starts_with_engine(const api::RestartPolicy& policy, bool was_active, bool manually_stopped, int exit_code);

/// Throws invalid_argument in Docker's words for an unknown policy or a count where none belongs.
void check_restart_policy(const api::RestartPolicy& policy);

}  // namespace stack::engine::container
