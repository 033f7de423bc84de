#include "dns/name.hpp"

#include <charconv>

namespace stack::dns {

bool NameText::append_label(Bytes label) {
  if (size_ + label.size() + (size_ > 0 ? 1 : 0) > max_name_text) return false;
  if (size_ > 0) text_[size_++] = '.';
  for (const std::uint8_t byte : label) {
    char character = static_cast<char>(byte);
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character - 'A' + 'a');
    if (byte <= ' ' || byte >= 0x7f || character == '.') plain_ = false;
    text_[size_++] = character;
  }
  return true;
}

std::optional<std::size_t> read_name(Bytes packet, std::size_t offset, NameText& name) {
  name.clear();
  std::optional<std::size_t> end;  // set at the first pointer: the name ends there in the packet
  std::size_t jumps = 0;
  std::size_t lowest = offset;  // pointers must lead strictly backwards, so that no loop is possible
  while (offset < packet.size()) {
    const std::uint8_t length = packet[offset];
    if (length == 0) return end ? end : offset + 1;
    if ((length & 0xc0) == 0xc0) {
      if (offset + 1 >= packet.size() || ++jumps > max_pointer_jumps) return std::nullopt;
      const std::size_t target = static_cast<std::size_t>(length & 0x3f) << 8 | packet[offset + 1];
      if (target >= lowest || target < header_size) return std::nullopt;
      if (!end) end = offset + 2;
      lowest = offset = target;
      continue;
    }
    if (length > max_label || offset + 1 + length > packet.size()) return std::nullopt;
    if (!name.append_label(packet.subspan(offset + 1, length))) return std::nullopt;
    offset += 1 + length;
  }
  return std::nullopt;
}

std::optional<std::size_t> skip_name(Bytes packet, std::size_t offset) {
  const std::size_t begin = offset;
  while (offset < packet.size() && offset - begin < max_name_wire) {
    const std::uint8_t length = packet[offset];
    if (length == 0) return offset + 1;
    if ((length & 0xc0) == 0xc0) return offset + 2 <= packet.size() ? std::optional(offset + 2) : std::nullopt;
    if (length > max_label) return std::nullopt;
    offset += 1 + length;
  }
  return std::nullopt;
}

namespace {

constexpr std::string_view v4_suffix = ".in-addr.arpa";
constexpr std::string_view v6_suffix = ".ip6.arpa";

std::optional<Address> reverse_v4(std::string_view labels) {
  std::array<std::uint8_t, 4> octets{};
  for (std::size_t i = 4; i-- > 0;) {
    const auto dot = i > 0 ? labels.find('.') : labels.size();
    if (dot == std::string_view::npos) return std::nullopt;
    const auto [end, error] = std::from_chars(labels.data(), labels.data() + dot, octets[i]);
    if (error != std::errc{} || end != labels.data() + dot) return std::nullopt;
    labels.remove_prefix(i > 0 ? dot + 1 : dot);
  }
  return Address::from_v4(octets);
}

std::optional<Address> reverse_v6(std::string_view nibbles) {
  if (nibbles.size() != 63) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 32; ++i) {
    std::uint8_t nibble = 0;
    const char* digit = nibbles.data() + 2 * i;
    if ((i < 31 && digit[1] != '.') || std::from_chars(digit, digit + 1, nibble, 16).ec != std::errc{}) return std::nullopt;
    bytes[15 - i / 2] = static_cast<std::uint8_t>(bytes[15 - i / 2] | nibble << (i % 2 * 4));
  }
  return Address::from_v6(bytes);
}

}  // namespace

std::optional<Address> reverse_address(std::string_view name) {
  if (name.ends_with(v4_suffix)) return reverse_v4(name.substr(0, name.size() - v4_suffix.size()));
  if (name.ends_with(v6_suffix)) return reverse_v6(name.substr(0, name.size() - v6_suffix.size()));
  return std::nullopt;
}

std::string to_wire(std::string_view name) {
  std::string wire;
  if (name.ends_with('.')) name.remove_suffix(1);
  while (!name.empty()) {
    const auto dot = name.find('.');
    const std::string_view label = name.substr(0, dot);
    if (label.empty() || label.size() > max_label) return {};
    wire += static_cast<char>(label.size());
    wire += label;
    name = dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
  }
  wire += '\0';
  return wire.size() <= max_name_wire ? wire : std::string{};
}

}  // namespace stack::dns
