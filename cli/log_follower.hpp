#pragma once
// Prints what the containers of a project write, as they write it: `logs -f` and the foreground `up`.
//
// Containers end, come back, and join. Each is followed by the engine's log stream, begun by the list of containers at the
// start and by `start` events afterwards. The time of the last line seen tells where a new stream has to go on, so neither a
// restart of the container nor one of the engine loses or repeats a line.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "cli/containers.hpp"
#include "cli/render/logs.hpp"
#include "cli/task_group.hpp"
#include "engine/api/client.hpp"

namespace stack::cli {

class LogFollower {
public:
  struct Options {
    std::string project;
    std::set<std::string> services;  ///< empty: all
    engine::api::LogsOptions logs;   ///< what to show of the containers that are there at the start
    bool timestamps = false;
    bool announce_exits = false;  ///< "web-1 exited with code 0"
    /// Called after the last line of a container that ended and will not be restarted.
    std::function<void(const std::string& service, int exit_code)> on_exit;
    std::function<void()> on_start;  ///< called when a container starts
    /// Called before the first line is printed.
    std::function<void()> on_first_output;
  };
  LogFollower(engine::api::Client& client, render::LogPrinter& printer, Options options);

  /// Subscribes to events, then follows `containers` (those running, and the recorded lines of the others).
  boost::asio::awaitable<void> begin(std::vector<engine::api::ContainerSummary> containers);
  /// Subscribes to events and forgets what was written before `since`: what is started from now on is shown from its first
  /// line.
  boost::asio::awaitable<void> begin_with_what_starts(std::vector<engine::api::ContainerSummary> existing);

  /// Waits until no container runs or is about to be restarted, and all was printed; or until nobody reads the output.
  boost::asio::awaitable<void> wait_until_nothing_runs();
  /// Ends following; whatever the reason, await it before the follower is destroyed.
  boost::asio::awaitable<void> end();

private:
  struct Followed {
    std::string id, service;
    std::size_t source = 0;         ///< in the printer
    std::string last_timestamp;     ///< of the last line printed
    std::size_t lines_at_last = 0;  ///< printed with that timestamp: lines of one read(2) share it
    std::size_t lines_to_skip = 0;  ///< of those, what a stream that was begun again repeats
    bool streaming = false;
    bool started_meanwhile = false;  ///< while a stream, perhaps of the life before, was still being read
    bool running = false;            ///< it started and its end was not told yet
    std::optional<int> exit_code;    ///< ended, not yet announced
    bool announcing = false;
  };
  using FollowedPtr = std::shared_ptr<Followed>;

  boost::asio::awaitable<void> subscribe();
  boost::asio::awaitable<void> watch_events(engine::api::EventStream events);
  boost::asio::awaitable<bool> read_events(engine::api::EventStream& events);
  boost::asio::awaitable<void> print(FollowedPtr container, engine::api::LogsOptions logs);
  boost::asio::awaitable<std::optional<engine::api::ResponseStream>> open_stream(Followed& container,
                                                                                 engine::api::LogsOptions logs);
  boost::asio::awaitable<bool> print_stream(Followed& container, engine::api::LogsOptions logs);
  void print_lines(Followed& container, class TimestampedLines& lines);
  bool is_replacement(const engine::api::ContainerSummary& container) const;
  boost::asio::awaitable<bool> anything_runs();
  void on_event(const engine::api::Event& event);
  void stream_from(const FollowedPtr& container, engine::api::LogsOptions logs);
  boost::asio::awaitable<void> announce_exit(FollowedPtr container);
  boost::asio::awaitable<bool> is_restarting(std::string id);
  void notify();
  FollowedPtr add(const engine::api::ContainerSummary& container);

  engine::api::Client& client_;
  render::LogPrinter& printer_;
  Options options_;
  std::map<std::string, FollowedPtr> followed_;  ///< by container id
  TaskGroup tasks_;
  boost::asio::steady_timer changed_;  ///< cancelled whenever a container or a stream ended
  std::uint64_t changes_ = 0;          ///< how often that happened
  std::string last_event_;             ///< Unix seconds with decimals
  bool any_output_ = false;
  static constexpr int max_failures = 8;  ///< in a row, of streams that break before they bring a line
  int failures_ = 0;
  bool reader_gone_ = false;
};

}  // namespace stack::cli
