#pragma once
// Inside a container's namespace: what is sent to 127.0.0.11:53 arrives at a high port, where the DNS server's sockets are
// bound, because the container may bind port 53 on every address itself.
#include <cstdint>

#include "base/unique_fd.hpp"
#include "engine/network/netlink.hpp"

namespace stack::engine::network {

struct DnsSockets {
  UniqueFd udp;  ///< bound to 127.0.0.11
  UniqueFd tcp;  ///< listening there, on the same port
  std::uint16_t port = 0;
};

/// In the calling thread's namespace, whose loopback must be up.
DnsSockets open_dns_sockets();

/// Stateless rewriting of the port, both ways: no connection tracking is set up in the container's namespace, which would cost
/// every packet of the container, not only DNS. `netfilter` is a NETLINK_NETFILTER socket of that namespace.
void install_dns_redirect(NetlinkSocket& netfilter, std::uint16_t port);

}  // namespace stack::engine::network
