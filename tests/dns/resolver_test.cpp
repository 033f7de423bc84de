#include "dns/resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "dns/cache.hpp"
#include "dns/decode.hpp"
#include "tests/dns/packets.hpp"

namespace stack::dns {
namespace {

class FakeView : public View {
public:
  FakeView& with(std::string name, std::vector<std::string> addresses) {
    auto& list = names[std::move(name)];
    for (const auto& text : addresses) list.push_back(*Address::parse(text));
    return *this;
  }
  bool find(std::string_view name, std::vector<Address>& addresses) const override {
    const auto found = names.find(name);
    if (found == names.end()) return false;
    addresses.insert(addresses.end(), found->second.begin(), found->second.end());
    return true;
  }
  std::string_view reverse(const Address& address) const override {
    return address == *Address::parse("10.0.0.2") ? "web-1.shop_default" : std::string_view{};
  }
  std::map<std::string, std::vector<Address>, std::less<>> names;
};

std::string ask(const View& view, const test::Raw& packet, std::size_t limit = 0) {
  static Resolver resolver(42);
  Query query;
  if (decode_query(packet, query) != QueryStatus::ok) return "bad query";
  std::array<std::uint8_t, 4096> out;
  const std::size_t size = resolver.answer(query, view, out, limit > 0 ? limit : udp_limit(query));
  return size == 0 ? "forward" : test::to_text({out.data(), size});
}

TEST(Resolver, AnswersNamesWhateverTheirCase) {
  FakeView view;
  view.with("web", {"10.0.0.2"});
  EXPECT_EQ(ask(view, test::query("WEB", type::a)), "0x1234 r rcode=0 A 10.0.0.2/600");
  EXPECT_EQ(ask(view, test::query("web", type::a, 9, 1232)), "0x0009 r rcode=0 A 10.0.0.2/600 edns=1232");
}

TEST(Resolver, RepeatsTheQuestionByteByByte) {
  FakeView view;
  view.with("web", {"10.0.0.2"});
  const test::Raw packet = test::query("wEb", type::a);
  Query query;
  decode_query(packet, query);
  std::array<std::uint8_t, 512> out;
  Resolver resolver(1);
  resolver.answer(query, view, out, 512);
  EXPECT_TRUE(std::equal(query.question.begin(), query.question.end(), out.begin() + header_size));
}

TEST(Resolver, AKnownNameHasNoDataOfOtherTypes) {
  FakeView view;
  view.with("web", {"10.0.0.2"}).with("gone", {});
  EXPECT_EQ(ask(view, test::query("web", type::aaaa)), "0x1234 r rcode=0");
  EXPECT_EQ(ask(view, test::query("web", type::mx)), "0x1234 r rcode=0");
  EXPECT_EQ(ask(view, test::query("gone", type::a)), "0x1234 r rcode=0");
}

TEST(Resolver, ForwardsUnknownNames) {
  FakeView view;
  EXPECT_EQ(ask(view, test::query("example.org", type::a)), "forward");
  EXPECT_EQ(ask(view, test::query("9.9.9.9.in-addr.arpa", type::ptr)), "forward");
}

TEST(Resolver, AnswersReverseQueries) {
  FakeView view;
  EXPECT_EQ(ask(view, test::query("2.0.0.10.in-addr.arpa", type::ptr)), "0x1234 r rcode=0 PTR web-1.shop_default/600");
}

TEST(Resolver, GivesEachFamilyItsAddresses) {
  FakeView view;
  view.with("web", {"10.0.0.2", "fd00::2"});
  EXPECT_EQ(ask(view, test::query("web", type::a)), "0x1234 r rcode=0 A 10.0.0.2/600");
  EXPECT_EQ(ask(view, test::query("web", type::aaaa)), "0x1234 r rcode=0 AAAA fd00::2/600");
}

TEST(Resolver, EveryReplicaComesFirstAtTimes) {
  FakeView view;
  view.with("web", {"10.0.0.2", "10.0.0.3", "10.0.0.4"});
  std::set<std::string> firsts;
  for (int i = 0; i < 200; ++i) firsts.insert(ask(view, test::query("web", type::a)).substr(0, 28));
  EXPECT_EQ(firsts.size(), 3u);
}

TEST(Resolver, SetsTheTruncatedBitWhenAnswersDoNotFit) {
  FakeView view;
  std::vector<std::string> many;
  for (int i = 0; i < 100; ++i) many.push_back("10.0.1." + std::to_string(i));
  view.with("web", many);
  const std::string over_udp = ask(view, test::query("web", type::a));
  EXPECT_THAT(over_udp, testing::StartsWith("0x1234 r tc rcode=0 A 10.0.1."));
  const std::string over_tcp = ask(view, test::query("web", type::a), 4096);
  EXPECT_THAT(over_tcp, testing::StartsWith("0x1234 r rcode=0 A 10.0.1."));
  EXPECT_EQ(std::count(over_tcp.begin(), over_tcp.end(), 'A'), 100);
}

// ---------------------------------------------------------------- cache

test::Raw reply_to(const test::Raw& asked, unsigned answer_ttl, unsigned rcode = 0) {
  test::Raw reply = asked;
  reply[2] |= 0x80;
  reply[3] = static_cast<std::uint8_t>(0x80 | rcode);
  reply[7] = rcode == 0 ? 1 : 0;
  if (rcode != 0) return reply;
  for (const unsigned value : {0xc00cu, unsigned{type::a}, 1u, answer_ttl >> 16, answer_ttl & 0xffff, 4u, 0x0901u, 0x0203u})
    test::put16(reply, value);
  return reply;
}

struct CacheTest : testing::Test {
  void keep(const test::Raw& asked, const test::Raw& reply) {
    Query query;
    ASSERT_EQ(decode_query(asked, query), QueryStatus::ok);
    const auto decoded = decode_reply(reply, query.id, query.question);
    ASSERT_TRUE(decoded);
    cache.store(query, reply, *decoded, now);
  }
  std::string find(const test::Raw& asked) {
    Query query;
    decode_query(asked, query);
    std::array<std::uint8_t, 512> out;
    const std::size_t size = cache.find(query, out, now);
    return size == 0 ? "miss" : test::to_text({out.data(), size});
  }
  Cache cache{2};
  Cache::Clock::time_point now = Cache::Clock::now();
};

TEST_F(CacheTest, CountsTheTtlDownAndForgets) {
  const auto asked = test::query("example.org", type::a, 1);
  keep(asked, reply_to(asked, 30));
  EXPECT_EQ(find(test::query("EXAMPLE.org", type::a, 2)), "0x0002 r rcode=0 A 9.1.2.3/30");
  now += std::chrono::seconds(20);
  EXPECT_EQ(find(asked), "0x0001 r rcode=0 A 9.1.2.3/10");
  now += std::chrono::seconds(10);
  EXPECT_EQ(find(asked), "miss");
  EXPECT_EQ(cache.size(), 0u);
}

TEST_F(CacheTest, KeepsTypesApart) {
  const auto asked = test::query("example.org", type::a);
  keep(asked, reply_to(asked, 30));
  EXPECT_EQ(find(test::query("example.org", type::aaaa)), "miss");
  EXPECT_EQ(find(test::query("example.org", type::a, 1, 1232)), "miss");
}

TEST_F(CacheTest, KeepsNoErrorAndNothingWithoutTtl) {
  const auto asked = test::query("example.org", type::a);
  keep(asked, reply_to(asked, 0));
  keep(asked, reply_to(asked, 0, 2));
  keep(asked, reply_to(asked, 0, 3));  // name error without SOA
  EXPECT_EQ(find(asked), "miss");
}

TEST_F(CacheTest, DropsTheLeastRecentlyUsed) {
  for (const char* name : {"a", "b"}) {
    const auto asked = test::query(name, type::a);
    keep(asked, reply_to(asked, 30));
  }
  find(test::query("a", type::a));
  const auto asked = test::query("c", type::a);
  keep(asked, reply_to(asked, 30));
  EXPECT_NE(find(test::query("a", type::a)), "miss");
  EXPECT_EQ(find(test::query("b", type::a)), "miss");
}

}  // namespace
}  // namespace stack::dns
