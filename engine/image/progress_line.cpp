#include "engine/image/progress_line.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace stack::engine::image {

namespace {

std::string line(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\r\n";
}

/// As docker prints sizes: powers of 1000, four digits.
std::string human(std::uint64_t bytes) {
  constexpr std::array units{"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < units.size(); ++unit) value /= 1000;
  return fmt::format("{:.4g}{}", value, units[unit]);
}

/// "[=====>      ]  1.2MB/4MB": clients of the API print it as it is.
std::string bar(std::uint64_t current, std::uint64_t total) {
  constexpr std::size_t width = 50;
  const auto filled =
      static_cast<std::size_t>(static_cast<double>(width) * static_cast<double>(current) / static_cast<double>(total));
  const std::string numbers = human(current) + "/" + human(total);
  return fmt::format("[{}>{}] {:>12}", std::string(filled, '='), std::string(width - filled, ' '), numbers);
}

}  // namespace

std::string status_line(const std::string& status) { return line({{"status", status}}); }
std::string status_line(const std::string& status, const std::string& id) { return line({{"status", status}, {"id", id}}); }
std::string stream_line(const std::string& text) { return line({{"stream", text}}); }

std::string error_line(const std::string& message) {
  return line({{"errorDetail", {{"message", message}}}, {"error", message}});
}

std::string progress_line(const std::string& status, const std::string& id, std::uint64_t current, std::uint64_t total) {
  nlohmann::ordered_json value{{"status", status}, {"progressDetail", nlohmann::ordered_json::object()}};
  if (total > 0) {
    current = std::min(current, total);
    value["progressDetail"] = {{"current", current}, {"total", total}};
    value["progress"] = bar(current, total);
  }
  value["id"] = id;
  return line(value);
}

}  // namespace stack::engine::image
