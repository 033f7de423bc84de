#include "engine/network/legacy_iptables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// With the real program and kernel: tests/scenarios/network_test.py.
namespace stack::engine::network {
namespace {

constexpr const char* docker_like =
    "-P INPUT DROP\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N OTHERS\n"
    "-A FORWARD -i stk1a2b+ -m comment --comment stack-1a2b -j ACCEPT\n"
    "-A FORWARD -m comment --comment \"two words\" -j OTHERS\n";

TEST(LegacyIptables, SeesAPolicyThatDrops) { EXPECT_TRUE(legacy_forward_drops(docker_like)); }

TEST(LegacyIptables, SeesARuleThatDropsInAChainThatPacketsCanReach) {
  const std::string open = "-P INPUT DROP\n-P FORWARD ACCEPT\n-P OUTPUT DROP\n-N DEEP\n";
  EXPECT_FALSE(legacy_forward_drops(open));
  EXPECT_FALSE(legacy_forward_drops(open + "-A INPUT -i eth0 -j DROP\n"));
  EXPECT_TRUE(legacy_forward_drops(open + "-A DEEP -i eth0 -j REJECT --reject-with icmp-port-unreachable\n"));
  EXPECT_FALSE(legacy_forward_drops(""));
  EXPECT_FALSE(legacy_forward_drops("-A\n-P FORWARD\n-A DEEP -j\n"));
}

TEST(LegacyIptables, FindsOurRulesByTheirComment) {
  using testing::ElementsAre;
  EXPECT_THAT(legacy_rules_of(docker_like, "stack-1a2b"), ElementsAre(ElementsAre("FORWARD", "-i", "stk1a2b+", "-m", "comment",
                                                                                  "--comment", "stack-1a2b", "-j", "ACCEPT")));
  EXPECT_TRUE(legacy_rules_of(docker_like, "stack-1a2").empty());
  EXPECT_TRUE(legacy_rules_of("-A FORWARD --comment\n", "").empty());
}

}  // namespace
}  // namespace stack::engine::network
