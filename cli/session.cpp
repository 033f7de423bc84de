#include "cli/session.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>

#include "base/lock_file.hpp"
#include "cli/dispatch.hpp"
#include "cli/docker_config.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"

namespace stack::cli {
namespace {

/// Empty: our own engine, at the paths the user's flags and environment lead to.
std::optional<std::string> foreign_engine(const GlobalOptions& global) {
  const char* docker_host = std::getenv("DOCKER_HOST");
  if (global.root || !docker_host || *docker_host == '\0') return std::nullopt;
  return docker_host;
}

std::optional<engine::Paths> own_paths(const GlobalOptions& global) {
  if (foreign_engine(global)) return std::nullopt;
  return engine::resolve_paths(global.root);
}

engine::LauncherOptions launcher_options(const engine::Paths& paths) {
  engine::LauncherOptions options;
  options.paths = paths;
  return options;
}

api::Endpoint endpoint(const GlobalOptions& global, const std::optional<engine::Paths>& paths) {
  if (!paths) return api::parse_endpoint(*foreign_engine(global));
  return {.socket_path = paths->socket(), .host = {}, .port = 0};
}

/// --parallel, else COMPOSE_PARALLEL_LIMIT; 0: neither limits anything.
std::size_t wanted_parallel(const GlobalOptions& global) {
  int limit = global.parallel.value_or(0);
  const char* variable = std::getenv("COMPOSE_PARALLEL_LIMIT");
  if (!global.parallel && variable && *variable != '\0') {
    const std::string_view text = variable;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), limit);
    if (error != std::errc{} || end != text.end())
      throw UsageError(fmt::format("COMPOSE_PARALLEL_LIMIT must be an integer (found: \"{}\")", text));
  }
  return limit > 0 ? static_cast<std::size_t>(limit) : 0;
}

api::ClientOptions client_options(const GlobalOptions& global, const std::optional<engine::Paths>& paths) {
  api::ClientOptions options;
  if (const std::size_t limit = wanted_parallel(global)) options.parallel = limit;
  if (paths) options.start_engine = [paths] { engine::connect_or_start(launcher_options(*paths)); };
  const auto logins = std::make_shared<RegistryLogins>();
  options.registry_auth = [logins](const std::string& image) { return logins->header_for_image(image); };
  options.registry_config = [logins] { return logins->header_for_builds(); };
  return options;
}

/// The file the lock is on: beside the engine's socket, or, for a user who may use the socket but not write there and for
/// engines of others, in the user's own run directory. Empty when there is no such place: then there is no lock.
UniqueFd open_lock_file(const Session& session, const std::string& project, std::string& path) {
  std::vector<std::string> directories;
  if (session.own_engine()) {
    ::mkdir(session.own_engine()->run_root.c_str(), 0755);  // an engine that has just ended took it along
    directories.push_back(session.own_engine()->run_root + "/projects");
  }
  if (const char* user = std::getenv("XDG_RUNTIME_DIR"); user && *user)
    directories.push_back(std::string(user) + "/stack-projects");
  if (::geteuid() == 0) directories.emplace_back("/run/stack-projects");
  for (const std::string& directory : directories) {
    ::mkdir(directory.c_str(), 0700);
    path = fmt::format("{}/{}.lock", directory, project);
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (file) return file;
  }
  return {};
}

std::string read_owner(int fd) {
  std::array<char, 32> text{};
  const ssize_t length = ::pread(fd, text.data(), text.size(), 0);
  return length > 0 ? std::string(text.data(), static_cast<std::size_t>(length)) : "?";
}

}  // namespace

Session::Session(const GlobalOptions& global)
    : paths_(own_paths(global)), client_(loop_.get_executor(), endpoint(global, paths_), client_options(global, paths_)) {
  // Here rather than at the first request: the launcher's errors say what a user can do, and the run root exists afterwards.
  if (paths_) engine::connect_or_start(launcher_options(*paths_));
}

void Session::run_until_done(asio::awaitable<void> work) {
  asio::cancellation_signal cancel;
  asio::signal_set signals(loop_, SIGINT, SIGTERM);
  bool interrupted = false;
  std::function<void()> watch = [&] {
    signals.async_wait([&](const boost::system::error_code& error, int) {
      if (error) return;
      if (interrupted) ::_exit(exit_interrupted);
      interrupted = true;
      cancel.emit(asio::cancellation_type::terminal);
      watch();
    });
  };
  watch();
  std::exception_ptr failure;
  const auto done = [&](const std::exception_ptr& error) {
    failure = error;
    loop_.stop();  // idle connections do not keep us
  };
  asio::co_spawn(loop_, std::move(work), asio::bind_cancellation_slot(cancel.slot(), done));
  run_loop();
  if (interrupted) throw Interrupted();
  if (failure) std::rethrow_exception(failure);
}

int Session::run_without_signals(asio::awaitable<int> work) {
  std::exception_ptr failure;
  int result = 0;
  asio::co_spawn(loop_, std::move(work), [&](const std::exception_ptr& error, int value) {
    failure = error;
    result = value;
    loop_.stop();
  });
  run_loop();
  if (failure) std::rethrow_exception(failure);
  return result;
}

void Session::run_loop() {
  asio::steady_timer timer(loop_);
  if (progress_) tick(timer);
  loop_.restart();
  loop_.run();
  if (progress_) progress_->finish(render::Progress::Clock::now());
}

void Session::tick(asio::steady_timer& timer) {
  constexpr std::chrono::milliseconds frame(100);
  timer.expires_after(frame);
  timer.async_wait([this, &timer](const boost::system::error_code& error) {
    if (error) return;
    progress_->tick(render::Progress::Clock::now());
    tick(timer);
  });
}

ProjectLock::ProjectLock(const Session& session, const std::string& project) {
  std::string path;
  do {  // again when an engine that ended removed the file meanwhile
    file_ = open_lock_file(session, project, path);
    if (!file_) return;
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) == 0) continue;
    if (errno != EWOULDBLOCK) throw errno_error("lock project " + project);
    write_all(STDERR_FILENO, fmt::format("Waiting for another stack command that works on project {} (process {})\n", project,
                                         read_owner(file_.get())));
    while (::flock(file_.get(), LOCK_EX) != 0)
      if (errno != EINTR) throw errno_error("lock project " + project);
  } while (!is_file_at(file_.get(), path));
  const std::string owner = std::to_string(::getpid());
  if (::ftruncate(file_.get(), 0) == 0 && ::pwrite(file_.get(), owner.data(), owner.size(), 0) < 0)
    throw errno_error("write the lock of project " + project);
}

}  // namespace stack::cli
