#include "engine/network/manager.hpp"

#include "engine/network/link_remover.hpp"
#include "tests/engine/network/support.hpp"

namespace stack::engine::network {

class ManagerTest : public HostTest {};

TEST_F(ManagerTest, StartsWithThePredefinedNetworksAndTouchesNothing) {
  std::string names;
  for (const auto& network : manager_->list()) names += network.name + ":" + network.driver + " ";
  EXPECT_EQ(names, "bridge:bridge host:host none:null ");
  EXPECT_TRUE(links_of_ours().empty());
  EXPECT_TRUE(Nft().tables().empty());
}

TEST_F(ManagerTest, ANetworkIsABridgeWithTheGatewaysAddress) {
  const std::string id = create("front");
  EXPECT_EQ(manager_->inspect("front").id, id);
  EXPECT_EQ(manager_->inspect("front").ipam.config->front().subnet, "172.17.0.0/16");
  EXPECT_EQ(manager_->inspect("front").ipam.config->front().gateway, "172.17.0.1");
  ASSERT_TRUE(is_there(bridge_of("front")));
  NetlinkSocket route(NETLINK_ROUTE);
  std::string addresses;
  for (const LinkAddress& entry : list_addresses(route))
    if (entry.index == *find_link_index(bridge_of("front"))) addresses += entry.address.to_string();
  EXPECT_EQ(addresses, "172.17.0.1/16");
  EXPECT_EQ(events_, std::vector<std::string>{"create front"});
}

TEST_F(ManagerTest, RemovingTheLastNetworkLeavesNothingOnTheHost) {
  create("front");
  create("back");
  EXPECT_EQ(Nft().tables(), std::vector<std::string>{"stack-1a2b3c4d"});
  run(manager_->remove("front"));
  EXPECT_EQ(links_of_ours(), std::vector<std::string>{bridge_of("back")});
  run(manager_->remove("back"));
  EXPECT_TRUE(links_of_ours().empty());
  EXPECT_TRUE(Nft().tables().empty());
}

TEST_F(ManagerTest, SubnetsAvoidInterfacesAndRoutesOfTheHost) {
  const UniqueFd outside = new_namespace();
  join(outside, "up0", "172.17.4.1", "172.17.4.2");
  NetlinkSocket route(NETLINK_ROUTE);
  create("front");
  EXPECT_EQ(manager_->inspect("front").ipam.config->front().subnet, "172.18.0.0/16");
  create("back");
  EXPECT_EQ(manager_->inspect("back").ipam.config->front().subnet, "172.19.0.0/16");
  EXPECT_NE(error_of(manager_->create([] {
              api::NetworkCreate request;
              request.name = "third";
              api::IpamPool pool;
              pool.subnet = "172.17.0.0/16";
              request.ipam.emplace();
              request.ipam->config = std::vector<api::IpamPool>{pool};
              return request;
            }()))
                .find("Pool overlaps with other one on this address space"),
            std::string::npos);
  EXPECT_FALSE(manager_->find("third").has_value());
}

TEST_F(ManagerTest, NamesAndIdsAreFoundAndTheExactNameWins) {
  const std::string id = create("front");
  EXPECT_EQ(manager_->get("front"), id);
  EXPECT_EQ(manager_->get(id.substr(0, 12)), id);
  EXPECT_FALSE(manager_->find("nothing").has_value());
  EXPECT_EQ(error_of(manager_->remove("nothing")), "network nothing not found");
}

TEST_F(ManagerTest, RefusesWhatDockerRefuses) {
  create("front", "10.9.0.0/24");
  api::NetworkCreate again;
  again.name = "front";
  EXPECT_EQ(error_of(manager_->create(again)), "network with name front already exists");
  EXPECT_EQ(error_of(manager_->remove("bridge")), "bridge is a pre-defined network and cannot be removed");
  api::NetworkCreate six;
  six.name = "six";
  six.enable_ipv6 = true;
  EXPECT_EQ(error_of(manager_->create(six)), "IPv6 networks are not supported yet: leave enable_ipv6 out");
  api::NetworkCreate bad;
  bad.name = "-bad";
  EXPECT_NE(error_of(manager_->create(bad)).find("invalid network name"), std::string::npos);
  EXPECT_EQ(links_of_ours().size(), 1u);
}

TEST_F(ManagerTest, ABridgeNameOfTheUserIsUsedAndACollisionIsAnError) {
  api::NetworkCreate request;
  request.name = "named";
  request.options["com.docker.network.bridge.name"] = "mybr0";
  run(manager_->create(request));
  EXPECT_TRUE(is_there("mybr0"));
  request.name = "other";
  EXPECT_EQ(error_of(manager_->create(request)), "network other: the interface mybr0 exists already");
  EXPECT_TRUE(is_there("mybr0"));
  run(manager_->remove("named"));
  EXPECT_FALSE(is_there("mybr0"));
}

TEST_F(ManagerTest, AttachGivesACompleteNamespace) {
  create("front");
  create("back", {}, true);
  const Attachment attached = attach(container("web", {"front", "back"}));
  ASSERT_EQ(attached.endpoints.size(), 2u);
  EXPECT_EQ(attached.endpoints[0].interface_name, "eth0");
  EXPECT_EQ(attached.endpoints[0].address.to_string(), "172.17.0.2");
  EXPECT_EQ(attached.endpoints[0].mac, "02:42:ac:11:00:02");
  EXPECT_TRUE(attached.endpoints[0].is_gateway);
  EXPECT_EQ(attached.endpoints[1].interface_name, "eth1");
  EXPECT_EQ(attached.endpoints[1].gateway, "");
  EXPECT_TRUE(attached.has_dns);
  EXPECT_EQ(attached.bridge_gateway, "172.17.0.1");
  const InNamespace inside(attached.netns.get());
  NetlinkSocket route(NETLINK_ROUTE);
  std::string links, routes;
  for (const Link& link : list_links(route)) links += link.name + ((link.flags & 1) != 0 ? " up " : " down ");
  for (const Route& entry : list_routes(route)) routes += entry.destination.to_string() + " ";
  EXPECT_EQ(links, "lo up eth0 up eth1 up ");
  EXPECT_EQ(routes, "0.0.0.0/0 172.17.0.0/16 172.18.0.0/16 ");
}

TEST_F(ManagerTest, DnsQueriesReachTheSocketsAndAnswersComeFromPort53) {
  create("front");
  const Attachment attached = attach(container("web", {"front"}));
  ASSERT_EQ(attached.sockets.size(), 2u);
  ASSERT_EQ(attached.sockets[0].name, "dns-udp");
  const InNamespace inside(attached.netns.get());
  const UniqueFd client(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_in server = ipv4("127.0.0.11", 53);
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server),
            0);  // takes answers from port 53 only
  ASSERT_EQ(::send(client.get(), "question", 8, 0), 8);
  char buffer[16];
  sockaddr_in from{};
  socklen_t size = sizeof from;
  pollfd waiting{attached.sockets[0].fd.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&waiting, 1, 2000), 1);
  ASSERT_EQ(::recvfrom(attached.sockets[0].fd.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size), 8);
  ASSERT_EQ(::sendto(attached.sockets[0].fd.get(), "answer", 6, 0, reinterpret_cast<sockaddr*>(&from), size), 6);
  pollfd answer{client.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&answer, 1, 2000), 1);
  EXPECT_EQ(::recv(client.get(), buffer, sizeof buffer, 0), 6);
  EXPECT_TRUE(connect_from(-1, "127.0.0.11", 53));  // TCP
}

TEST_F(ManagerTest, TheContainerMayListenOnPort53Itself) {
  create("front");
  const Attachment attached = attach(container("dns", {"front"}));
  EXPECT_TRUE(listen_in(attached.netns.get(), 53));
}

TEST_F(ManagerTest, NetworkModeNoneHasOnlyTheLoopback) {
  const Attachment attached = attach(container("lonely", {}));
  EXPECT_TRUE(attached.endpoints.empty());
  EXPECT_FALSE(attached.has_dns);
  EXPECT_TRUE(attached.sockets.empty());
  const UniqueFd listener = listen_in(attached.netns.get(), 80);
  EXPECT_TRUE(connect_from(attached.netns.get(), "127.0.0.1", 80));
  EXPECT_TRUE(links_of_ours().empty());
  run(manager_->detach(sha256_hex("lonely")));
}

TEST_F(ManagerTest, TheDefaultBridgeComesWithItsFirstContainerAndHasNoNames) {
  const Attachment attached = attach(container("web", {"bridge"}));
  EXPECT_TRUE(is_there(bridge_of("bridge")));
  EXPECT_FALSE(attached.has_dns);
  EXPECT_EQ(manager_->inspect("bridge").containers.at(sha256_hex("web")).ipv4_address, "172.17.0.2/16");
  EXPECT_EQ(names_->view(sha256_hex("web")), nullptr);
  const Attachment other = attach(container("other", {"bridge"}));
  run(manager_->detach(sha256_hex("web")));
  EXPECT_TRUE(is_there(bridge_of("bridge")));
  run(manager_->detach(sha256_hex("other")));  // and goes with the last one
  EXPECT_TRUE(links_of_ours().empty());
  EXPECT_TRUE(Nft().tables().empty());
  EXPECT_EQ(attach(container("web", {"bridge"})).endpoints[0].address.to_string(), "172.17.0.2");
  start_manager();  // nothing runs any more
  EXPECT_TRUE(links_of_ours().empty());
  const UniqueFd holder = listen_in(-1, 8080);
  EXPECT_NE(error_of(manager_->attach(container("web", {"bridge"}, {publish(8080, 80)}))), "");
  EXPECT_TRUE(links_of_ours().empty());
}

TEST_F(ManagerTest, TheDefaultBridgeTakesAnotherSubnetWhenItsLastOneIsTaken) {
  attach(container("web", {"bridge"}));
  run(manager_->detach(sha256_hex("web")));
  create("front");
  EXPECT_EQ(manager_->inspect("front").ipam.config->front().subnet, "172.17.0.0/16");
  EXPECT_EQ(attach(container("web", {"bridge"})).endpoints[0].address.to_string(), "172.18.0.2");
  EXPECT_EQ(manager_->inspect("bridge").ipam.config->front().subnet, "172.18.0.0/16");
}

TEST_F(ManagerTest, ADefaultBridgeThatVanishedUnderItsContainersComesBackOnAFreeSubnet) {
  std::vector<RunningContainer> running(1);
  running[0].netns = attach(container("web", {"bridge"})).netns;
  running[0].container_id = sha256_hex("web");
  LinkRemover().remove({bridge_of("bridge")});
  start_manager(std::move(running));
  create("front");
  EXPECT_EQ(manager_->inspect("front").ipam.config->front().subnet, "172.17.0.0/16");
  EXPECT_EQ(attach(container("next", {"bridge"})).endpoints[0].address.to_string(), "172.18.0.2");
  run(manager_->detach(sha256_hex("web")));
  run(manager_->detach(sha256_hex("next")));
  EXPECT_EQ(links_of_ours(), std::vector<std::string>{bridge_of("front")});
}

TEST_F(ManagerTest, ASubnetThatIsAskedForIsNotGivenToANeighbourOfTheSameMoment) {
  std::vector<asio::awaitable<std::string>> tasks;
  for (const char* name : {"any", "fixed"}) {
    api::NetworkCreate request;
    request.name = name;
    if (request.name == "fixed") {
      api::IpamPool pool;
      pool.subnet = "172.17.0.0/16";
      request.ipam.emplace();
      request.ipam->config = std::vector<api::IpamPool>{pool};
    }
    tasks.push_back(manager_->create(std::move(request)));
  }
  for (auto& result : run_together(std::move(tasks))) result.get();
  EXPECT_EQ(manager_->inspect("any").ipam.config->front().subnet, "172.18.0.0/16");
}

TEST_F(ManagerTest, AFullDiskLeavesNothingOfAFailedStartWhereverItStrikes) {
  for (int writes = 0; writes < 3; ++writes) {
    store_.writes_until_full = writes;
    EXPECT_EQ(error_of(manager_->attach(container("web", {"bridge"}, {publish(8080, 80)}))), "database or disk is full");
    EXPECT_TRUE(links_of_ours().empty()) << writes;
    EXPECT_TRUE(Nft().tables().empty()) << writes;
    EXPECT_TRUE(manager_->inspect("bridge").containers.empty()) << writes;
  }
  store_.writes_until_full = -1;
  EXPECT_EQ(attach(container("web", {"bridge"}, {publish(8080, 80)})).endpoints[0].address.to_string(), "172.17.0.2");
}

TEST_F(ManagerTest, AFullDiskKeepsNothingFromBeingRemoved) {
  create("front");
  attach(container("web", {"bridge"}));
  attach(container("db", {"front"}));
  store_.writes_until_full = 0;
  run(manager_->detach(sha256_hex("web")));
  run(manager_->detach(sha256_hex("db")));
  run(manager_->remove("front"));
  EXPECT_TRUE(links_of_ours().empty());
  EXPECT_TRUE(Nft().tables().empty());
}

TEST_F(ManagerTest, ANetworkThatCannotBeRecordedIsNotMade) {
  for (int writes = 0; writes < 2; ++writes) {
    store_.writes_until_full = writes;
    api::NetworkCreate request;
    request.name = "front";
    EXPECT_EQ(error_of(manager_->create(request)), "database or disk is full");
    EXPECT_FALSE(manager_->find("front").has_value());
    EXPECT_TRUE(links_of_ours().empty());
    EXPECT_TRUE(Nft().tables().empty());
  }
}

TEST_F(ManagerTest, TheDefaultBridgeGoesAndComesUnderConcurrentRequests) {
  attach(container("first", {"bridge"}));
  std::vector<asio::awaitable<void>> tasks;
  tasks.push_back(manager_->detach(sha256_hex("first")));
  for (int i = 0; i < 4; ++i) {
    const auto attach_it = [](Manager& manager, AttachRequest request) -> asio::awaitable<void> {
      co_await manager.attach(std::move(request));
    };
    tasks.push_back(attach_it(*manager_, container("c" + std::to_string(i), {"bridge"})));
  }
  for (auto& result : run_together(std::move(tasks))) result.get();
  std::set<std::string> addresses;
  for (int i = 0; i < 4; ++i)
    addresses.insert(manager_->endpoints(sha256_hex("c" + std::to_string(i))).at(0).address.to_string());
  EXPECT_EQ(addresses.size(), 4u);
  EXPECT_EQ(links_of_ours().size(), 5u);
  std::vector<asio::awaitable<void>> detaches;
  for (int i = 0; i < 4; ++i) detaches.push_back(manager_->detach(sha256_hex("c" + std::to_string(i))));
  for (auto& result : run_together(std::move(detaches))) result.get();
  EXPECT_TRUE(links_of_ours().empty());
}

TEST_F(ManagerTest, StaticAddressesAreGrantedOnce) {
  create("front", "10.9.0.0/24");
  AttachRequest request = container("a", {"front"});
  request.endpoints[0].ipv4_address = "10.9.0.77";
  request.endpoints[0].mac_address = "02:00:00:00:00:77";
  const Attachment attached = attach(request);
  EXPECT_EQ(attached.endpoints[0].address.to_string(), "10.9.0.77");
  EXPECT_EQ(attached.endpoints[0].mac, "02:00:00:00:00:77");
  AttachRequest second = container("b", {"front"});
  second.endpoints[0].ipv4_address = "10.9.0.77";
  EXPECT_EQ(error_of(manager_->attach(second)), "Address already in use: 10.9.0.77 on network front");
  second.endpoints[0].ipv4_address = "10.8.0.1";
  EXPECT_EQ(
      error_of(manager_->attach(second)),
      "invalid config for network front: invalid endpoint settings:\nno configured subnet or ip-range contain the IP address "
      "10.8.0.1");
  run(manager_->detach(sha256_hex("a")));
  second.endpoints[0].ipv4_address = "10.9.0.77";
  EXPECT_EQ(attach(second).endpoints[0].address.to_string(), "10.9.0.77");
}

TEST_F(ManagerTest, FiftyAtOnceGetDistinctAddressesAndLeaveNothing) {
  create("front");
  const auto links_before = links_of_ours();
  std::vector<asio::awaitable<Attachment>> attaches;
  for (std::uint16_t i = 0; i < 50; ++i)
    attaches.push_back(
        manager_->attach(container("c" + std::to_string(i), {"front"}, {publish(static_cast<std::uint16_t>(20000 + i), 80)})));
  std::set<std::string> addresses;
  std::vector<UniqueFd> namespaces;
  for (auto& result : run_together(std::move(attaches))) {
    Attachment attached = result.get();
    addresses.insert(attached.endpoints.at(0).address.to_string());
    namespaces.push_back(std::move(attached.netns));
  }
  EXPECT_EQ(addresses.size(), 50u);
  EXPECT_EQ(links_of_ours().size(), 51u);
  const UniqueFd listener = listen_in(namespaces[49].get(), 80);
  EXPECT_TRUE(connect_from(namespaces[0].get(), manager_->endpoints(sha256_hex("c49")).at(0).address.to_string(), 80));
  std::vector<asio::awaitable<void>> detaches;
  for (int i = 0; i < 50; ++i) detaches.push_back(manager_->detach(sha256_hex("c" + std::to_string(i))));
  for (auto& result : run_together(std::move(detaches))) result.get();
  EXPECT_EQ(links_of_ours(), links_before);
  EXPECT_TRUE(store_.attachments.empty());
  EXPECT_EQ(attach(container("again", {"front"})).endpoints[0].address.to_string(), "172.17.0.2");
  EXPECT_TRUE(manager_->inspect("front").containers.count(sha256_hex("again")) == 1);
}

TEST_F(ManagerTest, ANetworkInUseIsNotRemoved) {
  create("front");
  const Attachment attached = attach(container("web", {"front"}));
  EXPECT_EQ(error_of(manager_->remove("front")),
            "error while removing network: network front has active endpoints (name:\"web\" id:\"" +
                attached.endpoints[0].id.substr(0, 12) + "\")");
  run(manager_->detach(sha256_hex("web")));
  run(manager_->remove("front"));
  EXPECT_EQ(events_, (std::vector<std::string>{"create front", "connect front", "disconnect front", "destroy front"}));
}

TEST_F(ManagerTest, NamesOfAServiceAreVisibleOnItsNetworks) {
  create("front");
  create("back");
  AttachRequest web = container("shop-web-1", {"front"});
  web.endpoints[0].aliases = {"web", "www"};
  attach(web);
  attach(container("client", {"front", "back"}));
  attach(container("stranger", {"back"}));
  std::vector<dns::Address> found;
  EXPECT_TRUE(names_->view(sha256_hex("client"))->find("www", found));
  EXPECT_TRUE(names_->view(sha256_hex("client"))->find(sha256_hex("shop-web-1").substr(0, 12), found));
  EXPECT_FALSE(names_->view(sha256_hex("stranger"))->find("www", found));
  EXPECT_EQ(found.size(), 2u);
  manager_->rename(sha256_hex("shop-web-1"), "renamed");
  EXPECT_TRUE(names_->view(sha256_hex("client"))->find("renamed", found));
  EXPECT_FALSE(names_->view(sha256_hex("client"))->find("shop-web-1", found));
}

TEST_F(ManagerTest, AHostnameIsANameOnEveryNetworkOfItsContainer) {
  create("front");
  create("back");
  AttachRequest web = container("shop-web-1", {"front"});
  web.hostname = "lowly.example.com";
  attach(web);
  attach(container("client", {"front"}));
  attach(container("stranger", {"back"}));
  std::vector<dns::Address> found;
  EXPECT_TRUE(names_->view(sha256_hex("client"))->find("lowly.example.com", found));
  EXPECT_FALSE(names_->view(sha256_hex("stranger"))->find("lowly.example.com", found));
  EndpointRequest back;
  back.network = "back";
  run(manager_->connect(sha256_hex("shop-web-1"), back));
  EXPECT_TRUE(names_->view(sha256_hex("stranger"))->find("lowly.example.com", found));
  manager_->rename(sha256_hex("shop-web-1"), "renamed");
  EXPECT_TRUE(names_->view(sha256_hex("client"))->find("lowly.example.com", found));
}

TEST_F(ManagerTest, ARunningContainerIsConnectedAndDisconnected) {
  create("front");
  create("back");
  const Attachment web = attach(container("web", {"front"}, {publish(0, 80)}));
  const Attachment db = attach(container("db", {"back"}));
  const UniqueFd listener = listen_in(db.netns.get(), 5432);
  EXPECT_FALSE(connect_from(web.netns.get(), "172.18.0.2", 5432, brief));
  EndpointRequest back;
  back.network = "back";
  back.aliases = {"shop"};
  const Endpoint endpoint = run(manager_->connect(sha256_hex("web"), back)).endpoint;
  EXPECT_EQ(endpoint.interface_name, "eth1");
  EXPECT_TRUE(connect_from(web.netns.get(), "172.18.0.2", 5432));
  std::vector<dns::Address> found;
  EXPECT_TRUE(names_->view(sha256_hex("db"))->find("shop", found));
  EXPECT_EQ(error_of(manager_->connect(sha256_hex("web"), back)), "endpoint with name web already exists in network back");
  run(manager_->disconnect(sha256_hex("web"), "front"));  // the default route and the port move to what is left
  EXPECT_FALSE(names_->view(sha256_hex("web"))->find("nothing", found));
  const UniqueFd server = listen_in(web.netns.get(), 80);
  EXPECT_TRUE(connect_from(-1, "127.0.0.1", web.ports[0].host_port));
  EXPECT_EQ(error_of(manager_->disconnect(sha256_hex("web"), "front")),
            "container " + sha256_hex("web") + " is not connected to the network front");
  run(manager_->remove("front"));
}

TEST_F(ManagerTest, TheFirstNetworkWithNamesBringsTheDnsSockets) {
  create("front");
  create("back");
  const Attachment plain = attach(container("plain", {"bridge"}));
  EXPECT_FALSE(plain.has_dns);
  EXPECT_TRUE(plain.sockets.empty());
  EndpointRequest wanted;
  wanted.network = "front";
  const Connection first = run(manager_->connect(sha256_hex("plain"), wanted));
  ASSERT_EQ(first.dns.size(), 2u);
  EXPECT_EQ(first.dns[0].name + " " + first.dns[1].name, "dns-udp dns-tcp");
  wanted.network = "back";
  EXPECT_TRUE(run(manager_->connect(sha256_hex("plain"), wanted)).dns.empty());
}

TEST_F(ManagerTest, AFailedAttachLeavesNothing) {
  create("front");
  const UniqueFd holder = listen_in(-1, 8080);
  const std::string error = error_of(manager_->attach(container("web", {"front"}, {publish(8081, 81), publish(8080, 80)})));
  EXPECT_EQ(error,
            "driver failed programming external connectivity on endpoint web: Bind for 0.0.0.0:8080 failed: port is already "
            "allocated "
            "(held by engine_network_, pid " +
                std::to_string(::getpid()) + ")");
  EXPECT_EQ(links_of_ours().size(), 1u);
  EXPECT_TRUE(store_.attachments.empty());
  EXPECT_TRUE(manager_->inspect("front").containers.empty());
  EXPECT_TRUE(listen_in(-1, 8081));  // the other port is free again
  EXPECT_EQ(attach(container("next", {"front"})).endpoints[0].address.to_string(), "172.17.0.2");
}

TEST_F(ManagerTest, APortOfAnotherContainerNamesIt) {
  create("front");
  attach(container("first", {"front"}, {publish(8080, 80)}));
  EXPECT_EQ(error_of(manager_->attach(container("second", {"front"}, {publish(8080, 80, "127.0.0.1")}))),
            "driver failed programming external connectivity on endpoint second: Bind for 127.0.0.1:8080 failed: port is "
            "already allocated "
            "(held by container first)");
  run(manager_->detach(sha256_hex("first")));
  EXPECT_EQ(attach(container("second", {"front"}, {publish(8080, 80)})).ports.size(), 2u);
}

TEST_F(ManagerTest, RangesAndEphemeralPortsTakeTheFirstFreeOne) {
  create("front");
  const UniqueFd holder = listen_in(-1, 9000);
  PortRequest range = publish(9000, 80);
  range.host_port_last = 9003;
  const Attachment first = attach(container("a", {"front"}, {range}));
  const Attachment second = attach(container("b", {"front"}, {range}));
  EXPECT_EQ(first.ports[0].host_port, 9001);
  EXPECT_EQ(second.ports[0].host_port, 9002);
  const Attachment ephemeral = attach(container("c", {"front"}, {publish(0, 80)}));
  EXPECT_GE(ephemeral.ports[0].host_port, 32768);
  ASSERT_EQ(ephemeral.ports.size(), 2u);
  EXPECT_EQ(ephemeral.ports[0].host_ip, "0.0.0.0");
  EXPECT_EQ(ephemeral.ports[1].host_ip, "::");
  EXPECT_EQ(ephemeral.ports[1].host_port, ephemeral.ports[0].host_port);
}

TEST_F(ManagerTest, ADetachedContainersPortsAreFreeEvenWhileItsShimHoldsTheSockets) {
  create("front");
  PortRequest udp = publish(8080, 80);
  udp.protocol = Protocol::udp;
  const AttachRequest request = container("web", {"front"}, {publish(8080, 80), udp});
  const Attachment held = attach(request);
  run(manager_->detach(sha256_hex("web")));
  const Attachment again = attach(request);
  EXPECT_EQ(again.ports.size(), 4u);
  EXPECT_NE(error_of(manager_->attach(container("other", {"front"}, {udp}))).find("held by container web"), std::string::npos);
}

TEST_F(ManagerTest, AUdpPortOfAnotherProgramIsTaken) {
  create("front");
  const UniqueFd holder(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ASSERT_EQ(::setsockopt(holder.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
  const sockaddr_in address = ipv4("0.0.0.0", 8090);
  ASSERT_EQ(::bind(holder.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  PortRequest udp = publish(8090, 53);
  udp.protocol = Protocol::udp;
  EXPECT_NE(
      error_of(manager_->attach(container("web", {"front"}, {udp}))).find("port is already allocated (held by engine_network_"),
      std::string::npos);
}

TEST_F(ManagerTest, ARestartedEngineTakesOverWhatRunsAndRemovesTheRest) {
  create("front");
  Attachment web = attach(container("web", {"front"}, {publish(8080, 80)}));
  attach(container("crashed", {"front"}));
  const UniqueFd listener = listen_in(web.netns.get(), 80);
  std::vector<RunningContainer> running(1);
  running[0].container_id = sha256_hex("web");
  running[0].netns = std::move(web.netns);
  running[0].sockets = std::move(web.sockets);
  start_manager(std::move(running));
  EXPECT_EQ(manager_->endpoints(sha256_hex("web")).size(), 1u);
  EXPECT_TRUE(manager_->endpoints(sha256_hex("crashed")).empty());
  EXPECT_EQ(links_of_ours().size(), 2u);
  EXPECT_EQ(store_.attachments.size(), 1u);
  EXPECT_TRUE(connect_from(-1, "127.0.0.1", 8080));
  std::vector<dns::Address> found;
  EXPECT_TRUE(names_->view(sha256_hex("web"))->find("web", found));
  EXPECT_EQ(attach(container("next", {"front"})).endpoints[0].address.to_string(), "172.17.0.3");
  run(manager_->detach(sha256_hex("web")));
  run(manager_->detach(sha256_hex("next")));
  run(manager_->remove("front"));
  EXPECT_TRUE(links_of_ours().empty());
  EXPECT_TRUE(Nft().tables().empty());
}

TEST_F(ManagerTest, AfterARebootNetworksGetTheirBridgesAgain) {
  create("front", "10.9.0.0/24");
  manager_.reset();
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0);  // a fresh host
  pool_->join();
  pool_ = std::make_unique<asio::thread_pool>(4);
  start_manager();
  EXPECT_TRUE(is_there(bridge_of("front")));
  EXPECT_EQ(attach(container("web", {"front"})).endpoints[0].address.to_string(), "10.9.0.2");
}

TEST_F(ManagerTest, AHalfMadeNetworkIsRolledBackAtTheStart) {
  create("front");
  std::string& row = store_.networks.at(manager_->get("front"));
  row.replace(row.find("\"ready\""), 7, "\"creating\"");
  start_manager();
  EXPECT_FALSE(manager_->find("front").has_value());
  EXPECT_TRUE(links_of_ours().empty());
  EXPECT_TRUE(Nft().tables().empty());
}

TEST_F(ManagerTest, SeveralEnginesShareAHost) {
  create("front");
  const std::string bridge = bridge_of("front");
  MemoryStore other_store;
  ManagerOptions options;
  options.instance = "99887766";
  options.host_lock = lock_;
  Manager other(io_.get_executor(), *pool_, other_store, std::make_shared<NameTable>(), nullptr, options);
  run(other.restore({}));
  EXPECT_TRUE(is_there(bridge));
  api::NetworkCreate request;
  request.name = "front";
  run(other.create(request));
  EXPECT_EQ(other.inspect("front").ipam.config->front().subnet, "172.18.0.0/16");
  run(other.remove("front"));
  EXPECT_EQ(Nft().tables(), std::vector<std::string>{"stack-1a2b3c4d"});
}

}  // namespace stack::engine::network
