#include "engine/network/links.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include <cstring>

namespace stack::engine::network {

namespace {

ifinfomsg link_header(std::uint32_t index = 0, unsigned flags = 0, unsigned change = 0) {
  ifinfomsg head{};
  head.ifi_family = AF_UNSPEC;
  head.ifi_index = static_cast<int>(index);
  head.ifi_flags = flags;
  head.ifi_change = change;
  return head;
}

/// Attributes follow a header whose size is a multiple of 4.
template <class Header>
std::span<const char> after_header(std::span<const char> body) {
  return body.size() < sizeof(Header) ? std::span<const char>{} : body.subspan(sizeof(Header));
}

std::string text_of(std::span<const char> data) { return {data.data(), strnlen(data.data(), data.size())}; }

}  // namespace

void add_bridge(NetlinkBatch& batch, const std::string& name, const Mac& mac, std::uint32_t mtu) {
  batch.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  batch.header(link_header(0, IFF_UP, IFF_UP));
  batch.attr_string(IFLA_IFNAME, name);
  batch.attr(IFLA_ADDRESS, mac.data(),
             mac.size());  // fixed: else it changes with the ports, and containers' ARP caches go wrong
  if (mtu != 0) batch.attr_u32(IFLA_MTU, mtu);
  const std::size_t info = batch.nest(IFLA_LINKINFO);
  batch.attr(IFLA_INFO_KIND, std::string_view("bridge"));
  batch.end(info);
}

void add_veth(NetlinkBatch& batch, const VethSpec& veth) {
  batch.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  batch.header(link_header(0, IFF_UP, IFF_UP));
  batch.attr_string(IFLA_IFNAME, veth.host_name);
  batch.attr_u32(IFLA_MASTER, veth.bridge_index);
  if (veth.mtu != 0) batch.attr_u32(IFLA_MTU, veth.mtu);
  const std::size_t info = batch.nest(IFLA_LINKINFO);
  batch.attr(IFLA_INFO_KIND, std::string_view("veth"));
  const std::size_t data = batch.nest(IFLA_INFO_DATA);
  const std::size_t peer = batch.nest(VETH_INFO_PEER);
  batch.header(
      link_header(veth.inner_index));  // not up: the kernel configures it before the two ends know each other (ENOTCONN)
  batch.attr_string(IFLA_IFNAME, veth.inner_name);
  batch.attr(IFLA_ADDRESS, veth.inner_mac.data(), veth.inner_mac.size());
  if (veth.mtu != 0) batch.attr_u32(IFLA_MTU, veth.mtu);
  batch.attr_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(veth.netns_fd));
  batch.end(peer);
  batch.end(data);
  batch.end(info);
}

void set_hairpin(NetlinkBatch& batch, const std::string& port_name) {
  batch.begin(RTM_SETLINK, 0);
  ifinfomsg head = link_header();
  head.ifi_family = AF_BRIDGE;
  head.ifi_index = static_cast<int>(::if_nametoindex(port_name.c_str()));
  batch.header(head);
  const std::size_t port = batch.nest(IFLA_PROTINFO);
  batch.attr_u8(IFLA_BRPORT_MODE, 1);
  batch.end(port);
}

void set_up(NetlinkBatch& batch, std::uint32_t index) {
  batch.begin(RTM_NEWLINK, 0);
  batch.header(link_header(index, IFF_UP, IFF_UP));
}

void set_group(NetlinkBatch& batch, const std::string& name, std::uint32_t group) {
  batch.begin(RTM_SETLINK, 0);
  batch.header(link_header());
  batch.attr_string(IFLA_IFNAME, name);
  batch.attr_u32(IFLA_GROUP, group);
}

void delete_group(NetlinkBatch& batch, std::uint32_t group) {
  batch.begin(RTM_DELLINK, 0);
  batch.header(link_header());
  batch.attr_u32(IFLA_GROUP, group);
}

void delete_link(NetlinkBatch& batch, const std::string& name) {
  batch.begin(RTM_DELLINK, 0);
  batch.header(link_header());
  batch.attr_string(IFLA_IFNAME, name);
}

namespace {

void address_message(NetlinkBatch& batch, std::uint16_t type, std::uint16_t flags, std::uint32_t index,
                     const Ipv4Subnet& address) {
  batch.begin(type, flags);
  ifaddrmsg head{};
  head.ifa_family = AF_INET;
  head.ifa_prefixlen = address.bits;
  head.ifa_index = index;
  batch.header(head);
  const auto bytes = address.address.bytes();
  batch.attr(IFA_LOCAL, bytes.data(), bytes.size());
  batch.attr(IFA_ADDRESS, bytes.data(), bytes.size());
}

}  // namespace

void add_address(NetlinkBatch& batch, std::uint32_t index, const Ipv4Subnet& address) {
  address_message(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, address);
  const auto broadcast = address.last().bytes();
  if (address.bits < 31) batch.attr(IFA_BROADCAST, broadcast.data(), broadcast.size());
}

void remove_address(NetlinkBatch& batch, std::uint32_t index, const Ipv4Subnet& address) {
  address_message(batch, RTM_DELADDR, 0, index, address);
}

void replace_default_route(NetlinkBatch& batch, std::uint32_t index, Ipv4 gateway) { add_route(batch, index, {}, gateway); }

void add_route(NetlinkBatch& batch, std::uint32_t index, const Ipv4Subnet& destination, Ipv4 gateway) {
  batch.begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  rtmsg head{};
  head.rtm_family = AF_INET;
  head.rtm_dst_len = destination.bits;
  head.rtm_table = RT_TABLE_MAIN;
  head.rtm_protocol = RTPROT_BOOT;
  head.rtm_scope = RT_SCOPE_UNIVERSE;
  head.rtm_type = RTN_UNICAST;
  batch.header(head);
  const auto bytes = gateway.bytes();
  const auto network = destination.network().bytes();
  if (destination.bits != 0) batch.attr(RTA_DST, network.data(), network.size());
  batch.attr(RTA_GATEWAY, bytes.data(), bytes.size());
  batch.attr_u32(RTA_OIF, index);
}

std::vector<Link> list_links(NetlinkSocket& socket) {
  NetlinkBatch request;
  request.begin(RTM_GETLINK, 0);
  request.header(link_header());
  std::vector<Link> links;
  socket.dump(request, [&](const NetlinkReply& reply) {
    if (reply.type != RTM_NEWLINK) return;
    const auto head = read_as<ifinfomsg>(reply.body);
    Link link{static_cast<std::uint32_t>(head.ifi_index), 0, head.ifi_flags, {}, {}};
    each_attr(after_header<ifinfomsg>(reply.body), [&](std::uint16_t type, std::span<const char> data) {
      if (type == IFLA_IFNAME) link.name = text_of(data);
      if (type == IFLA_MASTER) link.master = read_as<std::uint32_t>(data);
      if (type != IFLA_LINKINFO) return;
      each_attr(data, [&](std::uint16_t inner, std::span<const char> kind) {
        if (inner == IFLA_INFO_KIND) link.kind = text_of(kind);
      });
    });
    links.push_back(std::move(link));
  });
  return links;
}

std::vector<LinkAddress> list_addresses(NetlinkSocket& socket) {
  NetlinkBatch request;
  request.begin(RTM_GETADDR, 0);
  ifaddrmsg head{};
  head.ifa_family = AF_INET;
  request.header(head);
  std::vector<LinkAddress> addresses;
  socket.dump(request, [&](const NetlinkReply& reply) {
    if (reply.type != RTM_NEWADDR) return;
    const auto got = read_as<ifaddrmsg>(reply.body);
    LinkAddress address{got.ifa_index, {{}, got.ifa_prefixlen}};
    each_attr(after_header<ifaddrmsg>(reply.body), [&](std::uint16_t type, std::span<const char> data) {
      if (type == IFA_LOCAL && data.size() >= 4) address.address.address = Ipv4::from_bytes(data.data());
    });
    addresses.push_back(address);
  });
  return addresses;
}

std::vector<Route> list_routes(NetlinkSocket& socket) {
  NetlinkBatch request;
  request.begin(RTM_GETROUTE, 0);
  rtmsg head{};
  head.rtm_family = AF_INET;
  request.header(head);
  std::vector<Route> routes;
  socket.dump(request, [&](const NetlinkReply& reply) {
    if (reply.type != RTM_NEWROUTE) return;
    const auto got = read_as<rtmsg>(reply.body);
    if (got.rtm_type != RTN_UNICAST || got.rtm_table == RT_TABLE_LOCAL) return;
    Route route{{{}, got.rtm_dst_len}, 0};
    each_attr(after_header<rtmsg>(reply.body), [&](std::uint16_t type, std::span<const char> data) {
      if (type == RTA_DST && data.size() >= 4) route.destination.address = Ipv4::from_bytes(data.data());
      if (type == RTA_OIF) route.index = read_as<std::uint32_t>(data);
    });
    routes.push_back(route);
  });
  return routes;
}

std::uint32_t get_link_index(NetlinkSocket& socket, const std::string& name) {
  NetlinkBatch request;
  request.begin(RTM_GETLINK, 0);
  request.header(link_header());
  request.attr_string(IFLA_IFNAME, name);
  const std::vector<char> body = socket.request(request);
  return static_cast<std::uint32_t>(read_as<ifinfomsg>(body).ifi_index);
}

std::optional<std::uint32_t> find_link_index(const std::string& name) {
  const unsigned index = ::if_nametoindex(name.c_str());
  return index == 0 ? std::nullopt : std::optional<std::uint32_t>(index);
}

}  // namespace stack::engine::network
