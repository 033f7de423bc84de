// The shim's second life: one per container, small, and independent of any engine. Owns the standard streams, the log, the
// exit status and the sockets; ends when an engine has recorded the exit (`release`).
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <memory>

#include "base/error.hpp"
#include "base/memory.hpp"
#include "engine/runtime/cgroup.hpp"
#include "engine/runtime/syscalls.hpp"
#include "engine/shim/engine_watch.hpp"
#include "engine/shim/foreign_runtime.hpp"
#include "engine/shim/log_shipper.hpp"
#include "engine/shim/log_writer.hpp"
#include "engine/shim/loop.hpp"
#include "engine/shim/monitor_config.hpp"
#include "engine/shim/protocol.hpp"
#include "engine/shim/roles.hpp"
#include "engine/shim/server.hpp"
#include "engine/shim/sockets.hpp"
#include "engine/shim/streams.hpp"

namespace stack::engine::shim {

namespace {

constexpr int remove_retry_ms = 50;
constexpr int remove_tries = 40;
constexpr int oom_settle_ms = 50;  ///< v1 tells before it kills
constexpr int settle_ms = 100;     ///< how long a burst of work lasts: the start, an engine that asks

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

class Monitor {
public:
  explicit Monitor(MonitorConfig config);
  void run() { loop_.run(); }

private:
  Services services();
  int kill(const KillRequest& request);
  int release();
  void release_memory_soon();
  void watch_memory();
  void on_memory_event();
  void on_exit();
  void finish();
  void write_exit_file();
  void remove_cgroup(int tries);
  void remove_run_directory();
  std::uint64_t oom_kills() const;

  const MonitorConfig config_;
  Loop loop_;
  ScratchBuffer scratch_;
  LogWriter log_;
  std::unique_ptr<LogShipper> shipper_;  ///< only with a logging service
  Sockets sockets_;
  Streams streams_;
  EngineWatch engine_watch_;
  Server server_;
  UniqueFd pid_fd_;
  UniqueFd rootfs_;
  UniqueFd oom_fd_;
  std::uint64_t oom_kills_told_ = 0;
  bool release_memory_due_ = false;
  bool released_ = false;  ///< nothing is left to do but to hand out what attached clients have not read yet
  State state_;
};

LogSettings log_settings(const MonitorConfig& config) {
  return {.directory = config.log_directory,
          .file_name = config.log_file_name,
          .format = static_cast<LogFormat>(config.log_format),
          .attributes = config.log_attributes,
          .max_size = config.log_max_size,
          .max_files = config.log_max_files,
          .compress = config.log_compress != 0};
}

std::unique_ptr<LogShipper> make_shipper(Loop& loop, const MonitorConfig& config) {
  if (config.log_shipping.empty()) return nullptr;
  return std::make_unique<LogShipper>(loop, LogShipping::from_words(config.log_shipping));
}

Monitor::Monitor(MonitorConfig config)
    : config_(std::move(config)),
      log_(log_settings(config_)),
      shipper_(make_shipper(loop_, config_)),
      sockets_(loop_, scratch_, UniqueFd(config_.netns_fd)),
      streams_(loop_, log_, shipper_.get(), scratch_, config_),
      engine_watch_(loop_, config_),
      server_(loop_, UniqueFd(config_.listen_fd), sockets_, services()),
      pid_fd_(config_.pid_fd),
      rootfs_(config_.rootfs_fd) {
  state_.container_pid = config_.container_pid;
  state_.shim_pid = ::getpid();
  state_.terminal = config_.terminal;
  state_.started_at = config_.started_at;
  for (const Held& held : config_.held) sockets_.hold(held);
  for (const auto& [fd, flags] : config_.attached) streams_.attach(UniqueFd(fd), flags);
  loop_.watch(pid_fd_.get(), EPOLLIN, [this](std::uint32_t) { on_exit(); });
  watch_memory();
  release_memory_soon();
}

/// A monitor waits for most of its life: what its start and an engine's questions brought in of the program goes again.
void Monitor::release_memory_soon() {
  if (release_memory_due_) return;
  release_memory_due_ = true;
  loop_.after(settle_ms, [this] {
    release_memory_due_ = false;
    release_unused_memory();
  });
}

void Monitor::watch_memory() {
  if (config_.cgroup.empty()) return;
  oom_fd_ = runtime::Cgroup::open(config_.cgroup).watch_oom();
  if (!oom_fd_) return;
  loop_.watch(oom_fd_.get(), EPOLLIN, [this](std::uint32_t) {
    char drain[4096];
    [[maybe_unused]] const ssize_t ignored = ::read(oom_fd_.get(), drain, sizeof drain);
    if (state_.exited == 0) loop_.after(oom_settle_ms, [this] { on_memory_event(); });
  });
  oom_kills_told_ = oom_kills();  // what happened before we watched is told to who subscribes
}

void Monitor::on_memory_event() {
  if (state_.exited != 0) return;
  const std::uint64_t kills = oom_kills();
  if (kills > oom_kills_told_) server_.announce_oom(kills);
  oom_kills_told_ = kills;
}

Services Monitor::services() {
  Services result;
  result.state = [this] { return state_; };
  result.oom_kills = [this] { return oom_kills_told_; };
  result.kill = [this](const KillRequest& request) { return kill(request); };
  result.resize = [this](std::uint16_t rows, std::uint16_t columns) { return streams_.resize(rows, columns); };
  result.attach = [this](UniqueFd socket, std::uint8_t flags) { streams_.attach(std::move(socket), flags); };
  result.close_stdin = [this] { streams_.close_stdin(); };
  result.log_limits = [this](std::uint64_t max_size, std::uint32_t max_files) { log_.set_limits(max_size, max_files); };
  result.release = [this] { return release(); };
  result.accepted = [this] { release_memory_soon(); };
  result.engine_present = [this] { engine_watch_.engine_present(); };
  result.engine_lost = [this] {
    if (!released_) engine_watch_.engine_lost();
  };
  result.engine_left = [this] { engine_watch_.engine_left(); };
  return result;
}

int Monitor::kill(const KillRequest& request) {
  if (state_.exited != 0) return ESRCH;
  if (request.all != 0 && !config_.cgroup.empty()) {
    runtime::Cgroup::open(config_.cgroup).signal_all(request.signal);
    return 0;
  }
  return ::syscall(SYS_pidfd_send_signal, pid_fd_.get(), request.signal, nullptr, 0) != 0 ? errno : 0;
}

std::uint64_t Monitor::oom_kills() const {
  return config_.cgroup.empty() ? 0 : runtime::Cgroup::open(config_.cgroup).oom_kills();
}

void Monitor::on_exit() {
  int status = 0;
  if (::waitpid(config_.container_pid, &status, __WALL | WNOHANG) != config_.container_pid) return;
  loop_.forget(pid_fd_.get());
  constexpr int signalled = 128;
  state_.exit_code = WIFSIGNALED(status) ? signalled + WTERMSIG(status) : WEXITSTATUS(status);
  state_.finished_at = now_ns();
  streams_.finish([this] { finish(); });
}

/// Output is recorded; now the exit is made known, on disk first.
void Monitor::finish() {
  const std::uint64_t kills = oom_kills();
  state_.oom_killed = kills != 0;
  state_.exited = 1;
  if (oom_fd_) loop_.forget(oom_fd_.get());
  oom_fd_.reset();
  sockets_.close_all();
  write_exit_file();
  remove_cgroup(remove_tries);
  if (kills > oom_kills_told_) server_.announce_oom(kills);
  oom_kills_told_ = kills;
  server_.announce_exit(state_);
}

void Monitor::write_exit_file() {
  if (config_.exit_file.empty()) return;
  char text[160];
  const int length =
      std::snprintf(text, sizeof text, "{\"exit_code\":%d,\"oom_killed\":%s,\"started_at\":%lld,\"finished_at\":%lld}\n",
                    state_.exit_code, state_.oom_killed != 0 ? "true" : "false", static_cast<long long>(state_.started_at),
                    static_cast<long long>(state_.finished_at));
  const std::string temporary = config_.exit_file + ".new";
  if (runtime::sys::write_file(AT_FDCWD, temporary.c_str(), {text, static_cast<std::size_t>(length)}, O_CREAT | O_TRUNC) == 0) {
    ::rename(temporary.c_str(), config_.exit_file.c_str());
  }
}

/// Processes that shared the group but not the pid namespace are killed; the kernel then needs a moment for each.
void Monitor::remove_cgroup(int tries) {
  if (config_.cgroup.empty()) return;
  const runtime::Cgroup group = runtime::Cgroup::open(config_.cgroup);
  if (group.remove() || tries == 0) return;
  group.kill_all();
  if (group.remove()) return;
  loop_.after(remove_retry_ms, [this, tries] { remove_cgroup(tries - 1); });
}

int Monitor::release() {
  if (state_.exited == 0) return EBUSY;
  remove_run_directory();  // before the answer: after it the engine may start this container again, in the same directory
  released_ = true;
  rootfs_.reset();
  engine_watch_.engine_left();
  streams_.when_delivered([this] { loop_.after(0, [this] { loop_.stop(); }); });
  return 0;
}

void Monitor::remove_run_directory() {
  if (!config_.end_command.empty()) forget_container(config_.end_command, config_.shim_dir, config_.cgroup);
  ::unlink((config_.shim_dir + "/shim.sock").c_str());
  ::rmdir(config_.shim_dir.c_str());
}

void harden() {
  for (const int signal : {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2}) ::signal(signal, SIG_IGN);
  ::prctl(PR_SET_NAME, "stack-shim", 0, 0, 0);
  // a relay may need many descriptors; what the soft limit is for does not concern us
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  // the last to be killed when memory is short, where the kernel lets us (CAP_SYS_RESOURCE)
  runtime::sys::write_file(AT_FDCWD, "/proc/self/oom_score_adj", "-998");
  [[maybe_unused]] const int ignored = ::chdir("/");
  ::umask(0077);
}

}  // namespace

int run_monitor() {
  harden();
  const std::string bytes = runtime::sys::read_fd(monitor_config_fd);
  ::close(monitor_config_fd);
  Monitor monitor(unpack_monitor_config(bytes));
  monitor.run();
  return 0;
}

}  // namespace stack::engine::shim
