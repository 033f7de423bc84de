#pragma once
// IPv4 addresses and subnets, MAC addresses: parsing and arithmetic, no system calls.
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stack {

/// An IPv4 address as a number, so that ranges are plain arithmetic.
struct Ipv4 {
  std::uint32_t value = 0;  ///< host byte order: 10.0.0.1 is 0x0a000001

  static std::optional<Ipv4> parse(std::string_view text);  ///< four decimal numbers without leading zeros
  static Ipv4 from_bytes(const void* network_order);
  std::string to_string() const;
  std::array<std::uint8_t, 4> bytes() const;  ///< network order
  bool is_loopback() const { return value >> 24 == 127; }
  auto operator<=>(const Ipv4&) const = default;
};

/// "10.1.0.0/16".
struct Ipv4Subnet {
  Ipv4 address;           ///< host bits are kept as written; network() drops them
  std::uint8_t bits = 0;  ///< 0–32

  static std::optional<Ipv4Subnet> parse(std::string_view text);  ///< the "/bits" part is required
  std::string to_string() const;
  std::uint32_t mask() const { return bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits); }
  Ipv4 network() const { return {address.value & mask()}; }
  Ipv4 last() const { return {address.value | ~mask()}; }  ///< the broadcast address, where there is one
  bool contains(Ipv4 other) const { return (other.value & mask()) == network().value; }
  bool contains(const Ipv4Subnet& other) const { return other.bits >= bits && contains(other.address); }
  bool overlaps(const Ipv4Subnet& other) const { return contains(other.address) || other.contains(address); }
  auto operator<=>(const Ipv4Subnet&) const = default;
};

using Mac = std::array<std::uint8_t, 6>;
std::optional<Mac> parse_mac(std::string_view text);  ///< six two-digit hex groups with ':' or '-'
std::string to_string(const Mac& mac);                ///< lower case, ':'

}  // namespace stack
