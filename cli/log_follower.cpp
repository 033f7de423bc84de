#include "cli/log_follower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <chrono>

#include "cli/log_reader.hpp"
#include "scheduler/labels.hpp"

namespace stack::cli {

namespace asio = boost::asio;
namespace api = engine::api;

namespace {

std::string unix_text(api::Timestamp time) {
  const std::int64_t nanoseconds = time.time_since_epoch().count();
  return fmt::format("{}.{:09}", nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000);
}

std::string attribute(const api::Event& event, const std::string& name) {
  const auto found = event.attributes.find(name);
  return found == event.attributes.end() ? std::string() : found->second;
}

/// As the list would show it: what an event says about its container.
api::ContainerSummary summary_of(const api::Event& event) {
  api::ContainerSummary container;
  container.id = event.actor_id;
  container.names = {"/" + attribute(event, "name")};
  container.labels = event.attributes;
  return container;
}

}  // namespace

LogFollower::LogFollower(api::Client& client, render::LogPrinter& printer, Options options)
    : client_(client),
      printer_(printer),
      options_(std::move(options)),
      tasks_(client.executor(), [this] { notify(); }),
      changed_(client.executor(), asio::steady_timer::time_point::max()) {}

void LogFollower::notify() {
  ++changes_;
  changed_.cancel();
}

LogFollower::FollowedPtr LogFollower::add(const api::ContainerSummary& container) {
  FollowedPtr& entry = followed_[container.id];
  if (!entry) {
    entry = std::make_shared<Followed>();
    entry->id = container.id;
    entry->service = service_of(container);
    entry->source = printer_.add(short_name_of(container));
  }
  return entry;
}

asio::awaitable<void> LogFollower::begin(std::vector<api::ContainerSummary> containers) {
  for (const api::ContainerSummary& container : containers) add(container);
  co_await subscribe();
  for (const api::ContainerSummary& container : containers) stream_from(followed_[container.id], options_.logs);
}

asio::awaitable<void> LogFollower::begin_with_what_starts(std::vector<api::ContainerSummary> existing) {
  const std::string now =
      api::format_timestamp(std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now()));
  for (const api::ContainerSummary& container : existing) add(container)->last_timestamp = now;
  co_await subscribe();
  for (const api::ContainerSummary& container : existing)
    if (container.state == "running") {
      followed_[container.id]->running = true;
      stream_from(followed_[container.id], options_.logs);
    }
}

asio::awaitable<void> LogFollower::subscribe() {
  api::EventsOptions options;
  options.filters = {{"type", {"container"}}, {"label", {"com.docker.compose.project=" + options_.project}}};
  options.since = last_event_;
  api::EventStream events = co_await client_.events(std::move(options));
  tasks_.spawn(watch_events(std::move(events)));
}

asio::awaitable<void> LogFollower::watch_events(api::EventStream events) {
  bool open = true;
  while (open) open = co_await read_events(events);
  co_await subscribe();  // the engine went away and another took its place
}

/// False: the stream has ended.
asio::awaitable<bool> LogFollower::read_events(api::EventStream& events) {
  try {
    const std::optional<api::Event> event = co_await events.next();
    if (!event) co_return false;
    on_event(*event);
    co_return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unavailable) throw;
    co_return false;
  }
}

void LogFollower::on_event(const api::Event& event) {
  last_event_ = unix_text(event.time + std::chrono::nanoseconds(1));
  if (attribute(event, "com.docker.compose.oneoff") == "True") return;
  const std::string service = attribute(event, "com.docker.compose.service");
  if (!options_.services.empty() && !options_.services.contains(service)) return;
  if (event.action == "start") {
    const FollowedPtr container = add(summary_of(event));
    container->running = true;
    stream_from(container, {});
    if (options_.on_start) options_.on_start();
  } else if (event.action == "die" && followed_.contains(event.actor_id)) {
    const FollowedPtr container = followed_[event.actor_id];
    container->running = false;
    const std::string code = attribute(event, "exitCode");
    int number = 0;
    std::from_chars(code.data(), code.data() + code.size(), number);
    container->exit_code = number;
    if (!container->streaming) tasks_.spawn(announce_exit(container));  // else after its last line
  }
}

/// By its restart policy, or because somebody restarts it. The event does not say so.
asio::awaitable<bool> LogFollower::is_restarting(std::string id) {
  try {
    const api::ContainerInspect found = co_await client_.inspect_container(std::move(id));
    co_return found.state.restarting || found.state.running;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::unavailable) throw;
    co_return false;
  }
}

asio::awaitable<void> LogFollower::announce_exit(FollowedPtr container) {
  if (!container->exit_code || container->announcing) co_return;
  container->announcing = true;
  std::string id = container->id;
  const bool restarting = co_await is_restarting(std::move(id));
  container->announcing = false;
  const int code = *std::exchange(container->exit_code, std::nullopt);
  if (options_.announce_exits) {
    printer_.note(container->source, fmt::format("{} exited with code {}{}", printer_.name(container->source), code,
                                                 restarting ? " (restarting)" : ""));
    reader_gone_ = !printer_.flush();
  }
  if (options_.on_exit && !restarting) options_.on_exit(container->service, code);
  notify();
}

void LogFollower::stream_from(const FollowedPtr& container, api::LogsOptions logs) {
  container->started_meanwhile = container->streaming;
  if (container->streaming) return;
  container->streaming = true;
  tasks_.spawn(print(container, std::move(logs)));
}

asio::awaitable<void> LogFollower::print(FollowedPtr container, api::LogsOptions logs) {
  bool ended = false;
  while (!ended) ended = co_await print_stream(*container, logs);
  printer_.finish(container->source);
  co_await announce_exit(container);  // before it counts as not streaming: a start meanwhile is shown after it
  container->streaming = false;
  if (container->exit_code) tasks_.spawn(announce_exit(container));  // it was told between the two
  if (std::exchange(container->started_meanwhile, false)) stream_from(container, {});
  notify();
}

/// Empty: the container has been removed, or keeps no log.
asio::awaitable<std::optional<api::ResponseStream>> LogFollower::open_stream(Followed& container, api::LogsOptions logs) {
  logs.follow = true;
  logs.timestamps = true;
  if (!container.last_timestamp.empty()) {
    logs.tail.clear();
    logs.since = unix_text(*api::parse_timestamp(container.last_timestamp));
    container.lines_to_skip = container.lines_at_last;
  }
  try {
    co_return co_await client_.container_logs(container.id, std::move(logs));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_implemented)
      warn_of_no_logs(printer_.name(container.source), error);
    else if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::conflict)
      throw;
    co_return std::nullopt;
  }
}

/// False: the engine went away in the middle.
asio::awaitable<bool> LogFollower::print_stream(Followed& container, api::LogsOptions logs) {
  try {
    std::optional<api::ResponseStream> stream = co_await open_stream(container, std::move(logs));
    if (!stream) co_return true;
    LogReader reader(container.source, std::move(*stream));
    while (!reader_gone_) {
      const bool more = co_await reader.fill();
      if (!more) break;
      print_lines(container, reader.lines());
      failures_ = 0;
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unavailable || ++failures_ > max_failures) throw;
    co_return false;
  }
  co_return true;
}

void LogFollower::print_lines(Followed& container, TimestampedLines& lines) {
  while (!lines.empty()) {
    const TimestampedLines::Line line = lines.take();
    if (line.timestamp() < container.last_timestamp) continue;  // seen before the stream was begun again
    if (line.timestamp() > container.last_timestamp) {
      container.last_timestamp = line.timestamp();
      container.lines_at_last = container.lines_to_skip = 0;
    }
    if (container.lines_to_skip > 0) {
      --container.lines_to_skip;
      continue;
    }
    ++container.lines_at_last;
    if (!std::exchange(any_output_, true) && options_.on_first_output) options_.on_first_output();
    printer_.write(container.source, line.stream, options_.timestamps ? std::string_view(line.text) : line.message());
  }
  if (!printer_.flush()) {
    reader_gone_ = true;
    notify();
  }
}

/// Another command recreates a container that we showed: this one is about to start in its place.
bool LogFollower::is_replacement(const api::ContainerSummary& container) const {
  return options_.announce_exits && !followed_.contains(container.id) && container.labels.contains(scheduler::label::replace);
}

asio::awaitable<bool> LogFollower::anything_runs() {
  for (const auto& [_, container] : followed_)
    if (container->streaming || container->exit_code || (options_.announce_exits && container->running)) co_return true;
  ContainerQuery query;
  query.project = options_.project;
  query.services.assign(options_.services.begin(), options_.services.end());
  query.stopped = true;
  const std::vector<api::ContainerSummary> containers = co_await list_project(client_, std::move(query));
  co_return std::any_of(containers.begin(), containers.end(), [this](const api::ContainerSummary& container) {
    if (container.state == "created") return is_replacement(container);
    return container.state == "running" || container.state == "restarting" || container.state == "paused";
  });
}

asio::awaitable<void> LogFollower::wait_until_nothing_runs() {
  while (!reader_gone_ && !tasks_.failure()) {
    const std::uint64_t seen = changes_;
    const bool running = co_await anything_runs();
    if (!running) break;
    if (seen != changes_) continue;
    boost::system::error_code woken;
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) throw boost::system::system_error(asio::error::operation_aborted);
  }
  if (tasks_.failure()) std::rethrow_exception(tasks_.failure());
}

asio::awaitable<void> LogFollower::end() {
  tasks_.cancel();
  co_await tasks_.join();
  printer_.flush();
}

}  // namespace stack::cli
