#include "dns/decode.hpp"

#include <gtest/gtest.h>

#include "tests/dns/packets.hpp"

namespace stack::dns {
namespace {

using test::put16;
using test::Raw;

TEST(Name, ReverseAddressesAreRead) {
  EXPECT_EQ(reverse_address("4.3.2.1.in-addr.arpa")->to_string(), "1.2.3.4");
  EXPECT_EQ(reverse_address("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa")->to_string(),
            "fd00::1");
  for (const char* bad : {"3.2.1.in-addr.arpa", "256.3.2.1.in-addr.arpa", "x.4.3.2.1.in-addr.arpa", "5.4.3.2.1.in-addr.arpa",
                          ".in-addr.arpa", "in-addr.arpa", "1.0.ip6.arpa", "web", ""})
    EXPECT_FALSE(reverse_address(bad)) << bad;
}

TEST(Name, LongLabelsAndNamesHaveNoWireForm) {
  EXPECT_EQ(to_wire("a.bc."), std::string("\1a\2bc\0", 6));
  EXPECT_EQ(to_wire(std::string(64, 'x')), "");
  EXPECT_EQ(to_wire("a..b"), "");
  std::string longest;
  for (int i = 0; i < 64; ++i) longest += "aaa.";
  EXPECT_EQ(to_wire(longest), "");
}

TEST(DecodeQuery, ReadsNameTypeAndEdns) {
  const Raw packet = test::query("WeB.Example", type::aaaa, 7, 4096);
  Query query;
  ASSERT_EQ(decode_query(packet, query), QueryStatus::ok);
  EXPECT_EQ(query.id, 7);
  EXPECT_EQ(query.name.view(), "web.example");
  EXPECT_TRUE(query.name.plain());
  EXPECT_EQ(query.type, type::aaaa);
  EXPECT_TRUE(query.edns);
  EXPECT_EQ(query.udp_size, 4096);
}

TEST(DecodeQuery, ADotInsideALabelIsNotPlain) {
  Raw packet = test::query("aXb", type::a);
  packet[header_size + 2] = '.';
  Query query;
  ASSERT_EQ(decode_query(packet, query), QueryStatus::ok);
  EXPECT_FALSE(query.name.plain());
}

TEST(DecodeQuery, RefusesEveryCutOfAPacket) {
  const Raw packet = test::query("web.example", type::a, 7, 4096);
  Query query;
  for (std::size_t size = 0; size < packet.size(); ++size) {
    const Raw cut(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(decode_query(cut, query), size < header_size ? QueryStatus::ignored : QueryStatus::format_error) << size;
  }
}

TEST(DecodeQuery, IgnoresAnswersAndRefusesOtherOpcodes) {
  Raw packet = test::query("web", type::a);
  Query query;
  packet[2] |= 0x80;
  EXPECT_EQ(decode_query(packet, query), QueryStatus::ignored);
  packet[2] = 0x28;  // update
  EXPECT_EQ(decode_query(packet, query), QueryStatus::not_implemented);
}

TEST(DecodeQuery, RefusesPointersThatDoNotLeadBack) {
  for (const unsigned target : {0u, 5u, 12u, 14u, 200u}) {
    Raw packet = test::query("", type::a);
    packet.resize(header_size);
    put16(packet, 0xc000 | target);
    put16(packet, type::a);
    put16(packet, class_in);
    Query query;
    EXPECT_EQ(decode_query(packet, query), QueryStatus::format_error) << target;
  }
}

TEST(ReadName, FollowsPointersBackAndNoLoop) {
  Raw packet = test::query("example.org", type::a);
  const std::size_t at = packet.size();
  packet.push_back(3);
  for (const char c : {'w', 'w', 'w'}) packet.push_back(static_cast<std::uint8_t>(c));
  put16(packet, 0xc000 | header_size);
  NameText name;
  EXPECT_EQ(read_name(packet, at, name), packet.size());
  EXPECT_EQ(name.view(), "www.example.org");
  put16(packet, 0xc000 | packet.size());
  EXPECT_EQ(read_name(packet, packet.size() - 2, name), std::nullopt);
}

TEST(ReadName, LimitsTheChainOfPointers) {
  Raw packet(header_size + 1, 0);  // a root name, then pointers each to the one before
  std::size_t target = header_size;
  for (int i = 0; i < 40; ++i) {
    const std::size_t here = packet.size();
    put16(packet, static_cast<unsigned>(0xc000 | target));
    target = here;
  }
  NameText name;
  EXPECT_TRUE(read_name(packet, header_size + 1 + 2 * (max_pointer_jumps - 1), name));
  EXPECT_FALSE(read_name(packet, header_size + 1 + 2 * max_pointer_jumps, name));
}

TEST(DecodeReply, MustMatchIdAndQuestion) {
  const Raw asked = test::query("Web.example", type::a, 7);
  Query query;
  decode_query(asked, query);
  Raw reply = test::query("wEb.example", type::a, 7);
  EXPECT_FALSE(decode_reply(reply, 7, query.question)) << "a query is no reply";
  reply[2] |= 0x80;
  EXPECT_TRUE(decode_reply(reply, 7, query.question));
  EXPECT_FALSE(decode_reply(reply, 8, query.question));
  reply = test::query("web.examplf", type::a, 7);
  reply[2] |= 0x80;
  EXPECT_FALSE(decode_reply(reply, 7, query.question));
}

}  // namespace
}  // namespace stack::dns
