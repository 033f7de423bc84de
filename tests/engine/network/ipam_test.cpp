#include "engine/network/ipam.hpp"

#include <gtest/gtest.h>

namespace stack::engine::network {

Ipv4Subnet subnet(const char* text) { return *Ipv4Subnet::parse(text); }
Ipv4 ip(const char* text) { return *Ipv4::parse(text); }

TEST(ChooseSubnet, BeginsWithDockersFirstPool) { EXPECT_EQ(choose_subnet({})->to_string(), "172.17.0.0/16"); }

TEST(ChooseSubnet, SkipsWhatOverlapsInEitherDirection) {
  EXPECT_EQ(choose_subnet({subnet("172.17.3.4/24"), subnet("172.18.0.0/15")})->to_string(), "172.20.0.0/16");
}

TEST(ChooseSubnet, GoesOnWithTheSecondRange) {
  EXPECT_EQ(choose_subnet({subnet("172.16.0.0/12"), subnet("192.168.0.0/24")})->to_string(), "192.168.16.0/20");
}

TEST(ChooseSubnet, HasNoneLeftWhenAllOverlap) {
  EXPECT_FALSE(choose_subnet({subnet("172.16.0.0/12"), subnet("192.168.0.0/16")}).has_value());
}

TEST(AddressPool, HandsOutTheLowestFreeAddressAndSkipsTheGateway) {
  AddressPool pool(subnet("10.1.0.0/24"), {}, {ip("10.1.0.1")});
  EXPECT_EQ(pool.allocate()->to_string(), "10.1.0.2");
  EXPECT_EQ(pool.allocate()->to_string(), "10.1.0.3");
  EXPECT_EQ(pool.allocate()->to_string(), "10.1.0.4");
  pool.release(ip("10.1.0.3"));
  EXPECT_EQ(pool.allocate()->to_string(), "10.1.0.3");
}

TEST(AddressPool, NeverGivesNetworkAndBroadcastAddress) {
  AddressPool pool(subnet("10.1.0.0/30"), {}, {ip("10.1.0.1")});
  EXPECT_FALSE(pool.allocate(ip("10.1.0.0")));
  EXPECT_FALSE(pool.allocate(ip("10.1.0.3")));
  EXPECT_EQ(pool.allocate()->to_string(), "10.1.0.2");
  EXPECT_FALSE(pool.allocate().has_value());
}

TEST(AddressPool, StaysInTheRangeButGrantsOtherAddressesOnRequest) {
  AddressPool pool(subnet("10.1.0.0/16"), subnet("10.1.5.0/31"), {ip("10.1.0.1")});
  EXPECT_TRUE(pool.allocate(ip("10.1.200.9")));
  EXPECT_FALSE(pool.allocate(ip("10.1.200.9")));
  EXPECT_FALSE(pool.allocate(ip("10.2.0.9")));
  EXPECT_EQ(pool.allocate()->to_string(), "10.1.5.0");
  EXPECT_EQ(pool.allocate()->to_string(), "10.1.5.1");
  EXPECT_FALSE(pool.allocate().has_value());
}

TEST(AddressPool, MacsAreMadeOfTheAddress) { EXPECT_EQ(to_string(mac_for(ip("172.17.0.2"))), "02:42:ac:11:00:02"); }

}  // namespace stack::engine::network
