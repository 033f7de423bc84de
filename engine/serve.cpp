#include "engine/serve.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <optional>

#include "base/disk_room.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/memory.hpp"
#include "base/unique_fd.hpp"
#include "engine/engine.hpp"
#include "engine/events.hpp"
#include "engine/http/listener.hpp"
#include "engine/http/routes.hpp"
#include "engine/launcher.hpp"
#include "engine/runtime/cgroup.hpp"
#include "engine/service_manager.hpp"
#include "engine/takeover.hpp"

namespace stack::engine {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto stop_patience = 2s;
constexpr auto takeover_time = 30s;  ///< for an engine on demand to end; it answers what is being asked first
constexpr auto settle_time = 1s;     ///< without a request, after which memory is given back

/// What a long-lived process must not take from whoever happened to start it.
void start_clean() {
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_TRIM_THRESHOLD, 256 * 1024);
  std::signal(SIGPIPE, SIG_IGN);
  ::umask(022);
  if (::chdir("/") != 0) throw errno_error("chdir /");
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 1 << 20);
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
}

/// Out of the group of the login session that happened to need an engine, so that it does not end with that session: on the
/// hierarchies that say which session a process belongs to. Where it is not allowed it stays.
void leave_session_group() {
  for (const std::string& mount : {runtime::CgroupMounts::detect().v2, std::string("/sys/fs/cgroup/systemd")}) {
    const UniqueFd group(::open((mount + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (group && ::write(group.get(), "0", 1) != 1) log::debug("stays in its group of {}: {}", mount, std::strerror(errno));
  }
}

/// The start-up pipe of an engine started on demand; stderr, and the service manager, of one in the foreground.
class StartUpReport {
public:
  explicit StartUpReport(bool on_demand) {
    if (on_demand) pipe_.reset(engine_ready_fd);
    if (pipe_) ::fcntl(pipe_.get(), F_SETFD, FD_CLOEXEC);
  }
  void ready() {
    if (!pipe_) notify_service_manager("READY=1");
    write("ready\n");
  }
  void failed(std::string text) {
    for (char& c : text)
      if (c == '\n') c = ' ';
    if (!pipe_) std::cerr << "stack engine: " << text << std::endl;
    write("error " + text + "\n");
  }

private:
  void write(const std::string& line) {
    if (!pipe_) return;
    const ssize_t written = ::write(pipe_.get(), line.data(), line.size());
    if (written != static_cast<ssize_t>(line.size())) log::warning("whoever started this engine does not listen any more");
    pipe_.reset();
  }
  UniqueFd pipe_;
};

void make_roots(const Paths& paths) {
  std::filesystem::create_directories(paths.data_root);
  std::filesystem::create_directories(paths.run_root);
  ::chmod(paths.data_root.c_str(), 0710);
  ::chmod(paths.run_root.c_str(), 0755);
}

UniqueFd take_lock(const ServeOptions& options) {
  if (options.on_demand) {
    ::fcntl(engine_lock_fd, F_SETFD, FD_CLOEXEC);
    return UniqueFd(engine_lock_fd);
  }
  UniqueFd lock = take_engine_lock(options.paths, takeover_time);
  make_roots(options.paths);
  return lock;
}

void open_log(const ServeOptions& options) {
  const log::Level level = options.debug || std::getenv("STACK_DEBUG") ? log::Level::debug : log::Level::info;
  log::to_stderr(level);
  if (!options.on_demand) return;
  try {
    log::to_file(options.paths.engine_log(), level);
  } catch (const std::exception&) {  // a disk without an inode left: an engine without a log is better than none
  }
}

std::optional<gid_t> socket_group() {
  for (const char* name : {"stack", "docker"})
    if (const group* found = ::getgrnam(name)) return found->gr_gid;
  return std::nullopt;
}

/// A listening socket at `path`, which appears there complete: whoever waits for it may connect at once.
UniqueFd listen_at(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string directory = slash == 0 ? "/" : path.substr(0, slash);
  std::filesystem::create_directories(directory);
  UniqueFd parent(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!parent) throw errno_error("open " + directory);
  const std::string name = path.substr(slash + 1);
  const std::string temporary = fmt::format("{}.{}", name, ::getpid());
  const std::string reachable = fmt::format("/proc/self/fd/{}/{}", parent.get(), temporary);  // short, whatever the path
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (reachable.size() >= sizeof address.sun_path)
    throw Error(ErrorCode::invalid_argument, "the file name of the socket is too long: " + path);
  std::memcpy(address.sun_path, reachable.c_str(), reachable.size() + 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw errno_error("socket");
  ::unlinkat(parent.get(), temporary.c_str(), 0);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) throw errno_error("bind " + path);
  ::fchmodat(parent.get(), temporary.c_str(), 0660, 0);
  if (const auto group = socket_group()) {
    if (::fchownat(parent.get(), temporary.c_str(), 0, *group, 0) != 0)
      log::warning("chown {}: {}", path, std::strerror(errno));
  }
  if (::listen(socket.get(), 4096) != 0) throw errno_error("listen " + path);
  if (::renameat(parent.get(), temporary.c_str(), parent.get(), name.c_str()) != 0) throw errno_error("rename to " + path);
  return socket;
}

/// STACK_ENGINE_IDLE (seconds) is for engines that others start: commands and shims.
ServeOptions checked(ServeOptions options) {
  for (const auto& address : options.listen)
    if (address.rfind("unix:///", 0) != 0)
      throw Error(ErrorCode::invalid_argument, "--listen takes unix:///PATH, not " + address);
  if (const char* idle = std::getenv("STACK_ENGINE_IDLE"); idle && std::atof(idle) > 0)
    options.idle = std::chrono::milliseconds(static_cast<long long>(std::atof(idle) * 1000));
  return options;
}

/// One run of the engine process after its set-up.
class Server {
public:
  Server(const ServeOptions& options, StartUpReport& report)
      : options_(options), report_(report), signals_(loop_, SIGTERM, SIGINT), settle_timer_(loop_), idle_timer_(loop_) {}

  int run() {
    engine_.emplace(options_.paths, loop_);
    http::add_routes(router_, engine_->context());
    router_.add(http::Method::post, handover_path,
                [this](http::Request&, http::ResponseWriter& response) { return hand_over(response); });
    listener_.emplace(loop_, router_);
    asio::co_spawn(loop_, main(), [this](std::exception_ptr failure) { finished(failure); });
    loop_.run();
    return status_;
  }

private:
  asio::awaitable<void> main() {
    co_await engine_->recover();
    listener_->listen(listen_at(options_.paths.socket()));
    for (const auto& address : options_.listen)
      listener_->listen(listen_at(address.substr(std::string_view("unix://").size())));
    report_.ready();
    log::info("engine of {} is ready", options_.paths.data_root);
    release_unused_memory();  // what only the start needed
    listener_->on_quiet([this] {
      restart_settle_timer();
      if (ends_when_idle()) restart_idle_timer();
    });
    if (ends_when_idle()) {
      asio::co_spawn(loop_, watch_events(), asio::detached);
      restart_idle_timer();
    }
    boost::system::error_code error;
    co_await signals_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    co_await shut_down();
  }

  void restart_settle_timer() {
    settle_timer_.expires_after(settle_time);
    settle_timer_.async_wait([](const boost::system::error_code& error) {
      if (!error) release_unused_memory();
    });
  }

  /// Something happened: the time without work begins anew.
  void restart_idle_timer() {
    idle_timer_.expires_after(options_.idle);
    idle_timer_.async_wait([this](const boost::system::error_code& error) {
      if (error || listener_->connections() > 0 || !engine_->is_idle()) return;
      log::info("nothing runs and nobody asks: the engine ends");
      signals_.cancel();
    });
  }

  asio::awaitable<void> watch_events() {
    const auto subscription = engine_->context().events.subscribe();
    while (co_await subscription->next()) restart_idle_timer();
  }

  /// An engine in the foreground wants our place (engine/takeover.hpp).
  asio::awaitable<void> hand_over(http::ResponseWriter& response) {
    if (!ends_when_idle())
      throw Error(ErrorCode::conflict, fmt::format("another engine runs for {}, as process {}: end that one first",
                                                   options_.paths.data_root, ::getpid()));
    log::info("hands over to an engine in the foreground");
    co_await response.empty(204);
    signals_.cancel();
  }

  bool ends_when_idle() const { return options_.on_demand && options_.listen.empty(); }

  asio::awaitable<void> shut_down() {
    if (!options_.on_demand) notify_service_manager("STOPPING=1");
    // first the name, so that nobody new comes; who is in the queue notices the end and starts another engine
    ::unlink(options_.paths.socket().c_str());
    for (const auto& address : options_.listen) ::unlink(address.substr(std::string_view("unix://").size()).c_str());
    settle_timer_.cancel();
    idle_timer_.cancel();
    engine_->context().events.close_all();
    co_await listener_->stop(stop_patience);
    co_await engine_->farewell();
    log::info("engine of {} has ended", options_.paths.data_root);
    engine_->remove_run_root();
  }

  void finished(const std::exception_ptr& failure) {
    status_ = 0;
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      const std::string text = with_disk_shortage(error.what(), options_.paths.data_root);
      log::error("{}", text);
      report_.failed(text);
      status_ = 1;
    }
    loop_.stop();
  }

  const ServeOptions& options_;
  StartUpReport& report_;
  asio::io_context loop_{1};
  asio::signal_set signals_;
  asio::steady_timer settle_timer_;
  asio::steady_timer idle_timer_;
  std::optional<Engine> engine_;
  http::Router router_;
  std::optional<http::Listener> listener_;
  int status_ = 1;
};

}  // namespace

int serve(const ServeOptions& given) {
  StartUpReport report(given.on_demand);
  try {
    const ServeOptions options = checked(given);
    require_root(options.paths);
    start_clean();
    if (options.on_demand) make_roots(options.paths);
    const UniqueFd lock = take_lock(options);
    open_log(options);
    if (options.on_demand) leave_session_group();
    auto server = std::make_unique<Server>(options, report);
    const int status = server->run();
    // Coroutines may still be suspended in the managers; the process ends with them instead of taking them apart.
    ::_exit(status);
  } catch (const std::exception& error) {
    const std::string text = with_disk_shortage(error.what(), given.paths.data_root);
    log::error("{}", text);
    report.failed(text);
    return 1;
  }
}

}  // namespace stack::engine
