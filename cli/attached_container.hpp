#pragma once
// A container's first process joined to this terminal: `run`, `start -a`, `attach`.
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "cli/detach_keys.hpp"
#include "engine/api/client.hpp"

namespace stack::cli {

struct AttachedContainer {
  std::string id;
  bool tty = false;             ///< the container has a terminal
  bool input = false;           ///< send our stdin
  bool out = true, err = true;  ///< show its output
  bool removed_at_end = false;  ///< the engine removes it when it ends; also when it cannot be started
  bool signals = true;          ///< Ctrl-C and the like go to the process
  std::string detach_keys{default_detach_keys};
};

/// Starts a container that does not run. Returns the exit status: the container's, or 125 to 127, with the reason on stderr,
/// when it could not be started; 0 when the terminal was left by the detach keys. Use it with Session::run_without_signals.
boost::asio::awaitable<int> start_attached(engine::api::Client& client, AttachedContainer container);

/// Joins one that runs. Returns its exit status; empty: the terminal was left by the detach keys.
boost::asio::awaitable<std::optional<int>> join_container(engine::api::Client& client, AttachedContainer container);

/// Starts it and returns at once: 0, or 125 to 127 with the reason on stderr.
boost::asio::awaitable<int> start_detached(engine::api::Client& client, std::string id, bool removed_at_end);

/// Throws UsageError when a terminal is wanted for our input, which is none.
void need_terminal_input(bool tty, bool input);

}  // namespace stack::cli
