#pragma once
// Child side: what the cloned process does to become the container's command, a list of named steps. No exception leaves
// it; a step that fails is reported to the parent through the sync socket:
//
//   child                                  parent (shim)
//     │                                    ◀G │   only in a new user namespace: its ids are written
//     │ M  + descriptor of the rootfs mount   │   kept by the monitor, so that its unmount (which syncs) delays nobody
//     │ T  + descriptor of the pty master     │   only with a terminal
//     │ H                                     │   only with hooks: mounts are made, the host's root is still there
//     │                                    ◀G │   hooks outside have run
//     │ R                                     │   everything is set up, about to execute the command
//     │ E  exit code, errno, text             │   a step failed; the child ends
//     │ end of file                           │   after R: the command was executed (the socket closes on exec), or, where it
//     is
//                                             │   to be started later (`start_fd`), the child waits for that
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/runtime/spec.hpp"
#include "engine/runtime/users.hpp"

namespace stack::engine::runtime {

struct CgroupMounts;

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

  // what only the runc command line asks for (engine/shim/oci)
  bool in_user_namespace = false;               ///< root there is not the host's
  bool waits_for_ids = false;                   ///< for G before anything else
  bool parent_runs_hooks = false;               ///< H, and wait for G
  int join_also = 0;                            ///< exec: CLONE_NEWUSER, CLONE_NEWTIME where the container's is not ours
  std::vector<NamespaceType> already_joined;    ///< by the parent, before the clone
  int start_fd = -1;                            ///< FIFO: nothing is executed before a byte comes
  int preserved_fds = 0;                        ///< descriptors from 3 on that the command gets
  bool pivots = true;                           ///< false: the root is moved, for a host whose root is a ramdisk
  bool own_mounts = true;                       ///< false: in a mount namespace of others, which keep theirs as they are
  const CgroupMounts* cgroup_mounts = nullptr;  ///< where the group's path begins; empty: at the mounts themselves
  int container_root = -1;                      ///< exec, without mounts of its own: the root of its first process
  unsigned seccomp_flags = 0;                   ///< SECCOMP_FILTER_FLAG_LOG
  std::string keyring;                          ///< name of a session keyring of its own; empty: it shares ours
  int root_tree = -1;                           ///< of the rootfs, cloned by the parent; -1: done here
  std::function<std::string(pid_t pid, const char* status)> state_json;  ///< for hooks

  // filled by the steps
  int root_fd = -1;
  std::vector<int>
      sources;  ///< by index of spec->mounts: trees of binds cloned early; -1 or missing: cloned when it is mounted
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
/// `run_hooks` is called for H; what it throws is the caller's, who then ends the child.
SyncResult wait_for_init(int sync_fd, const std::function<void()>& run_hooks = nullptr);

/// Parent and child: G, and waiting for it (0 or an errno).
void send_go(int sync_fd);
int wait_for_go(int sync_fd);

}  // namespace stack::engine::runtime
