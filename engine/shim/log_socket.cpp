#include "engine/shim/log_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace stack::engine::shim {

namespace {

constexpr int connect_patience_ms = 5000;

const char* scheme(LogTransport transport) {
  switch (transport) {
    case LogTransport::unix_datagram: return "unixgram://";
    case LogTransport::unix_stream:
    case LogTransport::unix_either: return "unix://";
    case LogTransport::udp: return "udp://";
    case LogTransport::tcp: return "tcp://";
  }
  return "";
}

}  // namespace

std::string describe(const LogShipping& shipping) {
  if (shipping.service == LogService::journal) return shipping.address;
  return scheme(shipping.transport) + shipping.address + (shipping.port.empty() ? "" : ":" + shipping.port);
}

int LogSocket::connect_unix(const std::string& path, int type) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
  UniqueFd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return errno;
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) return errno;
  fd_ = std::move(socket);
  stream_ = type == SOCK_STREAM;
  return 0;
}

int LogSocket::connect_inet(const LogShipping& shipping, int type) {
  const auto port = htons(static_cast<std::uint16_t>(std::atoi(shipping.port.c_str())));
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const bool is_v4 = ::inet_pton(AF_INET, shipping.address.c_str(), &v4.sin_addr) == 1;
  if (!is_v4 && ::inet_pton(AF_INET6, shipping.address.c_str(), &v6.sin6_addr) != 1) return EADDRNOTAVAIL;
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  v4.sin_port = v6.sin6_port = port;
  UniqueFd socket(::socket(is_v4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return errno;
  const auto* address = is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
  if (::connect(socket.get(), address, is_v4 ? sizeof v4 : sizeof v6) != 0 && errno != EINPROGRESS) return errno;
  fd_ = std::move(socket);
  stream_ = type == SOCK_STREAM;
  return 0;
}

int LogSocket::connect(const LogShipping& shipping) {
  switch (shipping.transport) {
    case LogTransport::unix_datagram: return connect_unix(shipping.address, SOCK_DGRAM);
    case LogTransport::unix_stream: return connect_unix(shipping.address, SOCK_STREAM);
    case LogTransport::unix_either: {
      const int error = connect_unix(shipping.address, SOCK_DGRAM);
      return error == EPROTOTYPE ? connect_unix(shipping.address, SOCK_STREAM) : error;
    }
    case LogTransport::udp: return connect_inet(shipping, SOCK_DGRAM);
    case LogTransport::tcp: return connect_inet(shipping, SOCK_STREAM);
  }
  return EINVAL;
}

int LogSocket::wait_until_connected() const {
  if (!stream_) return 0;
  pollfd writable{fd_.get(), POLLOUT, 0};
  const int ready = ::poll(&writable, 1, connect_patience_ms);
  if (ready == 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  return ready < 0 || ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 ? errno : error;
}

}  // namespace stack::engine::shim
