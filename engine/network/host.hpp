#pragma once
// The blocking half of the manager: one batch of requests becomes one netlink batch and one firewall transaction.
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/net_address.hpp"
#include "engine/network/endpoint_options.hpp"
#include "engine/network/firewall.hpp"
#include "engine/network/link_remover.hpp"
#include "engine/network/links.hpp"
#include "engine/network/netns.hpp"
#include "engine/network/ports.hpp"

namespace stack::engine::network {

struct BridgeWork {
  std::string name;
  std::string network;               ///< for messages
  std::optional<Ipv4Subnet> subnet;  ///< empty: one is chosen
  std::optional<Ipv4> gateway;       ///< empty: the first address
  std::uint32_t mtu = 0;
  FirewallNetwork firewall;  ///< its subnet is filled in
  bool created = false;      ///< output
};

struct EndpointWork {
  VethSpec veth;       ///< bridge_index is looked up by
  std::string bridge;  ///< this name
  Ipv4Subnet address;
  std::optional<Ipv4> default_route;
  std::vector<Ipv4Subnet> more_addresses;
  std::vector<InterfaceSysctl> sysctls;
  bool hairpin = false;  ///< for containers that reach themselves by their own published port
};

/// One request of a batch: any combination of the parts. Outputs are valid when `error` is null; else what the request had done
/// is undone.
struct Work {
  std::vector<std::string> remove_links;
  FirewallChange firewall;
  std::optional<BridgeWork> bridge;
  NetlinkSocket* inside = nullptr;  ///< of the container's namespace, when there are endpoints or a route to set
  std::vector<EndpointWork> endpoints;
  std::optional<std::pair<std::uint32_t, Ipv4>> default_route;  ///< (interface index inside, gateway): after links were removed
  std::vector<PortRequest> ports;
  Ipv4 port_target;
  std::string container_name;  ///< for messages about ports

  std::vector<ReservedPort> reserved;  ///< output
  std::exception_ptr error;            ///< output
};

/// Called by one pool thread at a time, in the host's network namespace.
class Host {
public:
  /// `table`: of the firewall; `bridge_pattern`: what names of our bridges begin with; `lock`: path of the host-wide lock.
  Host(std::string table, std::string bridge_pattern, std::string lock);

  /// `subnets`: of all our networks, whether their bridges exist or not. Throws nothing: see Work::error.
  void run(std::span<Work* const> batch, const std::vector<Ipv4Subnet>& subnets);

  /// Takes over the host from a predecessor: removes links with one of the prefixes that are not in `keep`, and makes the
  /// firewall from scratch. Returns the names of the bridges that are there.
  std::vector<std::string> adopt(const std::vector<std::string>& prefixes, const std::vector<std::string>& keep,
                                 const std::vector<FirewallNetwork>& networks, const std::vector<FirewallPort>& ports);

private:
  void create_bridges(NetlinkSocket& route, std::span<Work* const> batch, const std::vector<Ipv4Subnet>& subnets);
  void create_bridge(NetlinkSocket& route, Work& work);
  void reserve_ports(Work& work);
  void create_endpoints(NetlinkSocket& route, std::span<Work* const> batch);
  void configure_inside(Work& work);
  void change_firewall(std::span<Work* const> batch);
  void undo(Work& work);
  Firewall firewall_;
  LinkRemover remover_;
  std::string lock_;
};

/// What DNAT does for reserved ports (IPv4 ones).
std::vector<FirewallPort> firewall_ports(const std::vector<PortBinding>& bindings, Ipv4 target);

}  // namespace stack::engine::network
