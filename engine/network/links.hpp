#pragma once
// Interfaces, addresses and routes: messages for a netlink batch, and dumps of what is there.
#include <optional>
#include <string>
#include <vector>

#include "base/net_address.hpp"
#include "engine/network/netlink.hpp"

namespace stack::engine::network {

void add_bridge(NetlinkBatch& batch, const std::string& name, const Mac& mac, std::uint32_t mtu);  ///< up; mtu 0: the default

struct VethSpec {
  std::string host_name;
  std::uint32_t bridge_index = 0;
  int netns_fd = -1;              ///< where the other end is created
  std::string inner_name;         ///< "eth0"
  std::uint32_t inner_index = 0;  ///< 0: the kernel chooses
  Mac inner_mac{};
  std::uint32_t mtu = 0;
};
/// The host's end up and in the bridge, the other one down, at once in its namespace: one message.
void add_veth(NetlinkBatch& batch, const VethSpec& veth);
void set_hairpin(NetlinkBatch& batch, const std::string& port_name);  ///< frames may leave by the port they came in by
void set_up(NetlinkBatch& batch, std::uint32_t index);
void set_group(NetlinkBatch& batch, const std::string& name, std::uint32_t group);
void delete_group(NetlinkBatch& batch, std::uint32_t group);  ///< one pass of the kernel for all its links
void delete_link(NetlinkBatch& batch, const std::string& name);
void add_address(NetlinkBatch& batch, std::uint32_t index, const Ipv4Subnet& address);
void remove_address(NetlinkBatch& batch, std::uint32_t index, const Ipv4Subnet& address);
void add_route(NetlinkBatch& batch, std::uint32_t index, const Ipv4Subnet& destination, Ipv4 gateway);
void replace_default_route(NetlinkBatch& batch, std::uint32_t index, Ipv4 gateway);

struct Link {
  std::uint32_t index = 0;
  std::uint32_t master = 0;
  std::uint32_t flags = 0;  ///< IFF_UP …
  std::string name;
  std::string kind;  ///< "bridge", "veth"
};
std::vector<Link> list_links(NetlinkSocket& socket);
struct LinkAddress {
  std::uint32_t index = 0;
  Ipv4Subnet address;
};
std::vector<LinkAddress> list_addresses(NetlinkSocket& socket);  ///< IPv4
struct Route {
  Ipv4Subnet destination;
  std::uint32_t index = 0;  ///< of the outgoing interface; 0: several or none
};
std::vector<Route> list_routes(NetlinkSocket& socket);                         ///< IPv4, unicast, all tables but "local"
std::uint32_t get_link_index(NetlinkSocket& socket, const std::string& name);  ///< in the socket's namespace; throws not_found
std::optional<std::uint32_t> find_link_index(const std::string& name);         ///< in the calling thread's namespace

}  // namespace stack::engine::network
