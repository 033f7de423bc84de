#pragma once
// What is known of a network and of an attachment, in memory and as the JSON that a restarted engine reads.
#include <optional>
#include <string>
#include <vector>

#include "base/net_address.hpp"
#include "engine/api/types.hpp"
#include "engine/network/attachment.hpp"
#include "engine/network/firewall.hpp"

namespace stack::engine::network {

inline constexpr const char* option_bridge_name = "com.docker.network.bridge.name";
inline constexpr const char* option_masquerade = "com.docker.network.bridge.enable_ip_masquerade";
inline constexpr const char* option_icc = "com.docker.network.bridge.enable_icc";
inline constexpr const char* option_mtu = "com.docker.network.driver.mtu";
inline constexpr const char* option_host_binding = "com.docker.network.bridge.host_binding_ipv4";

struct NetworkRecord {
  enum class State { creating, ready, removing };
  api::NetworkResource resource;  ///< without containers; ipam as in force, with subnet and gateway
  State state = State::creating;
  std::string bridge;       ///< interface; empty for host and none
  bool predefined = false;  ///< bridge, host, none: made by the engine
  Ipv4Subnet subnet;        ///< network address; 0.0.0.0/0 while none is chosen
  Ipv4 gateway;             ///< the bridge's address
  std::optional<Ipv4Subnet> range;
  std::vector<Ipv4> auxiliary;

  bool is_bridge() const { return resource.driver == "bridge"; }
  bool has_subnet() const { return subnet.bits != 0; }
  std::uint32_t mtu() const;  ///< 0: the kernel's default
  FirewallNetwork firewall() const;
  std::string to_json() const;
  static NetworkRecord from_json(const std::string& text);
};

/// A request, checked: throws invalid_argument, or not_implemented for what this engine does not do (other drivers, IPv6).
NetworkRecord make_network(const api::NetworkCreate& request, const std::string& id, const std::string& bridge_prefix);
/// "bridge", "host", "none", and "default", which stands for bridge.
bool is_predefined_name(const std::string& name);
/// One of the networks every engine has: "bridge", "host", "none".
NetworkRecord make_predefined(const std::string& name, const std::string& id, const std::string& bridge_prefix);

/// A subnet and what goes with it; the gateway is the first address unless the record says otherwise.
void set_subnet(NetworkRecord& record, Ipv4Subnet subnet);

void forget_subnet(NetworkRecord& record);

struct AttachmentRecord {
  std::string container_id;
  std::string container_name;
  std::string hostname;
  std::vector<Endpoint> endpoints;
  std::vector<int> priorities;  ///< gateway_priority of each endpoint
  std::vector<PortBinding> ports;
  std::vector<std::string> dns;
  bool has_dns = false;
  bool complete = false;  ///< false: was being attached

  std::string to_json() const;
  static AttachmentRecord from_json(const std::string& text);
};

/// Names of an endpoint on a user-defined network: the container's, then aliases, its short id and its hostname.
std::vector<std::string> dns_names(const std::string& container_name, const std::string& container_id,
                                   const std::vector<std::string>& aliases, const std::string& hostname);

}  // namespace stack::engine::network
