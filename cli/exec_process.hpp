#pragma once
// A command run beside what runs in a container: `exec`.
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/detach_keys.hpp"
#include "engine/api/client.hpp"

namespace stack::cli {

struct ExecProcess {
  std::string container;  ///< id or name
  std::vector<std::string> command;
  std::string user, directory;
  std::vector<std::string> environment;  ///< "NAME=VALUE"
  bool privileged = false, detach = false;
  bool tty = false;    ///< it gets a terminal
  bool input = false;  ///< send our stdin
  std::string detach_keys{default_detach_keys};
};

/// Returns its exit status, 0 when detached; empty: the terminal was left by the detach keys. Throws unavailable when the
/// engine ended meanwhile, so that the status is unknown.
boost::asio::awaitable<std::optional<int>> run_exec(engine::api::Client& client, ExecProcess process);

}  // namespace stack::cli
