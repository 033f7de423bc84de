#include "compose/key_order.hpp"

#include <algorithm>

namespace stack::compose {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Beyond ASCII most are; those of four bytes are pictures more often.
bool is_letter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (byte >= 0x80 && byte < 0xF0);
}

/// A run of digits.
struct Number {
  unsigned long long value = 0;
  std::size_t digits = 0;
};

Number number_at(std::string_view text) {
  Number number;
  for (; number.digits < text.size() && is_digit(text[number.digits]); ++number.digits)
    number.value = number.value * 10 + static_cast<unsigned>(text[number.digits] - '0');
  return number;
}

/// Whether the digits that end here are all zeros: what follows them does not count as part of a longer number.
bool only_zeros_before(std::string_view common) {
  for (std::size_t i = common.size(); i > 0 && is_digit(common[i - 1]); --i)
    if (common[i - 1] != '0') return false;
  return true;
}

}  // namespace

bool yaml_key_less(std::string_view a, std::string_view b) {
  const auto differs = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  if (differs == a.size() || differs == b.size()) return a.size() < b.size();
  const char x = a[differs], y = b[differs];
  if (is_letter(x) && is_letter(y)) return static_cast<unsigned char>(x) < static_cast<unsigned char>(y);
  if (is_letter(x) || is_letter(y)) {
    const bool inside_number = differs > 0 && is_digit(a[differs - 1]);  // then the longer number comes last
    return inside_number ? is_letter(x) : is_letter(y);
  }
  Number left = number_at(a.substr(differs)), right = number_at(b.substr(differs));
  if ((x == '0' || y == '0') && !only_zeros_before(a.substr(0, differs))) {  // more digits, not leading zeros
    const auto scaled = [](const Number& number) {
      unsigned long long one = 1;
      for (std::size_t i = 0; i < number.digits; ++i) one *= 10;
      return one + number.value;
    };
    left.value = scaled(left);
    right.value = scaled(right);
  }
  if (left.value != right.value) return left.value < right.value;
  if (left.digits != right.digits) return left.digits < right.digits;
  return static_cast<unsigned char>(x) < static_cast<unsigned char>(y);
}

void sort_yaml_keys(Node& mapping) {
  auto& members = mapping.members();
  const auto less = [](const Node::Member& a, const Node::Member& b) { return yaml_key_less(a.key, b.key); };
  if (!std::is_sorted(members.begin(), members.end(), less)) std::sort(members.begin(), members.end(), less);
}

}  // namespace stack::compose
