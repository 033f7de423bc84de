#include "engine/shim/clone.hpp"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

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

namespace {

/// What the process between writes to its pipe.
struct Outcome {
  pid_t pid = -1;
  int error = 0;
};

Outcome clone_sibling(runtime::InitConfig& init, std::uint64_t flags, const std::function<int()>& enter) {
  if (const int error = enter()) return {-1, error};
  clone_args args{};
  args.flags = flags | CLONE_PARENT;  // its end is told to our parent, as ours would be
  const pid_t pid = runtime::sys::clone3(args);
  if (pid == 0) runtime::run_init(init);
  return {pid, pid < 0 ? errno : 0};
}

}  // namespace

Cloned clone_init_inside(runtime::InitConfig& init, std::uint64_t flags, const std::function<int()>& enter) {
  int pair[2];
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) throw errno_error("socketpair");
  Cloned result;
  result.sync.reset(pair[0]);
  const UniqueFd theirs(pair[1]);
  if (::pipe2(ends, O_CLOEXEC) != 0) throw errno_error("pipe");
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  init.sync_fd = theirs.get();
  const pid_t between = ::fork();
  if (between < 0) throw errno_error("fork");
  if (between == 0) {
    ::close(pair[0]);
    const Outcome outcome = clone_sibling(init, flags, enter);
    [[maybe_unused]] const ssize_t told = ::write(write_end.get(), &outcome, sizeof outcome);
    ::_exit(0);
  }
  write_end.reset();
  Outcome outcome;
  const ssize_t n = ::read(read_end.get(), &outcome, sizeof outcome);
  ::waitpid(between, nullptr, 0);
  if (n != sizeof outcome || outcome.pid < 0) throw errno_error("join user namespace", n < 0 ? errno : outcome.error);
  result.pid = outcome.pid;
  result.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, result.pid, 0)));
  return result;
}

}  // namespace stack::engine::shim
