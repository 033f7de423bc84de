#pragma once
// Network namespaces of containers. Everything here blocks and is called in a pool thread.
#include <memory>

#include "base/unique_fd.hpp"
#include "engine/network/dns_redirect.hpp"
#include "engine/network/netlink.hpp"

namespace stack::engine::network {

/// The calling thread works in another namespace until the end of the scope.
class InNamespace {
public:
  explicit InNamespace(int netns_fd);
  ~InNamespace();  ///< a thread that cannot come back would do damage: it ends the process
  InNamespace(const InNamespace&) = delete;
  InNamespace& operator=(const InNamespace&) = delete;

private:
  UniqueFd home_;
};

struct ContainerNamespace {
  UniqueFd fd;
  DnsSockets dns;                        ///< empty without DNS
  std::unique_ptr<NetlinkSocket> route;  ///< works inside it
};

/// A new namespace with Docker's sysctls (unprivileged low ports and ping; no IPv6 on interfaces to come) and the loopback up.
ContainerNamespace create_namespace(bool with_dns);

/// The same DNS sockets and redirection in a namespace that has none yet. All or nothing.
DnsSockets add_dns(int netns_fd);

/// Writes a file below /proc/sys in the calling thread's namespace; false: there is no such setting, or it is read-only.
bool write_sysctl(const std::string& path, std::string_view value);

}  // namespace stack::engine::network
