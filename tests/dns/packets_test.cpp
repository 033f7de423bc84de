#include "tests/dns/packets.hpp"

#include <gtest/gtest.h>

#include "dns/decode.hpp"

namespace stack::dns::test {

std::string to_text(Bytes packet) {
  if (packet.size() < header_size) return "too short";
  const unsigned flags = read_u16(packet, 2);
  std::string text = fmt::format("{:#06x}{}{} rcode={}", read_u16(packet, 0), flags & flag::response ? " r" : "",
                                 flags & flag::truncated ? " tc" : "", flags & flag::rcode_mask);
  Reply reply{.flags = static_cast<std::uint16_t>(flags),
              .answers = read_u16(packet, 6),
              .authorities = read_u16(packet, 8),
              .additionals = read_u16(packet, 10)};
  if (read_u16(packet, 4) == 1) reply.question_end = skip_name(packet, header_size).value_or(0) + 4;
  const bool whole = for_each_record(packet, reply, [&](const Record& record, std::size_t) {
    NameText name;
    switch (record.type) {
      case type::a:
        text += " A " + Address::from_v4({record.data[0], record.data[1], record.data[2], record.data[3]}).to_string();
        break;
      case type::aaaa: {
        std::array<std::uint8_t, 16> bytes{};
        std::copy_n(record.data.begin(), 16, bytes.begin());
        text += " AAAA " + Address::from_v6(bytes).to_string();
        break;
      }
      case type::ptr:
        read_name(packet, static_cast<std::size_t>(record.data.data() - packet.data()), name);
        text += " PTR " + std::string(name.view());
        break;
      case type::opt: text += fmt::format(" edns={}", record.klass); return;
      default: text += fmt::format(" type{}", record.type);
    }
    text += fmt::format("/{}", record.ttl);
  });
  return whole ? text : text + " MALFORMED";
}

TEST(Packets, AQueryReadsBack) { EXPECT_EQ(to_text(query("a.b", type::a)), "0x1234 rcode=0"); }

}  // namespace stack::dns::test
