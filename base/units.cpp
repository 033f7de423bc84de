#include "base/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace stack {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

[[noreturn]] void refuse(std::string_view what, std::string_view text, std::string_view why) {
  throw Error(ErrorCode::invalid_argument, fmt::format("'{}' is not a {}: {}", text, what, why));
}

/// A whole and a fractional part in digits, as an integer count of 1/scale. Exact, unlike a double.
struct Decimal {
  unsigned __int128 value = 0;    ///< digits, as one integer
  unsigned __int128 divisor = 1;  ///< 10^(digits behind the point)
  std::size_t length = 0;         ///< characters read
};

Decimal read_decimal(std::string_view text) {
  constexpr unsigned __int128 limit = static_cast<unsigned __int128>(1) << 90;
  Decimal result;
  bool point = false, digits = false;
  for (; result.length < text.size(); ++result.length) {
    const char c = text[result.length];
    if (c == '.' && !point) {
      point = true;
    } else if (is_digit(c)) {
      digits = true;
      if (point && result.divisor >= 1'000'000'000'000'000ULL) continue;  // beyond what any unit here can express
      if (result.value > limit) break;
      result.value = result.value * 10 + static_cast<unsigned>(c - '0');
      if (point) result.divisor *= 10;
    } else {
      break;
    }
  }
  if (!digits) result.length = 0;
  return result;
}

struct DurationUnit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr std::int64_t second = 1'000'000'000;
constexpr std::array duration_units{DurationUnit{"ns", 1},
                                    DurationUnit{"us", 1000},
                                    DurationUnit{"\u00b5s", 1000},
                                    DurationUnit{"\u03bcs", 1000},
                                    DurationUnit{"ms", 1'000'000},
                                    DurationUnit{"s", second},
                                    DurationUnit{"m", 60 * second},
                                    DurationUnit{"h", 3600 * second},
                                    DurationUnit{"d", 86400 * second},
                                    DurationUnit{"w", 7 * 86400 * second}};

}  // namespace

std::int64_t parse_byte_size(std::string_view text) {
  const std::string_view what = "size in bytes (like 512m, 1.5gb or 1024)";
  const Decimal number = read_decimal(text);
  if (number.length == 0) refuse(what, text, "it does not start with a number");
  std::string_view suffix = text.substr(number.length);
  if (suffix.size() > 1 && suffix.front() == ' ') suffix.remove_prefix(1);
  int shift = 0;
  if (!suffix.empty()) {
    const std::string_view powers = "bkmgtp";
    const auto lower = [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); };
    const auto power = powers.find(lower(suffix.front()));
    if (power == std::string_view::npos) refuse(what, text, fmt::format("unknown suffix '{}'", suffix));
    shift = static_cast<int>(power) * 10;
    std::string rest;
    for (const char c : suffix.substr(1)) rest += lower(c);
    if (!(rest.empty() || (shift > 0 && (rest == "b" || rest == "ib"))))
      refuse(what, text, fmt::format("unknown suffix '{}'", suffix));
  }
  if (number.value >> 64 != 0) refuse(what, text, "it is too large");
  const unsigned __int128 bytes = (number.value << shift) / number.divisor;
  if (bytes > static_cast<unsigned __int128>(std::numeric_limits<std::int64_t>::max())) refuse(what, text, "it is too large");
  return static_cast<std::int64_t>(bytes);
}

std::chrono::nanoseconds parse_duration(std::string_view text) {
  const std::string_view what = "duration (like 1m30s or 500ms)";
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) {
    negative = rest.front() == '-';
    rest.remove_prefix(1);
  }
  if (rest == "0") return std::chrono::nanoseconds(0);
  if (rest.empty()) refuse(what, text, "it is empty");
  unsigned __int128 total = 0;
  while (!rest.empty()) {
    const Decimal number = read_decimal(rest);
    if (number.length == 0) refuse(what, text, fmt::format("a number is missing before '{}'", rest));
    rest.remove_prefix(number.length);
    std::size_t length = 0;
    while (length < rest.size() && rest[length] != '.' && !is_digit(rest[length])) ++length;
    const std::string_view name = rest.substr(0, length);
    if (name.empty()) refuse(what, text, "a unit is missing (ns, us, ms, s, m, h, d, w)");
    const DurationUnit* unit = nullptr;
    for (const DurationUnit& candidate : duration_units)
      if (candidate.name == name) unit = &candidate;
    if (unit == nullptr) refuse(what, text, fmt::format("unknown unit '{}'", name));
    if (number.value >> 70 != 0) refuse(what, text, "it is too long");
    total += number.value * static_cast<unsigned __int128>(unit->nanoseconds) / number.divisor;
    if (total > static_cast<unsigned __int128>(std::numeric_limits<std::int64_t>::max())) refuse(what, text, "it is too long");
    rest.remove_prefix(length);
  }
  const auto nanoseconds = static_cast<std::int64_t>(total);
  return std::chrono::nanoseconds(negative ? -nanoseconds : nanoseconds);
}

std::string format_duration(std::chrono::nanoseconds duration) {
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  std::uint64_t rest = count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  std::string text = count < 0 ? "-" : "";
  // value/unit with the fraction's trailing zeros dropped
  const auto decimal = [](std::uint64_t value, std::uint64_t unit) {
    std::string out = std::to_string(value / unit);
    std::uint64_t fraction = value % unit;
    if (fraction == 0) return out;
    std::string digits;
    for (std::uint64_t place = unit / 10; place > 0; place /= 10) {
      digits += static_cast<char>('0' + fraction / place);
      fraction %= place;
    }
    digits.erase(digits.find_last_not_of('0') + 1);
    return out + "." + digits;
  };
  if (rest < 1000) return text + std::to_string(rest) + "ns";
  if (rest < 1'000'000) return text + decimal(rest, 1000) + "\u00b5s";
  if (rest < 1'000'000'000) return text + decimal(rest, 1'000'000) + "ms";
  const std::uint64_t hours = rest / (3600ULL * second), minutes = rest / (60ULL * second) % 60;
  if (hours > 0) text += std::to_string(hours) + "h";
  if (hours > 0 || minutes > 0) text += std::to_string(minutes) + "m";
  return text + decimal(rest % (60ULL * second), second) + "s";
}

std::int64_t parse_nano_cpus(std::string_view text) {
  const std::string_view what = "number of CPUs (like 0.5 or 2)";
  const Decimal number = read_decimal(text);
  if (number.length == 0 || number.length != text.size()) refuse(what, text, "only digits and a decimal point are allowed");
  if (number.value >> 70 != 0) refuse(what, text, "it is too large");
  const unsigned __int128 scaled = number.value * 1'000'000'000U;
  if (scaled % number.divisor != 0) refuse(what, text, "it is finer than a billionth of a CPU");
  const unsigned __int128 result = scaled / number.divisor;
  if (result > static_cast<unsigned __int128>(std::numeric_limits<std::int64_t>::max())) refuse(what, text, "it is too large");
  return static_cast<std::int64_t>(result);
}

std::string format_size(double bytes) {
  constexpr std::array<std::string_view, 7> units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < units.size()) {
    bytes /= 1000;
    ++unit;
  }
  return fmt::format("{:.3g}{}", bytes, units[unit]);
}

}  // namespace stack
