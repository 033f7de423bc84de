#include "cli/network_pools.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::cli {
namespace {

std::string error_of(const PoolFlags& flags) {
  try {
    pools_of(flags);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(NetworkPools, EverythingGoesToTheSubnetItIsIn) {
  const auto pools = pools_of({.subnets = {"10.1.0.0/16", "fd00:1::/64"},
                               .ranges = {"10.1.2.0/24"},
                               .gateways = {"fd00:1::1", "10.1.0.254"},
                               .aux_addresses = {"printer=10.1.0.9"}});
  ASSERT_EQ(pools.size(), 2U);
  EXPECT_EQ(pools[0].subnet, "10.1.0.0/16");
  EXPECT_EQ(pools[0].ip_range, "10.1.2.0/24");
  EXPECT_EQ(pools[0].gateway, "10.1.0.254");
  EXPECT_EQ(pools[0].aux_addresses.at("printer"), "10.1.0.9");
  EXPECT_EQ(pools[1].gateway, "fd00:1::1");
  EXPECT_TRUE(pools_of({}).empty());
}

TEST(NetworkPools, MistakesAreNamed) {
  EXPECT_EQ(error_of({.subnets = {"10.1.0.0"}}), "invalid subnet \"10.1.0.0\" for --subnet: ADDRESS/BITS is needed");
  EXPECT_EQ(error_of({.subnets = {"10.1.0.0/33"}}), "invalid address \"10.1.0.0/33\" for --subnet");
  EXPECT_EQ(error_of({.subnets = {"10.1.0.0/16", "10.1.2.0/24"}}), "the subnets 10.1.0.0/16 and 10.1.2.0/24 overlap");
  EXPECT_EQ(error_of({.subnets = {"10.1.0.0/16"}, .gateways = {"10.2.0.1"}}), "no matching subnet for gateway 10.2.0.1");
  EXPECT_EQ(error_of({.subnets = {"10.1.0.0/16"}, .gateways = {"10.1.0.1", "10.1.0.2"}}),
            "two gateways (10.1.0.1 and 10.1.0.2) in one subnet");
  EXPECT_EQ(error_of({.gateways = {"10.1.0.1"}}), "--ip-range, --gateway and --aux-address need a --subnet");
  EXPECT_EQ(error_of({.subnets = {"10.1.0.0/16"}, .aux_addresses = {"10.1.0.1"}}),
            "invalid value \"10.1.0.1\" for --aux-address: NAME=IP is needed");
}

}  // namespace
}  // namespace stack::cli
