#include "engine/shim/clone.hpp"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/error.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::shim {

Cloned clone_init(runtime::InitConfig& init, std::uint64_t flags, int cgroup) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) throw errno_error("socketpair");
  Cloned result;
  result.sync.reset(pair[0]);
  const UniqueFd theirs(pair[1]);
  int pidfd = -1;
  clone_args args{};
  args.flags = flags | CLONE_PIDFD | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0);
  args.exit_signal = SIGCHLD;
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  if (cgroup >= 0) args.cgroup = static_cast<std::uint64_t>(cgroup);
  // single-threaded here, so a plain copy of the process may use everything, malloc included
  result.pid = runtime::sys::clone3(args);
  if (result.pid == 0) {
    ::close(pair[0]);
    init.sync_fd = theirs.get();
    runtime::run_init(init);
  }
  if (result.pid < 0) throw errno_error("clone3");
  result.pidfd.reset(pidfd);
  return result;
}

}  // namespace stack::engine::shim
