#include "scheduler/wait.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "engine/api/stdcopy.hpp"
#include "scheduler/labels.hpp"

namespace stack::scheduler {

namespace {

constexpr int max_silent_ends = 5;
constexpr int shown_log_lines = 10;

Verdict failed(std::string why) { return {.kind = Verdict::Kind::failed, .why = std::move(why)}; }

Verdict judge_running(const api::ContainerInspect& container, const std::string& name, WaitFor condition) {
  const auto& health = container.state.health;
  if (!health || health->status == "none") {
    if (condition == WaitFor::healthy) return failed("container " + name + " has no healthcheck configured");
    return {.kind = Verdict::Kind::done};
  }
  if (health->status == "healthy") return {.kind = Verdict::Kind::done};
  if (health->status != "unhealthy") return {};
  std::string why = "container " + name + " is unhealthy";
  if (!health->log.empty() && !health->log.back().output.empty()) why += ": " + health->log.back().output;
  return failed(std::move(why));
}

bool may_change_a_verdict(const std::string& action) {
  for (const char* prefix : {"die", "start", "health_status", "destroy", "rename", "unpause"})
    if (action.starts_with(prefix)) return true;
  return false;
}

}  // namespace

Verdict judge(const api::ContainerInspect& container, WaitFor condition) {
  const std::string name = container.name.substr(container.name.starts_with('/') ? 1 : 0);
  const std::string& status = container.state.status;
  if (status == "running" && condition != WaitFor::completed) return judge_running(container, name, condition);
  if (status == "exited" || status == "dead") {
    const auto code = container.state.exit_code;
    if (condition == WaitFor::completed && status == "exited" && code == 0) return {.kind = Verdict::Kind::done};
    return failed("container " + name + " exited (" + std::to_string(code) + ")");
  }
  return {};
}

EventHub::Watch::Watch(EventHub& hub, std::string container)
    : hub_(hub), container_(std::move(container)), timer_(hub.client_.executor(), asio::steady_timer::time_point::max()) {
  hub_.watches_.push_back(this);
}

EventHub::Watch::~Watch() { hub_.watches_.remove(this); }

void EventHub::Watch::wake() {
  changed_ = true;
  timer_.cancel();
}

asio::awaitable<void> EventHub::Watch::changed() {
  while (!changed_) {
    boost::system::error_code woken;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  changed_ = false;
  if (hub_.lost_) throw *hub_.lost_;
}

asio::awaitable<void> EventHub::subscribe() {
  api::EventsOptions options;
  options.filters["type"] = {"container"};
  options.filters["label"] = {std::string(label::project) + "=" + project_};
  stream_.emplace(co_await client_.events(std::move(options)));
}

asio::awaitable<void> EventHub::open() {
  co_await subscribe();
  stop_ = std::make_shared<asio::cancellation_signal>();
  asio::co_spawn(client_.executor(), read(shared_from_this()), asio::bind_cancellation_slot(stop_->slot(), asio::detached));
}

void EventHub::close() {
  closed_ = true;
  if (stop_) stop_->emit(asio::cancellation_type::terminal);
}

void EventHub::dispatch(const api::Event& event) {
  silent_ends_ = 0;
  if (!may_change_a_verdict(event.action)) return;
  const auto name = event.attributes.find("name");
  for (Watch* watch : watches_)
    if (watch->container_ == event.actor_id || (name != event.attributes.end() && watch->container_ == name->second))
      watch->wake();
}

void EventHub::wake_all() {
  for (Watch* watch : watches_) watch->wake();
}

/// Reads until closed. When the engine ends the stream (it was restarted, say), subscribes again and has everybody look anew,
/// because events may have been missed.
asio::awaitable<void> EventHub::read(std::shared_ptr<EventHub> hub) {
  for (;;) {
    std::string why = "the engine keeps ending its event stream";
    try {
      if (!hub->stream_) co_await hub->subscribe();
      hub->wake_all();
      while (auto event = co_await hub->stream_->next()) hub->dispatch(*event);
    } catch (const std::exception& error) {
      why = error.what();
    }
    if (hub->closed_) co_return;
    hub->stream_.reset();
    if (++hub->silent_ends_ < max_silent_ends) continue;
    hub->lost_ = Error(ErrorCode::unavailable, "cannot follow the engine's events: " + why);
    hub->wake_all();
    co_return;
  }
}

asio::awaitable<void> wait_for_container(api::Client& client, EventHub& hub, std::string container, WaitFor condition) {
  EventHub::Watch watch(hub, container);
  for (;;) {
    const api::ContainerInspect state = co_await client.inspect_container(container);
    const Verdict verdict = judge(state, condition);
    if (verdict.kind == Verdict::Kind::done) co_return;
    if (verdict.kind == Verdict::Kind::failed) {
      std::string why = verdict.why;
      const std::string lines = co_await last_log_lines(client, container, shown_log_lines);
      if (!lines.empty()) why += "\nlast lines of its log:\n" + lines;
      throw Error(ErrorCode::conflict, why);
    }
    co_await watch.changed();
  }
}

namespace {

std::string indented(const std::string& text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    result += (result.empty() ? "  " : "\n  ") + text.substr(at, end - at);
    at = end + 1;
  }
  return result;
}

asio::awaitable<std::string> read_log(api::Client& client, std::string container, int lines) {
  api::LogsOptions options;
  options.tail = std::to_string(lines);
  api::ResponseStream stream = co_await client.container_logs(std::move(container), std::move(options));
  std::string text;
  api::StdCopyDecoder decoder;
  std::vector<char> space(16 * 1024);
  while (const std::size_t size = co_await stream.read_some(space)) {
    const std::string_view bytes(space.data(), size);
    if (stream.multiplexed())
      decoder.feed(bytes, [&](api::StdStream, std::string_view piece) { text += piece; });
    else
      text += bytes;
  }
  co_return text;
}

}  // namespace

asio::awaitable<std::string> last_log_lines(api::Client& client, std::string container, int lines) {
  try {
    const std::string text = co_await read_log(client, std::move(container), lines);
    co_return indented(text);
  } catch (const Error&) {
    // the log is an addition to a message that must not be lost because of it
  }
  co_return std::string();
}

}  // namespace stack::scheduler
