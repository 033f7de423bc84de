#include "engine/network/netns.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>

#include <cstdlib>

#include "base/error.hpp"
#include "base/log.hpp"
#include "engine/network/links.hpp"

namespace stack::engine::network {

namespace {

UniqueFd open_current() {
  UniqueFd fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd) throw errno_error("open the thread's network namespace");
  return fd;
}

/// In the calling thread's namespace.
DnsSockets open_redirected_sockets() {
  DnsSockets sockets = open_dns_sockets();
  NetlinkSocket netfilter(NETLINK_NETFILTER);
  install_dns_redirect(netfilter, sockets.port);
  return sockets;
}

}  // namespace

InNamespace::InNamespace(int netns_fd) : home_(open_current()) {
  if (::setns(netns_fd, CLONE_NEWNET) != 0) throw errno_error("enter the container's network namespace");
}

InNamespace::~InNamespace() {
  if (::setns(home_.get(), CLONE_NEWNET) == 0) return;
  log::error("a thread cannot return to the host's network namespace: {}", errno);
  std::abort();
}

bool write_sysctl(const std::string& path, std::string_view value) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
}

ContainerNamespace create_namespace(bool with_dns) {
  const UniqueFd home = open_current();
  const InNamespace guard(home.get());  // brings the thread back from the unshare below, too
  if (::unshare(CLONE_NEWNET) != 0) throw errno_error("create a network namespace");
  ContainerNamespace created;
  created.fd = open_current();
  created.route = std::make_unique<NetlinkSocket>(NETLINK_ROUTE);
  // Before anything binds: without local routes the kernel takes 127.0.0.11 for a broadcast address and picks another source.
  NetlinkBatch batch;
  constexpr std::uint32_t loopback_index = 1;
  set_up(batch, loopback_index);
  if (const auto errors = created.route->transact(batch); !errors.empty())
    throw errno_error("bring the loopback up", errors.front().error);
  write_sysctl("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
  write_sysctl("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
  write_sysctl("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
  if (with_dns) created.dns = open_redirected_sockets();
  return created;
}

DnsSockets add_dns(int netns_fd) {
  const InNamespace inside(netns_fd);
  return open_redirected_sockets();
}

}  // namespace stack::engine::network
