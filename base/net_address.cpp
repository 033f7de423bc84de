#include "base/net_address.hpp"

#include <cstdio>
#include <cstring>

namespace stack {

namespace {

/// A decimal number up to `maximum` at the front of `text`, which is shortened by it. Leading zeros are refused: some programs
/// read them as octal.
std::optional<unsigned> take_number(std::string_view& text, unsigned maximum) {
  unsigned value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9' && digits < 4)
    value = value * 10 + static_cast<unsigned>(text[digits++] - '0');
  if (digits == 0 || value > maximum || (digits > 1 && text[0] == '0')) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Ipv4> Ipv4::parse(std::string_view text) {
  Ipv4 result;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (text.empty() || text.front() != '.') return std::nullopt;
      text.remove_prefix(1);
    }
    const auto number = take_number(text, 255);
    if (!number) return std::nullopt;
    result.value = result.value << 8 | *number;
  }
  return text.empty() ? std::optional(result) : std::nullopt;
}

Ipv4 Ipv4::from_bytes(const void* network_order) {
  unsigned char bytes[4];
  std::memcpy(bytes, network_order, sizeof bytes);
  return {std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3]};
}

std::string Ipv4::to_string() const {
  const auto part = bytes();
  char text[16];
  const int length = std::snprintf(text, sizeof text, "%u.%u.%u.%u", part[0], part[1], part[2], part[3]);
  return {text, static_cast<std::size_t>(length)};
}

std::array<std::uint8_t, 4> Ipv4::bytes() const {
  return {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 8),
          static_cast<std::uint8_t>(value)};
}

std::optional<Ipv4Subnet> Ipv4Subnet::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = Ipv4::parse(text.substr(0, slash));
  std::string_view rest = text.substr(slash + 1);
  const auto bits = take_number(rest, 32);
  if (!address || !bits || !rest.empty()) return std::nullopt;
  return Ipv4Subnet{*address, static_cast<std::uint8_t>(*bits)};
}

std::string Ipv4Subnet::to_string() const { return address.to_string() + "/" + std::to_string(bits); }

std::optional<Mac> parse_mac(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  Mac mac{};
  for (std::size_t i = 0; i < 6; ++i) {
    const int high = hex_value(text[i * 3]);
    const int low = hex_value(text[i * 3 + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    if (i > 0 && text[i * 3 - 1] != ':' && text[i * 3 - 1] != '-') return std::nullopt;
    mac[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return mac;
}

std::string to_string(const Mac& mac) {
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
  return text;
}

}  // namespace stack
