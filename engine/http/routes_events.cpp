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

/// An object filter lets through the events of that object: of a container not those of the networks it is connected to.
bool concerns(const Event& event, const char* type, const std::string& wanted) {
  return event.type == type && names_object(event, wanted);
}

/// Those of an image, and of the containers made from it. A name without a tag stands for all of its tags.
bool concerns_image(const Event& event, const std::string& wanted) {
  if (event.type == "image") return names_object(event, wanted);
  const auto image = event.attributes.find("image");
  if (event.type != "container" || image == event.attributes.end()) return false;
  const std::string& name = image->second;
  const auto colon = name.find(':', name.rfind('/') + 1);
  return name == wanted || name.substr(0, colon) == wanted;
}

/// What Docker knows these filters for does not exist here: nothing passes them.
constexpr std::array elsewhere{"config", "daemon", "node", "plugin", "secret", "service"};

bool matches_all_labels(const Event& event, const Filters& filters) {
  const auto labels = filters.find("label");
  return labels == filters.end() || std::all_of(labels->second.begin(), labels->second.end(), [&](const std::string& label) {
           return container::label_matches(event.attributes, label);
         });
}

bool wanted(const Event& event, const Filters& filters) {
  const auto action_matches = [&](const std::string& value) {
    return event.action == value || event.action.substr(0, event.action.find(':')) == value;  // "exec_create: ls"
  };
  return matches_any(filters, "type", [&](const std::string& value) { return event.type == value; }) &&
         matches_any(filters, "event", action_matches) &&
         matches_any(filters, "container", [&](const std::string& value) { return concerns(event, "container", value); }) &&
         matches_any(filters, "volume", [&](const std::string& value) { return concerns(event, "volume", value); }) &&
         matches_any(filters, "network", [&](const std::string& value) { return concerns(event, "network", value); }) &&
         matches_any(filters, "image", [&](const std::string& value) { return concerns_image(event, value); }) &&
         std::none_of(elsewhere.begin(), elsewhere.end(), [&](const char* key) { return filters.contains(key); }) &&
         matches_any(filters, "scope", [&](const std::string& value) { return value == "local"; }) &&
         matches_all_labels(event, filters);
}

asio::awaitable<void> events(EventHub& hub, Request& request, ResponseWriter& response) {
  const Filters filters = container::parse_filters(request.query.get("filters"));  // others than those of wanted() are ignored
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
