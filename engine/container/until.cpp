#include "engine/container/until.hpp"

#include <cctype>
#include <chrono>

#include "base/error.hpp"
#include "base/units.hpp"
#include "engine/container/logs.hpp"

namespace stack::engine::container {

namespace {

/// "2030-01-01" and "2030-01-01T00:00:00" are taken too; they are in UTC.
std::string with_zone(const std::string& text) {
  constexpr std::size_t date = std::string_view("2030-01-01").size(), time = std::string_view("2030-01-01T00:00:00").size();
  if (text.size() == date && text[4] == '-') return text + "T00:00:00Z";
  if (text.size() == time && text[10] == 'T') return text + "Z";
  return text;
}

}  // namespace

std::optional<std::int64_t> parse_until(const Filters& filters) {
  const auto found = filters.find("until");
  if (found == filters.end() || found->second.empty()) return std::nullopt;
  if (found->second.size() > 1) throw Error(ErrorCode::invalid_argument, "more than one until filter specified");
  const std::string& text = found->second.front();
  const bool is_duration = !text.empty() && std::isalpha(static_cast<unsigned char>(text.back())) != 0 && text.back() != 'Z';
  try {
    if (!is_duration) return parse_log_time(with_zone(text));
    const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch());
    return (now - parse_duration(text)).count();
  } catch (const Error&) {
    throw Error(ErrorCode::invalid_argument, "failed to parse value as time or duration: \"" + text + "\"");
  }
}

}  // namespace stack::engine::container
