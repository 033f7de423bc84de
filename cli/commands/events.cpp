#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/project_containers.hpp"
#include "cli/render/event_line.hpp"
#include "cli/render/human.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

struct EventsCommand {
  bool json = false;
  std::string since, until;
  std::vector<std::string> services;
};

std::string label_value(const api::Event& event, const std::string& name) {
  const auto found = event.attributes.find(name);
  return found == event.attributes.end() ? std::string() : found->second;
}

bool is_wanted(const api::Event& event, const EventsCommand& options) {
  const std::string service = label_value(event, "com.docker.compose.service");
  const bool named = options.services.empty() ||
                     std::find(options.services.begin(), options.services.end(), service) != options.services.end();
  return named && label_value(event, "com.docker.compose.oneoff") != "True";
}

/// One stream to its end. False: nobody reads our output any more. `since` moves on with what was seen.
asio::awaitable<bool> show_stream(api::Client& client, const api::EventsOptions& asked, std::string& since,
                                  const EventsCommand& options) {
  api::EventsOptions request = asked;
  request.since = since;
  api::EventStream events = co_await client.events(std::move(request));
  while (true) {
    const std::optional<api::Event> event = co_await events.next();
    if (!event) co_return true;
    const std::int64_t next = event->time.time_since_epoch().count() + 1;
    since = fmt::format("{}.{:09}", next / 1'000'000'000, next % 1'000'000'000);
    if (!is_wanted(*event, options)) continue;
    if (!write_all(1, (options.json ? render::event_json(*event) : render::event_line(*event)) + "\n")) co_return false;
  }
}

asio::awaitable<void> show_events(api::Client& client, const ProjectReference& reference, const EventsCommand& options) {
  ContainerSelection selection;
  selection.services = options.services;
  co_await select_containers(client, reference, std::move(selection));  // complains about unknown services
  const auto now = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  api::EventsOptions asked;
  asked.filters = {{"type", {"container"}}, {"label", {"com.docker.compose.project=" + reference.name}}};
  if (!options.until.empty()) asked.until = render::api_instant(options.until, now);
  std::string since = options.since.empty() ? std::string() : render::api_instant(options.since, now);
  bool go_on = true;
  while (go_on) {
    try {
      go_on = co_await show_stream(client, asked, since, options);
      if (!asked.until.empty()) co_return;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unavailable) throw;  // the engine went away; the next request starts another one
    }
  }
}

}  // namespace

int events(const Invocation& invocation) {
  EventsCommand options;
  Flags flags("events [OPTIONS] [SERVICE...]", "Show what happens to the project's containers, as it happens.");
  flags.flag("--json", options.json, "An object a line");
  flags.value("--since", options.since, "TIME", "Begin with what happened after: 10m, 2026-11-23T10:00:00Z");
  flags.value("--until", options.until, "TIME", "End at this time");
  flags.arguments(options.services);
  if (!flags.parse(invocation.arguments)) return 0;
  const ProjectReference reference = find_project(invocation.global);
  Session session(invocation.global);
  session.run(show_events(session.client(), reference, options));
  return 0;
}

}  // namespace stack::cli
