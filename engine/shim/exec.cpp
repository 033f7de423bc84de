// `exec`: a further process in a running container. This process stays outside and waits for it.
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "engine/runtime/cgroup.hpp"
#include "engine/runtime/create_config.hpp"
#include "engine/runtime/syscalls.hpp"
#include "engine/shim/clone.hpp"
#include "engine/shim/foreign_runtime.hpp"
#include "engine/shim/roles.hpp"

namespace stack::engine::shim {

namespace {

using runtime::ExecConfig;
using runtime::StatusMessage;

void report(const StatusMessage& message) {
  const std::string text = runtime::print(message);
  [[maybe_unused]] const ssize_t written = ::write(runtime::status_fd, text.data(), text.size());
  ::close(runtime::status_fd);
}

/// The command itself is a child in the container's pid namespace, which a process can only be born into.
Cloned start(const ExecConfig& config, runtime::SyncResult& sync) {
  const UniqueFd target(static_cast<int>(::syscall(SYS_pidfd_open, config.container_pid, 0)));
  if (!target) throw errno_error("container process");
  if (::setns(target.get(), CLONE_NEWPID) != 0) throw errno_error("container's pid namespace");
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  runtime::InitConfig init;
  init.process = &config.process;
  init.is_exec = true;
  init.target_pidfd = target.get();
  init.seccomp_fd = config.seccomp_fd;
  for (std::size_t i = 0; i < 3; ++i) init.stdio[i] = config.stdio[i] >= 0 ? config.stdio[i] : null.get();
  std::vector<UniqueFd> tasks;
  UniqueFd v2;
  if (!config.cgroups_path.empty()) {
    const runtime::Cgroup cgroup = runtime::Cgroup::open(config.cgroups_path);
    tasks = cgroup.open_tasks();
    v2 = cgroup.v2_directory();
  }
  for (const UniqueFd& file : tasks) init.cgroup_tasks.push_back(file.get());
  Cloned process = clone_init(init, 0, v2.get());
  for (const int fd : config.stdio) {
    if (fd >= 0) ::close(fd);  // the end of the streams must show when the command closes them
  }
  sync = runtime::wait_for_init(process.sync.get());
  return process;
}

/// The same by another runtime, which leaves the process to us.
Cloned start_foreign(const ExecConfig& config, runtime::SyncResult& sync) {
  ForeignProcess made = exec_by_runtime(config);
  for (const int fd : config.stdio)
    if (fd >= 0) ::close(fd);
  sync.executed = made.failure.empty();
  sync.terminal_fd = made.terminal.release();
  sync.failure = {made.exit_code, 0, made.failure};
  Cloned process;
  process.pid = made.pid;
  return process;
}

int wait_exit_code(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, __WALL) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

int run_exec() {
  ::close_range(runtime::config_fd, ~0U, CLOSE_RANGE_CLOEXEC);
  ::signal(SIGPIPE, SIG_IGN);
  try {
    const ExecConfig config = runtime::parse_exec_config(runtime::sys::read_fd(runtime::config_fd, std::size_t{64} << 20));
    ::close(runtime::config_fd);
    runtime::SyncResult sync;
    const Cloned process = config.runtime.empty() ? start(config, sync) : start_foreign(config, sync);
    if (!sync.executed) {
      if (process.pid > 0) ::waitpid(process.pid, nullptr, __WALL);
      report({-1, 0, sync.failure.text, "exec", sync.failure.exit_code, sync.failure.error});
      return 1;
    }
    if (config.control_fd >= 0) {
      runtime::send_descriptor(config.control_fd, 'T', sync.terminal_fd);
      ::close(config.control_fd);
    }
    if (sync.terminal_fd >= 0) ::close(sync.terminal_fd);
    report({process.pid, 0, {}, {}, 0, 0});
    const std::int32_t code = wait_exit_code(process.pid);
    [[maybe_unused]] const ssize_t written = ::write(config.exit_fd, &code, sizeof code);
    return 0;
  } catch (const std::exception& error) {
    report({-1, 0, error.what(), "exec", 125, 0});
    return 1;
  }
}

}  // namespace stack::engine::shim
