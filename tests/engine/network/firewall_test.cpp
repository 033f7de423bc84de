#include "engine/network/firewall.hpp"

#include <algorithm>
#include <cstdio>

#include "tests/engine/network/support.hpp"

namespace stack::engine::network {

/// A host whose FORWARD chain may drop and whose bridges may pass frames to iptables, with an outside neighbour.
struct HostKind {
  bool forward_drops;
  bool bridge_calls_iptables;
};

std::string name_of(const ::testing::TestParamInfo<HostKind>& info) {
  return std::string(info.param.forward_drops ? "ForwardDrops" : "ForwardAccepts") +
         (info.param.bridge_calls_iptables ? "BridgeCallsIptables" : "BridgeIsPlain");
}

class FirewallMatrix : public HostTest, public ::testing::WithParamInterface<HostKind> {
protected:
  static constexpr const char* host_ip = "198.51.100.1";
  static constexpr const char* outside_ip = "198.51.100.2";

  void SetUp() override {
    HostTest::SetUp();
    if (IsSkipped()) return;
    outside_ = new_namespace();
    join(outside_, "up0", host_ip, outside_ip);
    const bool set = write_sysctl("/proc/sys/net/bridge/bridge-nf-call-iptables", GetParam().bridge_calls_iptables ? "1" : "0");
    if (!set && GetParam().bridge_calls_iptables) GTEST_SKIP() << "this kernel has no br_netfilter";
    if (GetParam().forward_drops)
      nft_.run("table ip filter {\n chain FORWARD {\n type filter hook forward priority filter; policy drop;\n }\n}\n");
    create("front");
    create("back");
    web_ = attach(container("web", {"front"}, {publish(8080, 80)}));
    neighbour_ = attach(container("neighbour", {"front"}));
    stranger_ = attach(container("stranger", {"back"}));
    listener_ = listen_in(web_.netns.get(), 80);
  }
  UniqueFd outside_;
  Nft nft_;
  Attachment web_, neighbour_, stranger_;
  UniqueFd listener_;
};

TEST_P(FirewallMatrix, APublishedPortAnswersFromTheHostItself) {
  EXPECT_TRUE(connect_from(-1, "127.0.0.1", 8080));
  EXPECT_EQ(accepted_from(listener_), "172.17.0.1");
  EXPECT_TRUE(connect_from(-1, host_ip, 8080));
  EXPECT_EQ(accepted_from(listener_), host_ip);
  EXPECT_TRUE(connect_from(-1, "172.17.0.1", 8080));
}

TEST_P(FirewallMatrix, APublishedPortAnswersFromOutsideAndSeesTheClientsAddress) {
  EXPECT_TRUE(connect_from(outside_.get(), host_ip, 8080));
  EXPECT_EQ(accepted_from(listener_), outside_ip);
}

TEST_P(FirewallMatrix, APublishedPortAnswersContainersOfTheSameAndOfAnotherNetwork) {
  EXPECT_TRUE(connect_from(neighbour_.netns.get(), host_ip, 8080));
  EXPECT_TRUE(connect_from(neighbour_.netns.get(), "172.17.0.1", 8080));
  EXPECT_TRUE(connect_from(stranger_.netns.get(), host_ip, 8080));
  EXPECT_TRUE(connect_from(stranger_.netns.get(), "172.18.0.1", 8080));
}

TEST_P(FirewallMatrix, AContainerReachesItselfByItsOwnPublishedPort) {
  EXPECT_TRUE(connect_from(web_.netns.get(), host_ip, 8080));
}

TEST_P(FirewallMatrix, ContainersOfOneNetworkTalkAndThoseOfTwoDoNot) {
  EXPECT_TRUE(connect_from(neighbour_.netns.get(), "172.17.0.2", 80));
  EXPECT_FALSE(connect_from(stranger_.netns.get(), "172.17.0.2", 80, brief));
}

TEST_P(FirewallMatrix, ContainersReachTheOutsideWithTheHostsAddress) {
  const UniqueFd server = listen_in(outside_.get(), 7000);
  EXPECT_TRUE(connect_from(web_.netns.get(), outside_ip, 7000));
  EXPECT_EQ(accepted_from(server), host_ip);
}

TEST_P(FirewallMatrix, TheOutsideReachesNothingThatIsNotPublished) {
  const UniqueFd other = listen_in(web_.netns.get(), 81);
  EXPECT_FALSE(connect_from(outside_.get(), "172.17.0.2", 81, brief));  // its route to the container leads through this host
  EXPECT_FALSE(connect_from(outside_.get(), "172.17.0.2", 80, brief));
}

TEST_P(FirewallMatrix, RouteLocalnetDoesNotOpenTheHostsLoopback) {
  const UniqueFd secret = listen_in(-1, 6000, "127.0.0.1");
  write_sysctl("/proc/sys/net/ipv4/conf/up0/route_localnet", "1");  // as somebody else may have set it; our bridges have it
  const std::pair<int, const char*> attackers[] = {{outside_.get(), host_ip}, {web_.netns.get(), "172.17.0.1"}};
  for (const auto& [netns, gateway] : attackers) {  // they send 127.0.0.1 to the wire
    const InNamespace inside(netns);
    ASSERT_TRUE(write_sysctl("/proc/sys/net/ipv4/conf/all/route_localnet", "1"));
    NetlinkSocket route(NETLINK_ROUTE);
    NetlinkBatch batch;
    remove_address(batch, 1, *Ipv4Subnet::parse("127.0.0.1/8"));
    add_route(batch, 2, *Ipv4Subnet::parse("127.0.0.0/8"), *Ipv4::parse(gateway));
    must(route, batch);
    EXPECT_FALSE(connect_from(-1, "127.0.0.1", 6000, brief)) << gateway;
  }
  attach(container("local", {"front"}, {publish(8090, 80, "127.0.0.1")}));
  EXPECT_FALSE(connect_from(outside_.get(), host_ip, 8090, brief));
  EXPECT_FALSE(connect_from(neighbour_.netns.get(), host_ip, 8090, brief));
}

TEST_P(FirewallMatrix, RulesInTablesOfOthersAreMarkedAndGoAgain) {
  const std::size_t expected = GetParam().forward_drops ? 2 : 0;
  EXPECT_EQ(Nft().commented_rules("stack-1a2b3c4d", "stack-1a2b3c4d").size(), expected);
  for (const char* name : {"web", "neighbour", "stranger"}) run(manager_->detach(sha256_hex(name)));
  run(manager_->remove("front"));
  EXPECT_EQ(Nft().commented_rules("stack-1a2b3c4d", "stack-1a2b3c4d").size(), expected);
  run(manager_->remove("back"));
  EXPECT_TRUE(Nft().commented_rules("stack-1a2b3c4d", "stack-1a2b3c4d").empty());
  EXPECT_EQ(Nft().tables().size(), GetParam().forward_drops ? 1u : 0u);
}

INSTANTIATE_TEST_SUITE_P(Hosts, FirewallMatrix,
                         ::testing::Values(HostKind{false, false}, HostKind{false, true}, HostKind{true, false},
                                           HostKind{true, true}),
                         name_of);

class FirewallTest : public HostTest {};

TEST_F(FirewallTest, AnInternalNetworkHasNoWayOutAndNoWayIn) {
  const UniqueFd outside = new_namespace();
  join(outside, "up0", "198.51.100.1", "198.51.100.2");
  create("closed", {}, true);
  const Attachment a = attach(container("a", {"closed"}, {publish(8080, 80)}));
  const Attachment b = attach(container("b", {"closed"}));
  EXPECT_TRUE(a.ports.empty());
  const UniqueFd listener = listen_in(a.netns.get(), 80), server = listen_in(outside.get(), 7000);
  EXPECT_TRUE(connect_from(b.netns.get(), a.endpoints[0].address.to_string(), 80));
  EXPECT_FALSE(connect_from(a.netns.get(), "198.51.100.2", 7000, brief));
  EXPECT_FALSE(connect_from(outside.get(), a.endpoints[0].address.to_string(), 80, brief));
}

TEST_F(FirewallTest, AForwardChainThatRejectsAtItsEndIsFoundToo) {
  Nft nft;
  nft.run(
      "table inet firewalld {\n chain deeper {\n reject with icmpx type admin-prohibited\n }\n"
      " chain filter_FORWARD {\n type filter hook forward priority filter + 10; policy accept;\n jump deeper\n }\n}\n"
      "table ip harmless {\n chain forward {\n type filter hook forward priority 0; policy accept;\n }\n"
      " chain input {\n type filter hook input priority 0; policy drop;\n iifname \"lo\" accept\n drop\n }\n}\n");
  std::string found;
  for (const ForwardChain& chain : Nft().forward_chains("own")) found += chain.table + (chain.drops ? ":drops " : ":accepts ");
  EXPECT_EQ(found, "firewalld:drops harmless:accepts ");
  create("front");
  const auto rules = Nft().commented_rules("stack-1a2b3c4d", "stack-1a2b3c4d");
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].table, "firewalld");
}

TEST_F(FirewallTest, IptablesStillReadsItsTableWithOurRulesInIt) {
  if (::system("command -v iptables-nft >/dev/null") != 0) GTEST_SKIP() << "no iptables here";
  ASSERT_EQ(::system("iptables-nft -P FORWARD DROP"), 0);
  create("front");
  const UniqueFd outside = new_namespace();
  join(outside, "up0", "198.51.100.1", "198.51.100.2");
  const Attachment web = attach(container("web", {"front"}, {publish(8080, 80)}));
  const UniqueFd listener = listen_in(web.netns.get(), 80);
  EXPECT_TRUE(connect_from(outside.get(), "198.51.100.1", 8080));
  FILE* output = ::popen("iptables-nft -S FORWARD 2>&1", "r");
  std::string text;
  for (char line[256]; ::fgets(line, sizeof line, output) != nullptr;) text += line;
  EXPECT_EQ(::pclose(output), 0);
  EXPECT_NE(text.find("-A FORWARD -o stk1a2b3c+"), std::string::npos) << text;
  EXPECT_NE(text.find("-P FORWARD DROP"), std::string::npos) << text;
}

TEST_F(FirewallTest, ATableThatSomebodyFlushedIsMadeAnew) {
  create("front");
  const Attachment web = attach(container("web", {"front"}, {publish(8080, 80)}));
  const UniqueFd listener = listen_in(web.netns.get(), 80);
  Nft nft;
  nft.run("delete table ip stack-1a2b3c4d\n");
  attach(container("next", {"front"}, {publish(8081, 80)}));
  EXPECT_TRUE(connect_from(-1, "127.0.0.1", 8080));
}

TEST_F(FirewallTest, PortsOnOneAddressAnswerOnThatAddressOnly) {
  const UniqueFd outside = new_namespace();
  join(outside, "up0", "198.51.100.1", "198.51.100.2");
  create("front");
  const Attachment web = attach(container("web", {"front"}, {publish(8080, 80, "198.51.100.1")}));
  const UniqueFd listener = listen_in(web.netns.get(), 80);
  EXPECT_TRUE(connect_from(outside.get(), "198.51.100.1", 8080));
  EXPECT_TRUE(connect_from(-1, "198.51.100.1", 8080));
  EXPECT_FALSE(connect_from(-1, "127.0.0.1", 8080, brief));
}

TEST_F(FirewallTest, AUdpPortIsForwarded) {
  const UniqueFd outside = new_namespace();
  join(outside, "up0", "198.51.100.1", "198.51.100.2");
  create("front");
  PortRequest udp = publish(5000, 53);
  udp.protocol = Protocol::udp;
  const Attachment web = attach(container("web", {"front"}, {udp}));
  UniqueFd server;
  {
    const InNamespace inside(web.netns.get());
    server = UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = ipv4("0.0.0.0", 53);
    ASSERT_EQ(::bind(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  const InNamespace inside(outside.get());
  const UniqueFd client(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_in host = ipv4("198.51.100.1", 5000);
  ASSERT_EQ(::sendto(client.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&host), sizeof host), 1);
  pollfd waiting{server.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 2000), 1);
}

TEST(FirewallText, DeletesBeforeItAdds) {
  FirewallChange change;
  change.add_ports.push_back({Protocol::tcp, {}, 8080, *Ipv4::parse("172.17.0.3"), 80});
  change.remove_ports.push_back({Protocol::udp, *Ipv4::parse("127.0.0.1"), 53, *Ipv4::parse("172.17.0.2"), 5353});
  EXPECT_EQ(firewall_elements("t", change),
            "delete element ip t published_on { 127.0.0.1 . udp . 53 : 172.17.0.2 . 5353 }\n"
            "add element ip t published { tcp . 8080 : 172.17.0.3 . 80 }\n");
}

}  // namespace stack::engine::network
