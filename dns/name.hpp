#pragma once
// Names on the wire: labels and compression pointers.
#include <optional>
#include <string>

#include "dns/address.hpp"
#include "dns/message.hpp"

namespace stack::dns {

/// Reads the name at `offset` (pointers followed, each strictly backwards) into `name`. Returns the offset after it; empty when
/// malformed.
std::optional<std::size_t> read_name(Bytes packet, std::size_t offset, NameText& name);

/// The offset after the name at `offset`, without following pointers.
std::optional<std::size_t> skip_name(Bytes packet, std::size_t offset);

/// The address that "4.3.2.1.in-addr.arpa" or "...ip6.arpa" (lower case) asks for.
std::optional<Address> reverse_address(std::string_view name);

/// Uncompressed wire form. Empty when a label or the whole is too long or empty.
std::string to_wire(std::string_view name);

}  // namespace stack::dns
