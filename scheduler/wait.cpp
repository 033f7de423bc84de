#include "scheduler/wait.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/api/stdcopy.hpp"

namespace stack::scheduler {

namespace {

using Clock = EventHub::Watch::Clock;

constexpr int shown_log_lines = 10;
/// So many restarts while somebody waits are a loop, not a slow start: with the engine's growing delays, about 25 seconds.
constexpr std::int64_t most_restarts = 8;

Verdict waiting(std::string why) { return {.kind = Verdict::Kind::wait, .why = std::move(why)}; }
Verdict done(bool settles = false) { return {.kind = Verdict::Kind::done, .why = {}, .settles = settles}; }
Verdict failed(std::string why) { return {.kind = Verdict::Kind::failed, .why = std::move(why)}; }

/// ": connection refused", what the last probe of an unhealthy container wrote
std::string last_probe(const api::Health& health) {
  if (health.log.empty() || health.log.back().output.empty()) return {};
  std::string text = ": " + health.log.back().output;
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

/// An engine also says "unhealthy" of a container that is just ending, because nobody probes it any more.
bool has_failed_often_enough(const api::ContainerInspect& container) {
  constexpr std::int64_t default_retries = 3;
  const auto& check = container.config.healthcheck;
  return container.state.health->failing_streak >= (check && check->retries > 0 ? check->retries : default_retries);
}

Verdict judge_running(const api::ContainerInspect& container, const std::string& who, WaitFor condition) {
  const auto& health = container.state.health;
  if (!health || health->status == "none") {
    if (condition == WaitFor::healthy) return failed(who + " has no healthcheck configured");
    return done(true);
  }
  if (health->status == "healthy") return done();
  if (health->status == "unhealthy" && has_failed_often_enough(container))
    return failed(who + " is unhealthy" + last_probe(*health));
  return waiting(who + " is not healthy yet" + last_probe(*health));
}

}  // namespace

Verdict judge(const api::ContainerInspect& container, WaitFor condition) {
  const std::string who = "container " + container.name.substr(container.name.starts_with('/') ? 1 : 0);
  const std::string& status = container.state.status;
  const auto code = container.state.exit_code;
  const std::string exited = fmt::format("exited ({}{})", code, container.state.oom_killed ? ", out of memory" : "");
  if (status == "exited" || status == "dead") {
    if (condition == WaitFor::completed && status == "exited" && code == 0) return done();
    return failed(who + " " + exited);
  }
  if (status == "restarting") return waiting(who + " is restarting, it " + exited);
  if (status == "running" && condition != WaitFor::completed) return judge_running(container, who, condition);
  return waiting(who + " is still " + status);
}

namespace {

/// One WaitContainers operation at work.
class Waiter {
public:
  Waiter(api::Client& client, std::shared_ptr<EventHub> hub, WaitContainers wait)
      : client_(client),
        hub_(std::move(hub)),
        wait_(std::move(wait)),
        watch_(*hub_, wait_.containers),
        deadline_(wait_.timeout ? Clock::now() + *wait_.timeout : Clock::time_point::max()),
        settled_(Clock::now() + wait_.settle) {}

  asio::awaitable<void> run() {
    for (;;) {
      co_await look();
      if (pending_.empty() && (!settling_ || Clock::now() >= settled_)) co_return;
      if (Clock::now() >= deadline_) co_await fail_late();
      const bool changed = co_await watch_.changed_before(pending_.empty() ? std::min(settled_, deadline_) : deadline_);
      if (changed) settled_ = Clock::now() + wait_.settle;
    }
  }

private:
  /// Inspects every container. Throws when one of them has failed.
  asio::awaitable<void> look() {
    pending_.clear();
    settling_ = false;
    for (const std::string& container : wait_.containers) {
      const api::ContainerInspect state = co_await client_.inspect_container(container);
      const Verdict verdict = judge(state, wait_.condition);
      if (verdict.kind == Verdict::Kind::failed) co_await fail(ErrorCode::conflict, container, verdict.why);
      if (verdict.kind == Verdict::Kind::wait) pending_.emplace(container, verdict.why);
      settling_ |= verdict.settles;
      const std::int64_t restarts =
          state.restart_count - restarts_before_.emplace(container, state.restart_count).first->second;
      if (verdict.kind == Verdict::Kind::wait && restarts >= most_restarts)
        co_await fail(ErrorCode::conflict, container, fmt::format("{}, for the {}th time", verdict.why, restarts));
    }
  }

  asio::awaitable<void> fail(ErrorCode code, std::string container, std::string why) {
    const std::string lines = co_await last_log_lines(client_, std::move(container), shown_log_lines);
    if (!lines.empty()) why += "\nlast lines of its log:\n" + lines;
    throw Error(code, why);
  }

  asio::awaitable<void> fail_late() {
    const std::string& container = pending_.empty() ? wait_.containers.front() : pending_.begin()->first;
    const std::string why = pending_.empty() ? "container " + container + " has only just started" : pending_.begin()->second;
    co_await fail(ErrorCode::unavailable, container, fmt::format("not up after {} s: {}", wait_.timeout->count(), why));
  }

  api::Client& client_;
  const std::shared_ptr<EventHub> hub_;
  const WaitContainers wait_;
  EventHub::Watch watch_;
  const Clock::time_point deadline_;
  Clock::time_point settled_;                            ///< what runs without an event until then is up
  std::map<std::string, std::string> pending_;           ///< container → what it is instead
  bool settling_ = false;                                ///< one of them is up only if it stays so
  std::map<std::string, std::int64_t> restarts_before_;  ///< RestartCount when first seen
};

}  // namespace

asio::awaitable<void> wait_for_containers(api::Client& client, std::shared_ptr<EventHub> hub, WaitContainers wait) {
  Waiter waiter(client, std::move(hub), std::move(wait));
  co_await waiter.run();
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
