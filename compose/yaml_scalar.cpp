// Types of plain scalars.
#include <charconv>
#include <cmath>
#include <limits>

#include "compose/yaml.hpp"

namespace stack::compose {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words)
    if (text == word) return true;
  return false;
}

/// Decimal, 0x, 0o, 0b, and a leading zero for octal; false when it is no integer or does not fit.
bool read_integer(std::string_view text, std::int64_t& value) {
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text.front() == '0') {
    const char mark = text[1];
    base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
    text.remove_prefix(base != 8 || mark == 'o' || mark == 'O' ? 2 : 1);
  }
  std::uint64_t magnitude = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (text.empty() || result.ec != std::errc() || result.ptr != text.data() + text.size()) return false;
  const std::uint64_t limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + (negative ? 1 : 0);
  if (magnitude > limit) return false;
  value = static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
  return true;
}

/// Digits with an optional point and exponent.
bool read_float(std::string_view text, double& value) {
  std::string_view rest = text;
  const bool negative = rest.front() == '-';
  if (rest.front() == '-' || rest.front() == '+') rest.remove_prefix(1);
  if (rest.empty() || !(is_digit(rest.front()) || (rest.front() == '.' && rest.size() > 1 && is_digit(rest[1])))) return false;
  for (const char c : rest)
    if (!is_digit(c) && c != '.' && c != 'e' && c != 'E' && c != '-' && c != '+') return false;
  const auto result = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (result.ec != std::errc() || result.ptr != rest.data() + rest.size()) return false;
  if (negative) value = -value;
  return true;
}

}  // namespace

Node resolve_plain_scalar(std::string_view text, Location where) {
  if (text.empty()) return Node(std::move(where));
  const char first = text.front();
  if (std::string_view("~nNtTfF").find(first) != std::string_view::npos && text.size() <= 5) {
    if (is_one_of(text, {"~", "null", "Null", "NULL"})) return Node(std::move(where));
    if (is_one_of(text, {"true", "True", "TRUE"})) return Node::boolean(true, std::move(where));
    if (is_one_of(text, {"false", "False", "FALSE"})) return Node::boolean(false, std::move(where));
  }
  if (first == '.' || first == '+' || first == '-') {
    const bool negative = first == '-';
    const std::string_view name = first == '.' ? text : text.substr(1);
    if (is_one_of(name, {".inf", ".Inf", ".INF"})) {
      const double infinity = std::numeric_limits<double>::infinity();
      return Node::floating(negative ? -infinity : infinity, std::move(where));
    }
    if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return Node::floating(std::nan(""), std::move(where));
  }
  if (is_digit(first) || first == '.' || first == '+' || first == '-') {
    std::string plain;
    for (const char c : text)
      if (c != '_') plain += c;
    std::int64_t integer = 0;
    double floating = 0;
    if (!plain.empty() && read_integer(plain, integer)) return Node::integer(integer, std::move(where));
    if (!plain.empty() && read_float(plain, floating)) return Node::floating(floating, std::move(where));
  }
  return Node::string(std::string(text), std::move(where));
}

bool is_plain_text(std::string_view text) {
  if (text.empty()) return false;
  const char first = text.front();
  return std::string_view("~nNtTfF.+-0123456789").find(first) == std::string_view::npos ||
         resolve_plain_scalar(text, {}).is_string();
}

}  // namespace stack::compose
