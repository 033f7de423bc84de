#pragma once
// Reserving ports of the host. Everything blocks for some system calls only.
#include <optional>
#include <string>
#include <vector>

#include "engine/network/attachment.hpp"

namespace stack::engine::network {

struct ReservedPort {
  PortRequest request;
  std::uint16_t host_port = 0;
  std::vector<PortBinding> bindings;  ///< one per address family
  std::vector<HeldSocket> sockets;    ///< TCP ones listen; relay targets are not set
};

/// Binds the port of a request, or a free one of its range, on the requested address (none: 0.0.0.0 and [::]). Throws conflict
/// `Bind for 0.0.0.0:8080 failed: port is already allocated (held by nginx, pid 12)`.
ReservedPort reserve_port(const PortRequest& request);

/// Gives reserved ports back, through duplicates of their sockets, even while a shim still holds the sockets themselves: a TCP
/// listener that is shut down and a UDP socket marked as reusable do not keep reserve_port() from binding the port again.
void release_ports(std::vector<UniqueFd>& sockets);

/// Who listens on a port of the host: "nginx, pid 12"; empty: nobody that /proc shows.
std::string port_holder(Protocol protocol, std::uint16_t port);

/// "0.0.0.0:8080", "[::1]:80"
std::string join_host_port(const std::string& host, std::uint16_t port);

}  // namespace stack::engine::network
