// GET /events: what was remembered since `since`, then what happens, until `until`.
#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/container/logs.hpp"
#include "engine/events.hpp"
#include "engine/http/filters.hpp"
#include "engine/http/routes.hpp"

namespace stack::engine::http {

namespace {

bool names_object(const Event& event, const std::string& wanted) {
  const auto name = event.attributes.find("name");
  return event.id.starts_with(wanted) || (name != event.attributes.end() && name->second.starts_with(wanted));
}

bool has_attribute(const Event& event, const char* key, const std::string& wanted) {
  const auto found = event.attributes.find(key);
  return found != event.attributes.end() && found->second == wanted;
}

/// An object filter lets through events of its type that name the object, and of other types that say they concern it.
bool concerns(const Event& event, const char* type, const std::string& wanted) {
  return event.type == type ? names_object(event, wanted) : has_attribute(event, type, wanted);
}

/// What Docker knows these filters for does not exist here: nothing passes them.
constexpr std::array elsewhere{"config", "daemon", "node", "plugin", "secret", "service"};

bool wanted(const Event& event, const Filters& filters) {
  const auto action_matches = [&](const std::string& value) {
    return event.action == value || event.action.substr(0, event.action.find(':')) == value;  // "exec_create: ls"
  };
  return matches_any(filters, "type", [&](const std::string& value) { return event.type == value; }) &&
         matches_any(filters, "event", action_matches) &&
         matches_any(filters, "container", [&](const std::string& value) { return concerns(event, "container", value); }) &&
         matches_any(filters, "volume", [&](const std::string& value) { return concerns(event, "volume", value); }) &&
         matches_any(filters, "network", [&](const std::string& value) { return concerns(event, "network", value); }) &&
         matches_any(filters, "image", [&](const std::string& value) { return concerns(event, "image", value); }) &&
         std::none_of(elsewhere.begin(), elsewhere.end(), [&](const char* key) { return filters.contains(key); }) &&
         matches_any(filters, "scope", [&](const std::string& value) { return value == "local"; }) &&
         labels_match(filters, event.attributes);
}

asio::awaitable<void> events(EventHub& hub, Request& request, ResponseWriter& response) {
  const Filters filters = read_filters(request, {"config", "container", "daemon", "event", "image", "label", "network", "node",
                                                 "plugin", "scope", "secret", "service", "type", "volume"});
  const auto since = container::parse_log_time(request.query.get("since"));
  const auto until = container::parse_log_time(request.query.get("until"));
  if (since && until && *since > *until)
    throw Error(ErrorCode::invalid_argument, "`since` time (" + request.query.get("since") +
                                                 ") cannot be after `until` time (" + request.query.get("until") + ")");
  constexpr auto never = std::numeric_limits<std::int64_t>::max();
  const auto subscription = hub.subscribe();  // before looking back: nothing falls between
  // either end of a period asks for what was; "since=0" is the beginning
  const bool looks_back = !request.query.get("since").empty() || until;
  const auto past = looks_back ? hub.replay(since.value_or(0), until.value_or(never)) : std::vector<EventPtr>{};
  co_await response.begin_stream("application/json");
  for (const EventPtr& event : past) {
    if (!wanted(*event, filters)) continue;
    const std::string line = to_json(*event).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    co_await response.write(line);
  }
  asio::steady_timer end(co_await asio::this_coro::executor);
  if (until) {
    end.expires_after(std::chrono::nanoseconds(*until) - std::chrono::system_clock::now().time_since_epoch());
    end.async_wait([weak = std::weak_ptr(subscription)](boost::system::error_code cancelled) {
      const auto open = weak.lock();
      if (!cancelled && open) open->close();
    });
  }
  const std::int64_t seen = past.empty() ? std::numeric_limits<std::int64_t>::min() : past.back()->time_nano;
  for (;;) {
    const EventPtr event = co_await subscription->next();
    if (!event) co_return;
    if (event->time_nano <= seen || event->time_nano >= until.value_or(never) || !wanted(*event, filters)) continue;
    const std::string line = to_json(*event).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    co_await response.write(line);
  }
}

}  // namespace

void add_event_routes(Router& router, EventHub& hub) {
  router.add(Method::get, "/events",
             [&hub](Request& request, ResponseWriter& response) { return events(hub, request, response); });
}

}  // namespace stack::engine::http
