#include "engine/container/until.hpp"

#include <cctype>
#include <chrono>

#include "base/error.hpp"
#include "base/units.hpp"
#include "engine/container/logs.hpp"

namespace stack::engine::container {

std::optional<std::int64_t> parse_until(const Filters& filters) {
  const auto found = filters.find("until");
  if (found == filters.end() || found->second.empty()) return std::nullopt;
  const std::string& text = found->second.front();
  const bool is_duration = !text.empty() && std::isalpha(static_cast<unsigned char>(text.back())) != 0 && text.back() != 'Z';
  try {
    if (!is_duration) return parse_log_time(text);
    const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch());
    return (now - parse_duration(text)).count();
  } catch (const Error&) {
    throw Error(ErrorCode::invalid_argument, "failed to parse value as time or duration: \"" + text + "\"");
  }
}

}  // namespace stack::engine::container
