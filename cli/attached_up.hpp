#pragma once
// `up` in the foreground: brings the project up, shows what its containers write, and stops them at the end.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <string>

#include "cli/commands/up_options.hpp"
#include "cli/log_follower.hpp"
#include "cli/shown_progress.hpp"
#include "cli/task_group.hpp"

namespace stack::cli {

class AttachedUp {
public:
  AttachedUp(engine::api::Client& client, const GlobalOptions& global, const compose::Project& project,
             const UpOptions& options, ShownProgress& progress);

  /// Returns the exit status: 130 after Ctrl-C, with --exit-code-from that service's, with --abort-on-container-exit that of
  /// the container that ended first. `converged` is called when everything is up (or bringing it up was broken off).
  boost::asio::awaitable<int> run(std::function<void()> converged);

private:
  boost::asio::awaitable<int> run_until_end(std::function<void()> converged);
  boost::asio::awaitable<void> converge();
  boost::asio::awaitable<void> watch_signals();
  boost::asio::awaitable<void> watch_end();
  boost::asio::awaitable<void> stop_all();
  boost::asio::awaitable<void> stop_gracefully();
  boost::asio::awaitable<void> kill_all();
  boost::asio::awaitable<void> wait_until(std::function<bool()> condition);
  LogFollower::Options following();
  void on_exit(const std::string& service, int exit_code);
  void announce();
  bool must_abort() const { return aborted_.has_value(); }
  void wake();

  engine::api::Client& client_;
  const compose::Project& project_;
  const UpOptions& options_;
  ShownProgress& progress_;
  render::LogPrinter printer_;
  LogFollower follower_;
  TaskGroup tasks_, converging_, stopping_;
  boost::asio::steady_timer changed_;
  int interrupts_ = 0;
  int starts_ = 0;  ///< containers seen to start
  bool is_up_ = false, stopped_ = false, nothing_runs_ = false, announced_ = false;
  std::optional<int> aborted_;      ///< exit code of the container that made us stop
  std::optional<int> chosen_code_;  ///< exit code of --exit-code-from
};

}  // namespace stack::cli
