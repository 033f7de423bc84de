#include "engine/http/routes_container_streams.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/container/detach_keys.hpp"
#include "engine/container/log_config.hpp"
#include "engine/container/logs.hpp"
#include "engine/container/manager.hpp"
#include "engine/http/hijack.hpp"
#include "engine/http/websocket.hpp"

namespace stack::engine::http {

namespace {

container::LogOptions log_options(const Request& request, bool terminal) {
  container::LogOptions options;
  options.out = request.query.flag("stdout");
  options.err = request.query.flag("stderr");
  if (!options.out && !options.err)
    throw Error(ErrorCode::invalid_argument, "Bad parameters: you must choose at least one stream");
  options.timestamps = request.query.flag("timestamps");
  options.follow = request.query.flag("follow");
  options.raw = terminal;
  options.since = container::parse_log_time(request.query.get("since"));
  options.until = container::parse_log_time(request.query.get("until"));
  const std::string tail = request.query.get("tail", "all");
  std::uint64_t lines = 0;
  const auto [end, error] = std::from_chars(tail.data(), tail.data() + tail.size(), lines);
  if (error == std::errc{} && end == tail.data() + tail.size()) options.tail = lines;  // anything else means all, as for Docker
  return options;
}

asio::awaitable<void> end_follow_with(EngineContext& engine, container::ContainerPtr container,
                                      std::shared_ptr<container::LogReader> reader) {
  co_await engine.containers.wait(container, container::WaitCondition::not_running);
  reader->end_follow();
}

/// Ends the follow when the container's process does, for as long as this object lives. A restart does not keep it open:
/// clients ask again when they hear of the next start, and would get every line twice.
class FollowEnd {
public:
  FollowEnd(EngineContext& engine, container::ContainerPtr container, std::shared_ptr<container::LogReader> reader)
      : cancel_(std::make_shared<asio::cancellation_signal>()) {
    asio::co_spawn(engine.loop, end_follow_with(engine, std::move(container), std::move(reader)),
                   asio::bind_cancellation_slot(cancel_->slot(), [cancel = cancel_](std::exception_ptr) {}));
  }
  ~FollowEnd() { cancel_->emit(asio::cancellation_type::terminal); }
  FollowEnd(const FollowEnd&) = delete;
  FollowEnd& operator=(const FollowEnd&) = delete;

private:
  std::shared_ptr<asio::cancellation_signal> cancel_;
};

}  // namespace

asio::awaitable<void> container_logs(EngineContext& engine, Request& request, ResponseWriter& response) {
  const container::ContainerPtr container = engine.containers.get(request.parameter("id"));
  const container::Record& record = engine.containers.record(container);
  if (!container::can_read_log(record))
    throw Error(ErrorCode::not_implemented, "configured logging driver does not support reading");
  container::LogOptions options = log_options(request, record.config.tty);
  options.follow = options.follow && record.state != container::State::restarting;  // nobody writes now
  const bool follow = options.follow;
  auto reader = std::make_shared<container::LogReader>(engine.loop.get_executor(),
                                                       container::log_source(record, engine.paths.container_dir(record.id)),
                                                       std::move(options), &engine.pool);
  std::optional<FollowEnd> follow_end;
  if (follow) follow_end.emplace(engine, container, reader);
  co_await response.begin_stream(stream_type(request, record.config.tty));
  for (;;) {
    const std::string_view chunk = co_await reader->next();
    if (chunk.empty()) break;
    co_await response.write(chunk);
  }
}

asio::awaitable<void> wait_for_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  const container::WaitCondition condition = container::parse_wait_condition(request.query.get("condition"));
  const container::ContainerPtr container = engine.containers.get(request.parameter("id"));
  // The client starts the container once it has these headers: the waiting must have begun before they are sent.
  auto waiting = engine.containers.begin_wait(container, condition);
  co_await response.begin_stream("application/json");
  const api::WaitResponse result = co_await waiting.result();
  const std::string body = nlohmann::json(result).dump() + "\n";
  co_await response.write(body);
}

namespace {

container::AttachOptions attach_options(const Request& request) {
  container::AttachOptions options;
  options.in = request.query.flag("stdin");
  options.out = request.query.flag("stdout");
  options.err = request.query.flag("stderr");
  options.logs = request.query.flag("logs");
  options.stream = request.query.flag("stream");
  options.detach_keys = container::parse_detach_keys(request.query.get("detachKeys"));
  return options;
}

/// A failure is a result too: `||` would go on waiting for the other side.
asio::awaitable<std::exception_ptr> outcome(asio::awaitable<void> work) {
  try {
    co_await std::move(work);
  } catch (...) {
    co_return std::current_exception();
  }
  co_return nullptr;
}

}  // namespace

asio::awaitable<void> attach_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  const container::ContainerPtr container = engine.containers.get(request.parameter("id"));
  const container::AttachOptions options = attach_options(request);
  const bool terminal = engine.containers.record(container).config.tty;
  auto client = std::make_shared<HijackedClient>(response, hijack_type(request, terminal));
  co_await engine.containers.attach(container, options, client);
}

asio::awaitable<void> attach_by_websocket(EngineContext& engine, Request& request, ResponseWriter& response) {
  using asio::experimental::awaitable_operators::operator||;
  const container::ContainerPtr container = engine.containers.get(request.parameter("id"));
  const container::AttachOptions options = attach_options(request);
  const api::ContainerConfig& config = engine.containers.record(container).config;
  const bool takes_input = options.stream && options.in && config.open_stdin;
  auto client = std::make_shared<WebSocketClient>(engine.loop.get_executor(), request, response, config.tty);
  const auto ended =
      co_await (outcome(engine.containers.attach(container, options, client)) || client->until_goodbye(takes_input));
  if (const auto* failure = std::get_if<std::exception_ptr>(&ended); failure != nullptr && *failure)
    std::rethrow_exception(*failure);
  co_await client->close();
}

}  // namespace stack::engine::http
