#pragma once
// Packets for tests, built by hand: what a client or an upstream would send.
#include <string>
#include <string_view>
#include <vector>

#include "dns/message.hpp"
#include "dns/name.hpp"

namespace stack::dns::test {

using Raw = std::vector<std::uint8_t>;

inline void put16(Raw& packet, unsigned value) {
  packet.push_back(static_cast<std::uint8_t>(value >> 8));
  packet.push_back(static_cast<std::uint8_t>(value));
}
inline void put_name(Raw& packet, std::string_view name) {
  for (const char byte : to_wire(name)) packet.push_back(static_cast<std::uint8_t>(byte));
}
inline Raw query(std::string_view name, unsigned type, unsigned id = 0x1234, unsigned edns_size = 0) {
  Raw packet;
  for (const unsigned value : {id, 0x0100u, 1u, 0u, 0u, edns_size > 0 ? 1u : 0u}) put16(packet, value);
  put_name(packet, name);
  put16(packet, type);
  put16(packet, class_in);
  if (edns_size > 0) {
    packet.push_back(0);
    for (const unsigned value : {unsigned{type::opt}, edns_size, 0u, 0u, 0u}) put16(packet, value);
  }
  return packet;
}

/// "0x1234 r aa ra rd rcode=0 tc=0: A 10.0.0.1 ttl=600; PTR web.net ttl=600 +edns"
std::string to_text(Bytes packet);

}  // namespace stack::dns::test
