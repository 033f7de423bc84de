#include "cli/render/event_line.hpp"

#include <fmt/format.h>

#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

namespace stack::cli::render {

namespace api = engine::api;

namespace {

constexpr std::string_view compose_prefix = "com.docker.compose.";

api::StringMap shown_attributes(const api::Event& event) {
  api::StringMap attributes = event.attributes;
  std::erase_if(attributes, [](const auto& entry) { return entry.first.starts_with(compose_prefix); });
  return attributes;
}

}  // namespace

std::string event_line(const api::Event& event) {
  const std::int64_t microseconds = std::chrono::floor<std::chrono::microseconds>(event.time).time_since_epoch().count();
  const std::time_t seconds = microseconds / 1'000'000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  std::array<char, 32> time{};
  std::strftime(time.data(), time.size(), "%Y-%m-%d %H:%M:%S", &parts);
  std::string attributes;
  for (const auto& [name, value] : shown_attributes(event))
    attributes += fmt::format("{}{}={}", attributes.empty() ? "" : ", ", name, value);
  return fmt::format("{}.{:06} {} {} {} ({})", time.data(), microseconds % 1'000'000, event.type, event.action, event.actor_id,
                     attributes);
}

std::string event_json(const api::Event& event) {
  const auto service = event.attributes.find("com.docker.compose.service");
  const nlohmann::json object{{"action", event.action},
                              {"attributes", shown_attributes(event)},
                              {"id", event.actor_id},
                              {"service", service == event.attributes.end() ? "" : service->second},
                              {"time", api::format_timestamp(event.time)},
                              {"type", event.type}};
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace stack::cli::render
