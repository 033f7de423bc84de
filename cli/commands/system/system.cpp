// The engine as a whole: df, info, events.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/listing.hpp"
#include "cli/output.hpp"
#include "cli/render/disk_usage.hpp"
#include "cli/render/human.hpp"
#include "cli/render/info_text.hpp"
#include "cli/session.hpp"
#include "cli/text_template/text_template.hpp"

namespace stack::cli {
namespace {

using nlohmann::ordered_json;

asio::awaitable<ordered_json> get_info(api::Client& client) {
  const api::Response answer = co_await client.request("GET", "/info");
  co_return ordered_json::parse(answer.body);
}

/// "2026-11-26T19:31:05.700115418Z container create 2ed27c… (image=web, name=shop)", in local time.
std::string event_line(const ordered_json& event) {
  const auto nanoseconds = event.value("timeNano", std::int64_t{0});
  const std::time_t seconds = nanoseconds / 1'000'000'000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  std::array<char, 32> time{};
  std::array<char, 8> zone{};
  std::strftime(time.data(), time.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::strftime(zone.data(), zone.size(), "%z", &parts);
  const std::string offset =
      std::string_view(zone.data()) == "+0000" ? "Z" : fmt::format("{:.3}:{}", zone.data(), zone.data() + 3);
  const ordered_json actor = event.value("Actor", ordered_json::object());
  std::string attributes;
  for (const auto& [name, value] : api::StringMap(actor.value("Attributes", api::StringMap())))
    attributes += fmt::format("{}{}={}", attributes.empty() ? "" : ", ", name, value);
  return fmt::format("{}.{:09}{} {} {} {}{}", time.data(), nanoseconds % 1'000'000'000, offset, event.value("Type", ""),
                     event.value("Action", ""), actor.value("ID", ""), attributes.empty() ? "" : " (" + attributes + ")");
}

/// For Go these exist in every event, if empty.
void add_missing_fields(ordered_json& event) {
  for (const char* name : {"status", "id", "from"})
    if (!event.contains(name)) event[name] = "";
}

class EventPrinter {
public:
  explicit EventPrinter(const std::string& format) : json_(format == "json") {
    if (!json_ && !format.empty()) template_.emplace(format);
  }

  bool print(const std::string& line) const {
    if (json_) return write_all(STDOUT_FILENO, line + "\n");
    ordered_json event = ordered_json::parse(line);
    if (!template_) return write_all(STDOUT_FILENO, event_line(event) + "\n");
    static constexpr std::array<std::string_view, 1> maps{"Attributes"};
    add_missing_fields(event);
    text_template::Options options;
    options.schema.maps = maps;
    return write_all(STDOUT_FILENO, template_->execute(event, options) + "\n");
  }

private:
  bool json_;
  std::optional<text_template::Template> template_;
};

asio::awaitable<void> print_events(api::Client& client, std::string target, const EventPrinter& printer) {
  api::JsonLines lines(co_await client.stream("GET", std::move(target)));
  while (true) {
    const std::optional<std::string> line = co_await lines.next();
    if (!line || !printer.print(*line)) co_return;
  }
}

std::string events_target(const std::string& since, const std::string& until, const api::Filters& filters) {
  const auto now = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  std::string target = "/events";
  char separator = '?';
  const auto add = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    target += fmt::format("{}{}={}", separator, name, value);
    separator = '&';
  };
  if (!since.empty()) add("since", render::api_instant(since, now));
  if (!until.empty()) add("until", render::api_instant(until, now));
  add("filters", api::filters_query(filters));
  return target;
}

}  // namespace

int system_df(const Invocation& invocation) {
  bool verbose = false;
  std::string format;
  Flags flags("system df [OPTIONS]", "Show what takes room on the disk.");
  add_format_flag(flags, format);
  flags.flag("-v,--verbose", verbose, "Every image, container, volume and piece of build cache");
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  const nlohmann::json usage = session.run(session.client().disk_usage());
  const bool own_look = format.empty() || format == "table";
  const std::string text =
      verbose && own_look
          ? render::disk_usage_in_full(usage, render::unix_now())
          : render::format_rows(render::disk_usage_rows(usage), own_look ? render::disk_usage_table : std::string_view(format),
                                render::disk_usage_titles());
  return write_all(1, text) ? 0 : 1;
}

int system_info(const Invocation& invocation) {
  std::string format;
  Flags flags("system info [OPTIONS]", "Show what the engine says about itself and its host.");
  flags.value("-f,--format", format, "FORMAT", "json, or a template: '{{.ServerVersion}} {{json .Runtimes}}'");
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  const ordered_json info = session.run(get_info(session.client()));
  if (format.empty()) return write_all(1, render::info_text(info)) ? 0 : 1;
  const std::string text = format == "json" ? info.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n"
                                            : render::format_inspected({info}, format);
  return write_all(1, text) ? 0 : 1;
}

int system_events(const Invocation& invocation) {
  std::string since;
  std::string until;
  std::string format;
  std::vector<std::string> filters;
  Flags flags("system events [OPTIONS]", "Show what happens in the engine, as it happens.");
  add_filter_flag(flags, filters);
  flags.value("--format", format, "FORMAT", "json (an object a line), or a template: '{{.Type}} {{.Action}} {{.Actor.ID}}'");
  flags.value("--since", since, "TIME", "Begin with what happened after: 10m, 2026-11-23T10:00:00Z");
  flags.value("--until", until, "TIME", "End at this time");
  if (!flags.parse(invocation.arguments)) return 0;
  const EventPrinter printer(format);
  Session session(invocation.global);
  session.run(print_events(session.client(), events_target(since, until, parse_filters(filters)), printer));
  return 0;
}

}  // namespace stack::cli
