#include "base/net_address.hpp"

#include <gtest/gtest.h>

namespace stack {

TEST(Ipv4, ReadsAndPrintsDottedDecimal) {
  EXPECT_EQ(Ipv4::parse("10.0.255.1")->to_string(), "10.0.255.1");
  EXPECT_EQ(Ipv4::parse("10.0.0.1")->value, 0x0a000001u);
}

TEST(Ipv4, RefusesWhatIsNoAddress) {
  for (const char* text :
       {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "a.b.c.d", "1..2.3", "1.2.3.-4", "::1"})
    EXPECT_FALSE(Ipv4::parse(text).has_value()) << text;
}

TEST(Ipv4Subnet, KnowsItsBounds) {
  const Ipv4Subnet subnet = *Ipv4Subnet::parse("172.18.5.9/16");
  EXPECT_EQ(subnet.network().to_string(), "172.18.0.0");
  EXPECT_EQ(subnet.last().to_string(), "172.18.255.255");
  EXPECT_TRUE(subnet.contains(*Ipv4::parse("172.18.200.1")));
  EXPECT_FALSE(subnet.contains(*Ipv4::parse("172.19.0.0")));
}

TEST(Ipv4Subnet, OverlapsAreSymmetric) {
  const Ipv4Subnet wide = *Ipv4Subnet::parse("10.0.0.0/8"), narrow = *Ipv4Subnet::parse("10.9.8.0/24"),
                   other = *Ipv4Subnet::parse("11.0.0.0/24");
  EXPECT_TRUE(wide.overlaps(narrow));
  EXPECT_TRUE(narrow.overlaps(wide));
  EXPECT_FALSE(narrow.overlaps(other));
  EXPECT_TRUE(Ipv4Subnet::parse("0.0.0.0/0")->contains(*Ipv4::parse("255.1.2.3")));
}

TEST(Ipv4Subnet, NeedsALengthUpTo32) {
  for (const char* text : {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/8x", "/8"})
    EXPECT_FALSE(Ipv4Subnet::parse(text).has_value()) << text;
}

TEST(Mac, ReadsBothSeparatorsAndPrintsColons) {
  EXPECT_EQ(to_string(*parse_mac("02-42-AC-11-00-02")), "02:42:ac:11:00:02");
  for (const char* text : {"", "02:42:ac:11:00", "02:42:ac:11:00:0g", "02.42.ac.11.00.02"})
    EXPECT_FALSE(parse_mac(text).has_value()) << text;
}

}  // namespace stack
