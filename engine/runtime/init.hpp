#pragma once
// Child side: what the cloned process does to become the container's command, a list of named steps. No exception leaves
// it; a step that fails is reported to the parent through the sync socket:
//
//   child                                  parent (shim)
//     │ M  + descriptor of the rootfs mount   │   kept by the monitor, so that its unmount (which syncs) delays nobody
//     │ T  + descriptor of the pty master     │   only with a terminal
//     │ R                                     │   everything is set up, about to execute the command
//     │ E  exit code, errno, text             │   a step failed; the child ends
//     │ end of file                           │   after R: the command was executed (the socket closes on exec)
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/runtime/spec.hpp"
#include "engine/runtime/users.hpp"

namespace stack::engine::runtime {

struct InitConfig {
  const Spec* spec = nullptr;
  const Process* process = nullptr;
  bool is_exec = false;   ///< joins a running container instead of making one
  int target_pidfd = -1;  ///< exec: a process of the container
  int netns_fd = -1;
  int seccomp_fd = -1;  ///< memfd with the BPF program; -1: unconfined
  int sync_fd = -1;
  int self_exe_fd = -1;  ///< the shim's own program, executed as PID 1 with `init`
  std::array<int, 3> stdio{-1, -1, -1};
  std::vector<int> cgroup_tasks;  ///< v1 `tasks` files, open for writing
  bool unshare_cgroup = false;

  // filled by the steps
  int root_fd = -1;
  ResolvedUser user;
  std::vector<std::string> environment;
  std::string program;  ///< path of the command after the search
  int exit_code = 125;  ///< that the failing step stands for
  std::string detail;   ///< what failed, for people
};

struct Step {
  const char* name;
  int (*run)(InitConfig&);  ///< 0 or an errno
};

/// Never returns: executes the command or reports the failure and exits.
[[noreturn]] void run_init(InitConfig& config);

/// PID 1 of a container with `init`: starts argv, forwards signals to it, reaps; ends with its status. `sync_fd`: see above.
int run_as_pid1(int sync_fd, char** argv, char** environment);
inline constexpr const char* init_path = "/sbin/docker-init";  ///< as its command line shows: "/sbin/docker-init -- argv"
inline constexpr int init_sync_fd = 3;

// sync messages
struct SyncFailure {
  int exit_code = 125;
  int error = 0;
  std::string text;
};
void report_failure(int sync_fd, const SyncFailure& failure);
void send_descriptor(int sync_fd, char tag, int fd);

/// The parent's end: reads until the child has executed its command or failed.
struct SyncResult {
  bool executed = false;
  SyncFailure failure;
  int rootfs_fd = -1;
  int terminal_fd = -1;
};
SyncResult wait_for_init(int sync_fd);

}  // namespace stack::engine::runtime
