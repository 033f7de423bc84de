#pragma once
// Making a container without an engine. There is no monitor: the first process is left to whoever started this program.
#include <functional>
#include <string>

#include "base/unique_fd.hpp"
#include "engine/shim/oci/state.hpp"

namespace stack::engine::shim::oci {

struct CreateOptions {
  std::string bundle;  ///< absolute
  std::string pid_file;
  std::string console_socket;
  std::string pidfd_socket;
  bool pivots = true;
  bool new_keyring = true;
  int preserved_fds = 0;  ///< beside those of socket activation
  bool detached = true;   ///< a terminal needs a console socket then
};

struct Created {
  Record record;
  UniqueFd pidfd;
  UniqueFd terminal;  ///< pty master, unless it went to a console socket
};

/// Everything but the command. Throws after undoing what was made.
Created create_container(const StateRoot& root, const std::string& id, const CreateOptions& options);

/// Lets the command run; returns when it has been executed. Throws conflict when there is nothing to start.
void start_container(const StateRoot& root, const Record& record);

/// Ends what is left of a stopped container, and forgets it. Hooks that fail are named on standard error only.
void destroy_container(const StateRoot& root, const Record& record);

/// Kills and waits, for at most some seconds. Throws unavailable.
void kill_container(const Record& record);

/// How many descriptors from 3 on socket activation ($LISTEN_FDS) gave us.
int listen_fds();

void write_pid_file(const std::string& path, pid_t pid);

}  // namespace stack::engine::shim::oci
