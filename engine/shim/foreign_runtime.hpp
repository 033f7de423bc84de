#pragma once
// Containers whose processes another OCI runtime makes (HostConfig.Runtime): it is driven by the runc command line, with a
// bundle written out for it below <shim dir>/runtime. The monitor keeps what it keeps of every container: streams, log, exit.
#include <sys/types.h>

#include <array>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "engine/runtime/create_config.hpp"

namespace stack::engine::shim {

struct ForeignProcess {
  pid_t pid = -1;  ///< our child: the runtime leaves it to us
  UniqueFd pidfd;
  UniqueFd terminal;    ///< pty master, with process.terminal
  std::string failure;  ///< what the runtime said; then nothing of it is left
  int exit_code = 125;  ///< Docker's for such a failure
};

/// `create` and `start`. `stdio`: of the container, unless it has a terminal. Throws for what fails before the runtime is
/// called.
ForeignProcess create_by_runtime(const runtime::CreateConfig& config, const std::array<int, 3>& stdio);

/// `exec`.
ForeignProcess exec_by_runtime(const runtime::ExecConfig& config);

/// Command line that has the runtime forget a container.
std::vector<std::string> delete_command(const runtime::CreateConfig& config);

/// Runs it, and removes what is left of such a container.
void forget_container(const std::vector<std::string>& command, const std::string& shim_dir, const std::string& cgroup);

}  // namespace stack::engine::shim
