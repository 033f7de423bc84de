#pragma once
// What a container asks of the network manager and what it gets: plain data.
#include <cstdint>
#include <string>
#include <vector>

#include "base/net_address.hpp"
#include "base/unique_fd.hpp"
#include "engine/network/endpoint_options.hpp"

namespace stack::engine::network {

enum class Protocol : std::uint8_t { tcp, udp };
const char* to_string(Protocol protocol);  ///< "tcp"

/// One published port as requested.
struct PortRequest {
  std::string host_ip;                ///< empty: every address, both families
  std::uint16_t host_port_first = 0;  ///< 0: an ephemeral one, from 32768
  std::uint16_t host_port_last = 0;   ///< more than first: the first free one of the range
  std::uint16_t container_port = 0;
  Protocol protocol = Protocol::tcp;
};

/// One published port as it is. A request without an address gives two: "0.0.0.0" and "::", same port.
struct PortBinding {
  std::string host_ip;
  std::uint16_t host_port = 0;
  std::uint16_t container_port = 0;
  Protocol protocol = Protocol::tcp;
};

struct EndpointRequest {
  std::string network;               ///< name, id or unambiguous id prefix
  std::vector<std::string> aliases;  ///< names on this network beside the container's name and short id
  std::string ipv4_address;          ///< empty: a free one
  std::string mac_address;           ///< empty: derived from the address, so that neighbours' caches stay right
  int gateway_priority = 0;          ///< the endpoint with the highest gives the default route
  std::string interface_name;        ///< empty: the next free ethN
  std::vector<std::string> link_local_ips;
  std::string sysctls;             ///< "net.ipv4.conf.IFNAME.log_martians=1,…"
  std::vector<std::string> links;  ///< "container:alias": names that this container alone knows
};

struct AttachRequest {
  std::string container_id;                ///< 64 hex digits
  std::string container_name;              ///< without the leading '/'
  std::string hostname;                    ///< a name on its networks too; empty: none beside the others
  std::vector<EndpointRequest> endpoints;  ///< eth0, eth1, … in this order; none: loopback only (network_mode none)
  std::vector<PortRequest> ports;
  std::vector<std::string> dns;  ///< nameservers of this container instead of the host's
};

/// One interface of a container.
struct Endpoint {
  std::string id;  ///< 64 hex digits
  std::string network_id;
  std::string network_name;
  std::string interface_name;  ///< inside: "eth0"
  std::string host_interface;  ///< the bridge's end of the veth pair
  std::uint32_t index = 0;     ///< interface index inside
  Ipv4 address;
  std::uint8_t prefix_length = 0;
  std::string mac;
  std::string gateway;                 ///< empty on internal networks
  bool is_gateway = false;             ///< the default route and the published ports go through this one
  std::vector<std::string> aliases;    ///< as asked for
  std::vector<std::string> dns_names;  ///< container name, aliases, short id, hostname; empty on the default bridge
  std::vector<std::string> links;      ///< "container:alias"
  // needed once, when the interface is made
  std::vector<Ipv4> link_local;
  std::vector<InterfaceSysctl> sysctls;
};

/// A socket that the container's shim keeps open and hands back to a restarted engine.
struct HeldSocket {
  std::string name;              ///< "dns-udp", "dns-tcp", "tcp:0.0.0.0:8080", "udp:[::]:53"
  UniqueFd fd;                   ///< listening (TCP) or bound (UDP)
  std::string relay_address;     ///< the container's address; empty: the shim only holds the socket
  std::uint16_t relay_port = 0;  ///< the container's port
};

struct Attachment {
  UniqueFd netns;                   ///< complete: interfaces up, addresses, routes, DNS redirection, sysctls
  std::vector<Endpoint> endpoints;  ///< in the order of the request
  std::vector<PortBinding> ports;
  std::vector<HeldSocket> sockets;
  bool has_dns = false;        ///< the container's resolv.conf says 127.0.0.11
  std::string bridge_gateway;  ///< what "host-gateway" means in extra_hosts; empty without a gateway
};

/// What Manager::connect adds to an attachment.
struct Connection {
  Endpoint endpoint;
  std::vector<HeldSocket> dns;  ///< when this is the container's first network with names: 127.0.0.11 answers from now on
};

/// A container that was found running when the engine started.
struct RunningContainer {
  std::string container_id;
  UniqueFd netns;                   ///< of its first process
  std::vector<HeldSocket> sockets;  ///< taken back from the shim; `name` says which
};

}  // namespace stack::engine::network
