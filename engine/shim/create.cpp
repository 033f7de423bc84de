// The shim's first life: makes the container's first process and becomes its monitor.
//
//   engine                      shim (create)                         container init
//     │ spawn, config, listen fd    │                                       │
//     │────────────────────────────▶│ cgroup, stdio                         │
//     │                             │ clone3 (namespaces, into cgroup) ────▶│ steps of runtime/init.cpp
//     │                             │◀──────────── M, T, R, end of file ────│ execve
//     │◀──── StatusMessage {pid} ───│
//     │                             │ execve itself as monitor
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>
#include <optional>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "engine/runtime/cgroup.hpp"
#include "engine/runtime/create_config.hpp"
#include "engine/runtime/init.hpp"
#include "engine/runtime/namespaces.hpp"
#include "engine/runtime/syscalls.hpp"
#include "engine/shim/clone.hpp"
#include "engine/shim/foreign_runtime.hpp"
#include "engine/shim/monitor_config.hpp"
#include "engine/shim/roles.hpp"

namespace stack::engine::shim {

namespace {

using runtime::CreateConfig;
using runtime::StatusMessage;

struct Streams {
  std::array<UniqueFd, 3> ours;  ///< write end of stdin, read ends of stdout and stderr
  std::array<UniqueFd, 3> theirs;
};

Streams make_streams(const CreateConfig& config) {
  Streams streams;
  for (std::size_t i = 0; i < 3; ++i) {
    if (i == 0 && !config.stdin_open) {
      streams.theirs[i].reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      continue;
    }
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw errno_error("pipe");
    streams.ours[i].reset(ends[i == 0 ? 1 : 0]);
    streams.theirs[i].reset(ends[i == 0 ? 0 : 1]);
  }
  return streams;
}

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

struct Container {
  Cloned process;
  runtime::SyncResult sync;
  Streams streams;
  std::int64_t started_at = 0;
};

/// Joins the pid namespace that the spec names, for the processes made from now on.
void join_pid_namespace(const runtime::Spec& spec) {
  const runtime::Namespace* pid = runtime::find_namespace(spec, runtime::NamespaceType::pid);
  if (pid == nullptr || pid->path.empty()) return;
  const UniqueFd fd(::open(pid->path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::setns(fd.get(), CLONE_NEWPID) != 0) throw errno_error("pid namespace " + pid->path);
}

void leave_pid_namespace() {
  const UniqueFd own(::open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC));
  if (own) ::setns(own.get(), CLONE_NEWPID);
}

Container create_foreign(const CreateConfig& config) {
  Container container;
  container.streams = make_streams(config);
  const auto& theirs = container.streams.theirs;
  ForeignProcess made = create_by_runtime(config, {theirs[0].get(), theirs[1].get(), theirs[2].get()});
  container.streams.theirs = {};
  container.process.pid = made.pid;
  container.process.pidfd = std::move(made.pidfd);
  container.sync.executed = made.failure.empty();
  container.sync.terminal_fd = made.terminal.release();
  container.sync.failure = {made.exit_code, 0, made.failure};
  container.started_at = now_ns();
  return container;
}

Container create(const CreateConfig& config, const std::optional<runtime::Cgroup>& cgroup) {
  if (!config.runtime.empty()) return create_foreign(config);
  Container container;
  container.streams = make_streams(config);
  runtime::InitConfig init;
  init.spec = &config.spec;
  init.process = &config.spec.process;
  init.netns_fd = config.netns_fd;
  init.seccomp_fd = config.seccomp_fd;
  const UniqueFd self(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  init.self_exe_fd = self.get();
  for (std::size_t i = 0; i < 3; ++i) init.stdio[i] = container.streams.theirs[i].get();
  const runtime::Namespace* cgroup_ns = runtime::find_namespace(config.spec, runtime::NamespaceType::cgroup);
  init.unshare_cgroup = cgroup_ns != nullptr && cgroup_ns->path.empty();
  std::vector<UniqueFd> tasks;
  UniqueFd v2;
  if (cgroup) {
    tasks = cgroup->open_tasks();
    v2 = cgroup->v2_directory();
  }
  for (const UniqueFd& file : tasks) init.cgroup_tasks.push_back(file.get());
  join_pid_namespace(config.spec);
  container.process = clone_init(init, runtime::clone_flags(config.spec, config.netns_fd >= 0), v2.get());
  leave_pid_namespace();
  container.streams.theirs = {};
  container.sync = runtime::wait_for_init(container.process.sync.get());
  container.started_at = now_ns();
  return container;
}

void report(const StatusMessage& message) {
  const std::string text = runtime::print(message);
  [[maybe_unused]] const ssize_t written = ::write(runtime::status_fd, text.data(), text.size());
  ::close(runtime::status_fd);
}

MonitorConfig monitor_config(const CreateConfig& config, Container& container) {
  MonitorConfig result;
  result.shim_dir = config.shim_dir;
  if (!config.container_dir.empty()) result.exit_file = config.container_dir + "/exit.json";
  if (!config.runtime.empty()) result.end_command = delete_command(config);
  result.cgroup = config.spec.linux_.cgroups_path;
  result.log_directory = config.log_directory;
  result.log_max_size = config.log_max_size;
  result.log_max_files = config.log_max_files;
  result.log_file_name = config.log_file_name;
  result.log_format = config.log_format;
  result.log_attributes = config.log_attributes;
  result.log_compress = static_cast<std::uint8_t>(config.log_compress);
  result.log_shipping = config.log_shipping;
  result.engine_lock = config.engine_lock;
  result.engine_argv = config.engine_argv;
  result.engine_environment = config.engine_environment;
  result.stdin_once = config.stdin_once;
  result.terminal = config.spec.process.terminal;
  result.container_pid = container.process.pid;
  result.started_at = container.started_at;
  result.listen_fd = runtime::listen_fd;
  result.pid_fd = container.process.pidfd.release();
  result.rootfs_fd = container.sync.rootfs_fd;
  result.netns_fd = config.netns_fd;
  if (config.spec.process.terminal) {
    result.stdin_fd = result.stdout_fd = container.sync.terminal_fd;
  } else {
    result.stdin_fd = container.streams.ours[0].release();
    result.stdout_fd = container.streams.ours[1].release();
    result.stderr_fd = container.streams.ours[2].release();
  }
  for (const auto& held : config.held) {
    result.held.push_back(
        {held.name, held.fd, held.relay_address, held.relay_port, static_cast<std::uint8_t>(held.relay_from_netns)});
  }
  for (const auto& attached : config.attached) result.attached.emplace_back(attached.fd, attached.flags);
  return result;
}

void keep_across_exec(const MonitorConfig& config) {
  const auto keep = [](int fd) {
    if (fd >= 0) ::fcntl(fd, F_SETFD, 0);
  };
  for (const int fd : {config.listen_fd, config.pid_fd, config.stdin_fd, config.stdout_fd, config.stderr_fd, config.rootfs_fd,
                       config.netns_fd})
    keep(fd);
  for (const Held& held : config.held) keep(held.fd);
  for (const auto& [fd, flags] : config.attached) keep(fd);
}

/// Only returns when it fails. The new program starts with fresh memory: what creating needed is gone.
void become_monitor(const MonitorConfig& config) {
  const std::string bytes = pack(config);
  const UniqueFd memory(::memfd_create("monitor", MFD_CLOEXEC));
  if (::write(memory.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return;
  ::lseek(memory.get(), 0, SEEK_SET);
  const UniqueFd self(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  keep_across_exec(config);
  if (::dup2(memory.get(), monitor_config_fd) < 0) return;
  // bounds what malloc keeps: one arena, small top pad, big buffers mapped apart
  char arena[] = "MALLOC_ARENA_MAX=1";
  char pad[] = "MALLOC_TOP_PAD_=4096";
  char* argv[] = {const_cast<char*>("stack-shim"), const_cast<char*>("monitor"), nullptr};
  char* environment[] = {arena, pad, nullptr};
  runtime::sys::execveat(self.get(), argv, environment);
}

}  // namespace

int run_create() {
  ::close_range(runtime::config_fd, ~0U, CLOSE_RANGE_CLOEXEC);
  ::signal(SIGPIPE, SIG_IGN);
  std::optional<runtime::Cgroup> cgroup;
  StatusMessage failure;
  try {
    const CreateConfig config = runtime::parse_create_config(runtime::sys::read_fd(runtime::config_fd, std::size_t{64} << 20));
    // stays open (it closes on exec), because its number is the monitor's configuration later
    if (!config.spec.linux_.cgroups_path.empty() && config.runtime.empty())  // another runtime makes it itself
      cgroup = runtime::Cgroup::create(config.spec.linux_.cgroups_path, config.spec.linux_.resources);
    Container container = create(config, cgroup);
    if (container.sync.executed) {
      report({container.process.pid, container.started_at, {}, {}, 0, 0});
      become_monitor(monitor_config(config, container));
      ::kill(container.process.pid, SIGKILL);  // a container without a monitor is of no use
      return 1;
    }
    if (container.process.pid > 0) ::waitpid(container.process.pid, nullptr, __WALL);
    if (!config.runtime.empty()) forget_container(delete_command(config), config.shim_dir, config.spec.linux_.cgroups_path);
    const runtime::SyncFailure& reason = container.sync.failure;
    failure = {-1, 0, reason.text, "init", reason.exit_code, reason.error};
  } catch (const std::exception& error) {
    failure = {-1, 0, error.what(), "create", 125, 0};
  }
  if (cgroup) cgroup->remove();
  report(failure);
  return 1;
}

}  // namespace stack::engine::shim
