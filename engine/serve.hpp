#pragma once
// The engine process: `stack engine`.
#include <chrono>
#include <string>
#include <vector>

#include "engine/paths.hpp"

namespace stack::engine {

struct ServeOptions {
  Paths paths;
  /// Started by a command that needed it (fd 3 is the lock, fd 4 the start-up pipe): it ends itself when idle.
  bool on_demand = false;
  std::vector<std::string> listen;         ///< further sockets, "unix:///path"; makes it stay
  std::chrono::milliseconds idle{10'000};  ///< no container, no connection for this long: an on-demand engine ends
  bool debug = false;
};

/// Runs until SIGTERM, SIGINT or idleness; containers go on running. Returns the exit status. What keeps it from starting is
/// reported through the start-up pipe, else on stderr.
int serve(const ServeOptions& options);

}  // namespace stack::engine
