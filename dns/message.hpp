#pragma once
// Constants and small types of DNS messages (RFC 1035, RFC 6891).
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace stack::dns {

using Bytes = std::span<const std::uint8_t>;

inline constexpr std::size_t header_size = 12;
inline constexpr std::size_t max_name_wire = 255;  ///< RFC 1035 2.3.4, with the length bytes and the root
inline constexpr std::size_t max_name_text = 253;  ///< dotted, without trailing dot
inline constexpr std::size_t max_label = 63;
inline constexpr std::size_t max_pointer_jumps = 16;  ///< of a compressed name; each must also point backwards
inline constexpr std::size_t max_records = 512;       ///< walked in an answer from upstream
inline constexpr std::size_t plain_udp_size = 512;    ///< RFC 1035, clients without EDNS
inline constexpr std::size_t max_udp_size = 1232;     ///< what we send and announce: never fragmented on any path
inline constexpr std::size_t max_tcp_size = 65535;
inline constexpr std::uint32_t local_ttl = 600;  ///< seconds, as Docker's embedded DNS

namespace type {
inline constexpr std::uint16_t a = 1, ns = 2, cname = 5, soa = 6, ptr = 12, mx = 15, txt = 16, aaaa = 28, srv = 33, opt = 41,
                               any = 255;
}
inline constexpr std::uint16_t class_in = 1;

namespace flag {
inline constexpr std::uint16_t response = 0x8000, opcode_mask = 0x7800, authoritative = 0x0400, truncated = 0x0200,
                               recursion_desired = 0x0100, recursion_available = 0x0080, authentic_data = 0x0020,
                               checking_disabled = 0x0010, rcode_mask = 0x000f;
}

enum class Rcode : std::uint8_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  name_error = 3,
  not_implemented = 4,
  refused = 5
};

inline std::uint16_t read_u16(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
inline std::uint32_t read_u32(Bytes bytes, std::size_t at) {
  return static_cast<std::uint32_t>(read_u16(bytes, at)) << 16 | read_u16(bytes, at + 2);
}

/// A name as text in a fixed buffer: lower case, dotted, no trailing dot; the root is "".
class NameText {
public:
  std::string_view view() const { return {text_.data(), size_}; }
  /// False: it contains bytes that host names do not (a dot inside a label, control characters), so that the text is ambiguous.
  bool plain() const { return plain_; }
  bool append_label(Bytes label);  ///< false: too long
  void clear() {
    size_ = 0;
    plain_ = true;
  }

private:
  std::array<char, max_name_text + 1> text_;
  std::uint8_t size_ = 0;
  bool plain_ = true;
};

/// A question as it came, with what the answer needs.
struct Query {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  NameText name;
  std::uint16_t type = 0;
  std::uint16_t klass = 0;
  Bytes packet;    ///< the whole message; borrowed
  Bytes question;  ///< the question section in it, compared and repeated byte by byte (clients vary the case on purpose)
  bool edns = false;
  std::uint16_t udp_size = plain_udp_size;  ///< what the client takes, at least 512
  bool dnssec_ok = false;
};

}  // namespace stack::dns
