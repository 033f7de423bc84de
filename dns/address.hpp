#pragma once
// An IP address as DNS carries it: plain bytes, cheap to copy and compare.
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stack::dns {

struct Address {
  std::array<std::uint8_t, 16> bytes{};  ///< network order; an IPv4 address uses the first four, the rest stay 0
  bool v6 = false;

  static Address from_v4(const std::array<std::uint8_t, 4>& octets);
  static Address from_v6(const std::array<std::uint8_t, 16>& octets);
  static std::optional<Address> parse(std::string_view text);  ///< "10.0.0.1" or "fe80::1"; empty when neither

  std::string to_string() const;
  auto operator<=>(const Address&) const = default;
};

}  // namespace stack::dns
