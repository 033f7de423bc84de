#include "engine/launcher.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include "base/error.hpp"
#include "base/lock_file.hpp"
#include "base/process.hpp"
#include "engine/run_root_watch.hpp"

extern char** environ;

namespace stack::engine {

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void refuse(const Paths& paths) {
  throw Error(ErrorCode::forbidden, "you may not use the engine at " + paths.socket() +
                                        ": run the command with sudo, or join the group that owns the socket (see `ls -l " +
                                        paths.socket() + "`)");
}

bool nobody_listens(int error) { return error == ENOENT || error == ECONNREFUSED || error == ENOTDIR; }

/// Empty when no engine listens; throws for everything that starting one would not cure.
std::optional<UniqueFd> try_connect(const Paths& paths) {
  UniqueFd socket = connect_unix(paths.socket());
  if (socket) return socket;
  const int error = errno;
  if (error == EACCES || error == EPERM) refuse(paths);
  if (nobody_listens(error)) return std::nullopt;
  throw errno_error("connect to " + paths.socket(), error);
}

void make_run_root(const Paths& paths) {
  require_root(paths);
  std::error_code error;
  std::filesystem::create_directories(paths.run_root, error);
  if (error) throw Error(ErrorCode::unavailable, "create " + paths.run_root + ": " + error.message());
}

std::string read_start_up_line(int pipe, Clock::time_point deadline) {
  std::string line;
  while (line.find('\n') == std::string::npos && line.size() < 64 * 1024) {
    pollfd waited{pipe, POLLIN, 0};
    const int ready = ::poll(&waited, 1, remaining_ms(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) throw errno_error("poll");
    if (ready == 0) throw Error(ErrorCode::unavailable, "the engine did not get ready in time");
    char buffer[4096];
    const ssize_t count = ::read(pipe, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw errno_error("read the engine's start-up pipe");
    if (count == 0) break;
    line.append(buffer, static_cast<std::size_t>(count));
  }
  return line.substr(0, line.find('\n'));
}

std::vector<std::string> clean_environment() {
  std::vector<std::string> kept;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text(*entry);
    // what the engine itself reads; the rest of a user's environment has no business in a long-lived process
    for (const std::string_view name :
         {"PATH=", "HOME=", "LANG=", "TZ=", "TMPDIR=", "XDG_RUNTIME_DIR=", "XDG_DATA_HOME=", "SSL_CERT_FILE=", "SSL_CERT_DIR="})
      if (text.substr(0, name.size()) == name) kept.emplace_back(text);
    if (text.substr(0, 6) == "STACK_" || text.substr(0, 5) == "ASAN_" || text.substr(0, 5) == "TSAN_" ||
        text.substr(0, 6) == "UBSAN_")
      kept.emplace_back(text);
    if (text.substr(0, 5) == "HTTP_" || text.substr(0, 6) == "HTTPS_" || text.substr(0, 9) == "NO_PROXY=")
      kept.emplace_back(text);
  }
  return kept;
}

void start(const LauncherOptions& options, const UniqueFd& lock, Clock::time_point deadline) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw errno_error("pipe");
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  SpawnOptions spawning;
  spawning.path = options.program;
  spawning.argv = {"stack", "engine", "--root", options.paths.data_root, "--run", options.paths.run_root, "--on-demand"};
  spawning.environment = clean_environment();
  spawning.descriptors = {{lock.get(), engine_lock_fd}, {write_end.get(), engine_ready_fd}};
  const Child engine = spawn(spawning);
  write_end.reset();
  const std::string line = read_start_up_line(read_end.get(), deadline);
  if (line == "ready") return;
  if (line.rfind("error ", 0) == 0) throw Error(ErrorCode::unavailable, "the engine cannot start: " + line.substr(6));
  throw Error(ErrorCode::unavailable, "the engine ended while starting; its log is " + options.paths.engine_log());
}

}  // namespace

void require_root(const Paths& paths) {
  if (::geteuid() == 0) return;
  throw Error(
      ErrorCode::forbidden,
      "only root can run the engine of " + paths.data_root +
          ": use sudo. To work without sudo, have root run `stack engine` (or the systemd unit) and join the group of its "
          "socket: \"stack\" or \"docker\", whichever exists when it starts");
}

UniqueFd connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  UniqueFd directory;
  std::string reachable = path;
  if (path.size() >= sizeof address.sun_path) {
    const auto slash = path.rfind('/');
    directory.reset(::open(path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return {};
    reachable = "/proc/self/fd/" + std::to_string(directory.get()) + path.substr(slash);
    if (reachable.size() >= sizeof address.sun_path) {
      errno = ENAMETOOLONG;
      return {};
    }
  }
  std::memcpy(address.sun_path, reachable.c_str(), reachable.size() + 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return {};
  while (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EINTR) continue;
    const int error = errno;
    socket.reset();
    errno = error;
    return {};
  }
  return socket;
}

UniqueFd connect_to_engine(const Paths& paths) {
  auto socket = try_connect(paths);
  if (!socket) throw Error(ErrorCode::unavailable, "no engine runs for " + paths.data_root);
  return std::move(*socket);
}

UniqueFd connect_or_start(const LauncherOptions& options) {
  if (auto socket = try_connect(options.paths)) return std::move(*socket);
  const auto deadline = Clock::now() + options.timeout;
  UniqueFd lock;
  std::optional<RunRootWatch> watch;
  for (;;) {
    make_run_root(options.paths);
    lock = try_lock_file(options.paths.lock());
    if (lock) break;
    if (errno == ENOENT) continue;  // an engine ended and took the directory along
    if (errno != EWOULDBLOCK) throw errno_error("lock " + options.paths.lock());
    // Watch first, then look again: whatever happens after the look wakes us.
    if (!watch)
      watch.emplace(options.paths.run_root);
    else if (!watch->wait(deadline))
      watch.reset();
    if (auto socket = try_connect(options.paths)) return std::move(*socket);
  }
  if (auto socket = try_connect(options.paths)) return std::move(*socket);
  start(options, lock, deadline);
  lock.reset();
  return connect_to_engine(options.paths);
}

}  // namespace stack::engine
