#include "cli/render/human.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <optional>

#include "base/error.hpp"

namespace stack::cli::render {
namespace {

using std::chrono::nanoseconds;

/// "1h30m", "1.5s", "300ms": numbers with Go's units.
std::optional<nanoseconds> parse_go_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double nanoseconds;
  };
  static constexpr std::array units{Unit{"ms", 1e6},   Unit{"us", 1e3}, Unit{"ns", 1},
                                    Unit{"h", 3600e9}, Unit{"m", 60e9}, Unit{"s", 1e9}};
  double total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const Unit* found = nullptr;
    for (const Unit& unit : units)
      if (text.starts_with(unit.name)) {
        found = &unit;
        break;
      }
    if (!found) return std::nullopt;
    text.remove_prefix(found->name.size());
    total += number * found->nanoseconds;
  }
  return nanoseconds(static_cast<std::int64_t>(total));
}

std::optional<std::string> parse_date(const std::string& text) {
  for (const char* format : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
    std::tm parts{};
    parts.tm_isdst = -1;
    const char* rest = ::strptime(text.c_str(), format, &parts);
    if (!rest) continue;
    std::string fraction = "000000000";
    if (*rest == '.') {
      std::size_t digits = 0;
      for (++rest; *rest >= '0' && *rest <= '9'; ++rest)
        if (digits < fraction.size()) fraction[digits++] = *rest;
    }
    const std::string_view zone = rest;
    if (zone.empty()) return fmt::format("{}.{}", std::mktime(&parts), fraction);
    if (zone == "Z") return fmt::format("{}.{}", ::timegm(&parts), fraction);
    int hours = 0;
    int minutes = 0;
    char sign = 0;
    int used = 0;
    if (std::sscanf(rest, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) != 3 || rest[used] != '\0' ||
        (sign != '+' && sign != '-'))
      continue;
    const long offset = (sign == '-' ? -1L : 1L) * (hours * 3600L + minutes * 60L);
    return fmt::format("{}.{}", ::timegm(&parts) - offset, fraction);
  }
  return std::nullopt;
}

}  // namespace

std::string human_duration(std::chrono::seconds duration) {
  const std::int64_t seconds = duration.count();
  const std::int64_t minutes = seconds / 60;
  const std::int64_t hours = (seconds + 1800) / 3600;
  if (seconds < 1) return "Less than a second";
  if (seconds == 1) return "1 second";
  if (seconds < 60) return fmt::format("{} seconds", seconds);
  if (minutes == 1) return "About a minute";
  if (minutes < 60) return fmt::format("{} minutes", minutes);
  if (hours == 1) return "About an hour";
  if (hours < 48) return fmt::format("{} hours", hours);
  if (hours < 24 * 7 * 2) return fmt::format("{} days", hours / 24);
  if (hours < 24 * 30 * 2) return fmt::format("{} weeks", hours / 24 / 7);
  if (hours < 24 * 365 * 2) return fmt::format("{} months", hours / 24 / 30);
  return fmt::format("{} years", hours / 24 / 365);
}

namespace {

struct Scaled {
  double value = 0;
  std::size_t unit = 0;
};

Scaled scale_down(double value, double step, std::size_t units) {
  std::size_t unit = 0;
  for (; value >= step && unit + 1 < units; ++unit) value /= step;
  return {value, unit};
}

}  // namespace

constexpr std::array decimal_units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};

std::string human_size(std::int64_t bytes) {
  const auto [value, unit] = scale_down(static_cast<double>(bytes), 1000, decimal_units.size());
  return fmt::format("{:.3g}{}", value, decimal_units[unit]);
}

std::string finer_size(std::int64_t bytes) {
  const auto [value, unit] = scale_down(static_cast<double>(bytes), 1000, decimal_units.size());
  return fmt::format("{:.4g}{}", value, decimal_units[unit]);
}

std::string human_age(std::int64_t created, std::int64_t now) {
  return human_duration(std::chrono::seconds(std::max<std::int64_t>(0, now - created))) + " ago";
}

std::int64_t unix_now() { return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()); }

std::string human_binary_size(std::uint64_t bytes) {
  static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  const auto [value, unit] = scale_down(static_cast<double>(bytes), 1024, units.size());
  return fmt::format("{:.4g}{}", value, units[unit]);
}

std::string local_time(std::int64_t unix_seconds) {
  const std::time_t time = unix_seconds;
  std::tm parts{};
  ::localtime_r(&time, &parts);
  std::array<char, 64> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S %z %Z", &parts);
  return {text.data(), length};
}

std::string api_instant(std::string_view text, std::chrono::sys_time<nanoseconds> now) {
  if (!text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos) return std::string(text);
  if (const auto ago = parse_go_duration(text)) {
    const nanoseconds at = now.time_since_epoch() - *ago;
    return fmt::format("{}.{:09}", at.count() / 1'000'000'000, at.count() % 1'000'000'000);
  }
  if (auto instant = parse_date(std::string(text))) return *std::move(instant);
  throw Error(
      ErrorCode::invalid_argument,
      fmt::format("invalid time \"{}\": use a duration (42m, 1h30m), a date (2026-11-23T10:00:00Z) or Unix seconds", text));
}

}  // namespace stack::cli::render
