#pragma once
// What a command that talks to an engine works with: the event loop, the client, Ctrl-C.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include "cli/global_options.hpp"
#include "cli/interrupted.hpp"
#include "engine/api/client.hpp"
#include "engine/launcher.hpp"

namespace stack::cli {

namespace asio = boost::asio;
namespace api = engine::api;

class Session {
public:
  /// Connects to the engine of DOCKER_HOST, else to ours, which is started when it does not run. `--root` means ours.
  /// Throws forbidden with advice when this user may not use it.
  explicit Session(const GlobalOptions& global);

  api::Client& client() { return client_; }
  asio::io_context& loop() { return loop_; }
  /// Paths of our engine; empty when DOCKER_HOST names another.
  const std::optional<engine::Paths>& own_engine() const { return paths_; }

  /// Runs the loop until `work` has ended and returns its result. The first Ctrl-C cancels it and throws Interrupted, the
  /// second ends the process.
  template <class T>
  T run(asio::awaitable<T> work) {
    std::optional<T> result;
    run_until_done(keep(std::move(work), result));
    return std::move(*result);
  }
  void run(asio::awaitable<void> work) { run_until_done(std::move(work)); }

  /// As run(), but signals are left to `work`.
  int run_without_signals(asio::awaitable<int> work);

  /// Redraws this about ten times a second while run() works, and finishes it afterwards. It must outlive the session's last
  /// run.
  void show(render::Progress& progress) { progress_ = &progress; }

private:
  template <class T>
  static asio::awaitable<void> keep(asio::awaitable<T> work, std::optional<T>& result) {
    result = co_await std::move(work);
  }
  void run_until_done(asio::awaitable<void> work);
  void run_loop();
  void tick(asio::steady_timer& timer);

  asio::io_context loop_{1};
  std::optional<engine::Paths> paths_;
  api::Client client_;
  render::Progress* progress_ = nullptr;
};

/// Exclusive right to change a project, while it lives: a second `up` waits, and says for whom.
/// Advisory (flock); commands that only look do not take it.
class ProjectLock {
public:
  ProjectLock(const Session& session, const std::string& project);

private:
  UniqueFd file_;
};

}  // namespace stack::cli
