#include "dns/address.hpp"

#include <arpa/inet.h>

#include <cstring>

namespace stack::dns {

Address Address::from_v4(const std::array<std::uint8_t, 4>& octets) {
  Address address;
  std::copy(octets.begin(), octets.end(), address.bytes.begin());
  return address;
}

Address Address::from_v6(const std::array<std::uint8_t, 16>& octets) {
  Address address;
  address.bytes = octets;
  address.v6 = true;
  return address;
}

std::optional<Address> Address::parse(std::string_view text) {
  const std::string copy(text);
  Address address;
  if (::inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (::inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::string Address::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text.data(), text.size());
  return text.data();
}

}  // namespace stack::dns
