#include "engine/network/ports.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>

#include "base/error.hpp"

namespace stack::engine::network {

namespace {

constexpr std::uint16_t first_ephemeral = 32768;
constexpr std::uint16_t last_ephemeral = 60999;
constexpr int backlog = 4096;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

std::optional<SocketAddress> socket_address(const std::string& ip, std::uint16_t port) {
  SocketAddress address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (::inet_pton(AF_INET, ip.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof *v4;
    return address;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET6, ip.c_str(), &v6->sin6_addr) != 1) return std::nullopt;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  address.size = sizeof *v6;
  return address;
}

/// UDP ports that release_ports() gave back: only for these may a new socket share the port with what is left of the old one.
class ReleasedUdpPorts {
public:
  void add(std::uint16_t port) {
    const std::lock_guard lock(mutex_);
    ports_.insert(port);
  }
  bool has(std::uint16_t port) {
    const std::lock_guard lock(mutex_);
    return ports_.count(port) > 0;
  }

private:
  std::mutex mutex_;  // released on the loop thread, asked in the pool
  std::set<std::uint16_t> ports_;
};
ReleasedUdpPorts& released_udp_ports() {
  static ReleasedUdpPorts ports;
  return ports;
}

int get_option(int fd, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

void set_reusable(int fd, int on) { ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); }

/// An open socket, or the errno.
struct Bound {
  UniqueFd fd;
  int error = 0;
};

Bound bind_one(const std::string& ip, std::uint16_t port, Protocol protocol) {
  const auto address = socket_address(ip, port);
  if (!address) throw Error(ErrorCode::invalid_argument, "invalid published address " + ip);
  const bool tcp = protocol == Protocol::tcp;
  const int family = address->storage.ss_family;
  UniqueFd fd(::socket(family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return {{}, errno};
  const int on = 1;
  if (family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  // Connections of a predecessor that linger in TIME_WAIT do not hold the port; a listener does.
  if (tcp) set_reusable(fd.get(), 1);
  const auto bind_it = [&] {
    return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address->storage), address->size) == 0;
  };
  if (!bind_it()) {
    if (tcp || errno != EADDRINUSE || !released_udp_ports().has(port)) return {{}, errno};
    set_reusable(fd.get(), 1);
    if (!bind_it()) return {{}, errno};
    set_reusable(fd.get(), 0);
  }
  if (tcp && ::listen(fd.get(), backlog) != 0) return {{}, errno};
  return {std::move(fd), 0};
}

/// Both families, or the one address. The errno of the first that fails; a host without IPv6 is no failure.
int try_port(const PortRequest& request, std::uint16_t port, ReservedPort& reserved) {
  const bool any = request.host_ip.empty();
  std::vector<std::string> addresses{any ? "0.0.0.0" : request.host_ip};
  if (any) addresses.push_back("::");
  reserved = ReservedPort{request, port, {}, {}};
  for (const std::string& address : addresses) {
    Bound bound = bind_one(address, port, request.protocol);
    if (!bound.fd) {
      if (any && address == "::" && (bound.error == EAFNOSUPPORT || bound.error == EADDRNOTAVAIL)) continue;
      return bound.error;
    }
    HeldSocket held;
    held.name = std::string(to_string(request.protocol)) + ":" + join_host_port(address, port);
    held.fd = std::move(bound.fd);
    reserved.sockets.push_back(std::move(held));
    reserved.bindings.push_back({address, port, request.container_port, request.protocol});
  }
  return 0;
}

Error bind_error(const PortRequest& request, std::uint16_t port, int error) {
  const std::string host = request.host_ip.empty() ? "0.0.0.0" : request.host_ip;
  const std::string what = "Bind for " + join_host_port(host, port) + " failed: ";
  if (error == EADDRNOTAVAIL) return {ErrorCode::invalid_argument, what + "this host has no address " + host};
  if (error != EADDRINUSE) return {ErrorCode::internal, what + std::strerror(error)};
  const std::string holder = port_holder(request.protocol, port);
  return {ErrorCode::conflict, what + "port is already allocated" + (holder.empty() ? "" : " (held by " + holder + ")")};
}

/// Inodes of sockets that hold the port, from one of /proc/net/{tcp,tcp6,udp,udp6}.
void collect_inodes(const char* file, bool tcp, std::uint16_t port, std::set<std::string>& inodes) {
  std::ifstream input(file);
  std::string line;
  std::getline(input, line);
  while (std::getline(input, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, skip, inode;
    fields >> slot >> local >> remote >> state;
    for (int i = 0; i < 5; ++i) fields >> skip;
    fields >> inode;
    const std::size_t colon = local.rfind(':');
    if (colon == std::string::npos || std::strtoul(local.c_str() + colon + 1, nullptr, 16) != port) continue;
    if (tcp && state != "0A") continue;  // TCP_LISTEN
    inodes.insert("socket:[" + inode + "]");
  }
}

bool holds_socket(const std::string& pid, const std::set<std::string>& inodes) {
  const std::string folder = "/proc/" + pid + "/fd";
  DIR* entries = ::opendir(folder.c_str());
  if (entries == nullptr) return false;
  bool found = false;
  while (const dirent* entry = ::readdir(entries)) {
    char target[64];
    const ssize_t size = ::readlink((folder + "/" + entry->d_name).c_str(), target, sizeof target);
    if (size > 0 && inodes.count(std::string(target, static_cast<std::size_t>(size))) > 0) {
      found = true;
      break;
    }
  }
  ::closedir(entries);
  return found;
}

}  // namespace

const char* to_string(Protocol protocol) { return protocol == Protocol::tcp ? "tcp" : "udp"; }

std::string join_host_port(const std::string& host, std::uint16_t port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

ReservedPort reserve_port(const PortRequest& request) {
  ReservedPort reserved;
  if (request.host_port_first == 0) {
    static std::atomic<unsigned> next{0};
    constexpr unsigned count = last_ephemeral - first_ephemeral + 1;
    for (unsigned tries = 0; tries < count; ++tries) {
      const auto port = static_cast<std::uint16_t>(first_ephemeral + next++ % count);
      const int error = try_port(request, port, reserved);
      if (error == 0) return reserved;
      if (error != EADDRINUSE) throw bind_error(request, port, error);
    }
    throw Error(ErrorCode::unavailable, "all ephemeral ports of the host are taken");
  }
  const unsigned last = std::max(request.host_port_first, request.host_port_last);
  int error = 0;
  for (unsigned port = request.host_port_first; port <= last; ++port) {
    error = try_port(request, static_cast<std::uint16_t>(port), reserved);
    if (error == 0) return reserved;
    if (error != EADDRINUSE) throw bind_error(request, static_cast<std::uint16_t>(port), error);
  }
  if (last > request.host_port_first)
    throw Error(
        ErrorCode::conflict,
        fmt::format("Bind for {}-{} failed: all ports are allocated",
                    join_host_port(request.host_ip.empty() ? "0.0.0.0" : request.host_ip, request.host_port_first), last));
  throw bind_error(request, request.host_port_first, error);
}

void release_ports(std::vector<UniqueFd>& sockets) {
  for (const UniqueFd& socket : sockets) {
    if (get_option(socket.get(), SO_TYPE) == SOCK_STREAM) {
      ::shutdown(socket.get(), SHUT_RDWR);
      continue;
    }
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
    set_reusable(socket.get(), 1);
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);  // the port is at one place in both families
    released_udp_ports().add(ntohs(v4->sin_port));
  }
  sockets.clear();
}

std::string port_holder(Protocol protocol, std::uint16_t port) {
  const bool tcp = protocol == Protocol::tcp;
  std::set<std::string> inodes;
  collect_inodes(tcp ? "/proc/net/tcp" : "/proc/net/udp", tcp, port, inodes);
  collect_inodes(tcp ? "/proc/net/tcp6" : "/proc/net/udp6", tcp, port, inodes);
  if (inodes.empty()) return {};
  DIR* processes = ::opendir("/proc");
  if (processes == nullptr) return {};
  std::string holder;
  while (const dirent* entry = ::readdir(processes)) {
    const std::string pid = entry->d_name;
    if (pid.find_first_not_of("0123456789") != std::string::npos || !holds_socket(pid, inodes)) continue;
    std::ifstream comm("/proc/" + pid + "/comm");
    std::string name;
    std::getline(comm, name);
    holder = name + ", pid " + pid;
    break;
  }
  ::closedir(processes);
  return holder;
}

}  // namespace stack::engine::network
