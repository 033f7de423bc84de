#include "engine/shim/sockets.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace stack::engine::shim {

namespace {

constexpr std::size_t chunk = 64 * 1024;
constexpr std::size_t max_connections = 4096;
constexpr int connect_limit_ms = 10'000;

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

Address parse_address(const std::string& text, std::uint16_t port) {
  Address result;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&result.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
  if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    result.length = sizeof *v4;
  } else if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    result.length = sizeof *v6;
  }
  return result;
}

bool is_stream(int fd) {
  int type = 0;
  socklen_t length = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

}  // namespace

/// Both directions of one relayed connection: side 0 the client, side 1 the container. Each direction holds at most one chunk.
struct Sockets::Connection {
  std::array<UniqueFd, 2> fd;
  std::array<std::string, 2> pending;        ///< read from side i, not yet written to the other
  std::array<bool, 2> ended{false, false};   ///< side i sends no more
  std::array<bool, 2> closed{false, false};  ///< we told side i so
  bool connecting = true;
  int timer = 0;
};

Sockets::Sockets(Loop& loop, ScratchBuffer& scratch, UniqueFd netns)
    : loop_(loop),
      scratch_(scratch),
      netns_(std::move(netns)),
      own_netns_(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)),
      datagrams_(loop, scratch) {}
Sockets::~Sockets() { close_all(); }

void Sockets::hold(const Held& held) {
  drop(held.name);
  held_.push_back(held);
  ::fcntl(held.fd, F_SETFD, FD_CLOEXEC);
  if (held.relay_address.empty()) return;
  if (!is_stream(held.fd)) return datagrams_.serve(held.fd, [this, held] { return connect_target(held, SOCK_DGRAM); });
  ::fcntl(held.fd, F_SETFL, ::fcntl(held.fd, F_GETFL) | O_NONBLOCK);
  loop_.watch(held.fd, EPOLLIN, [this, name = held.name](std::uint32_t) { accept(name); });
}

void Sockets::drop(const std::string& name) {
  const auto found = std::find_if(held_.begin(), held_.end(), [&](const Held& held) { return held.name == name; });
  if (found == held_.end()) return;
  loop_.forget(found->fd);
  datagrams_.stop(found->fd);
  ::close(found->fd);
  held_.erase(found);
}

void Sockets::close_all() {
  while (!held_.empty()) drop(std::string(held_.back().name));
  while (!connections_.empty()) remove(connections_.begin());
}

void Sockets::accept(const std::string& name) {
  const auto found = std::find_if(held_.begin(), held_.end(), [&](const Held& held) { return held.name == name; });
  if (found == held_.end()) return;
  const Held held = *found;
  constexpr int burst = 16;
  for (int i = 0; i < burst; ++i) {
    UniqueFd accepted(::accept4(held.fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!accepted) return;
    // beyond the bound a client is refused at once instead of waiting without a word
    if (connections_.size() < max_connections) start(std::move(accepted), held);
  }
}

UniqueFd Sockets::make_socket(int family, int type, bool inside) {
  const bool enter = inside && netns_ && own_netns_;
  if (enter && ::setns(netns_.get(), CLONE_NEWNET) != 0) return UniqueFd();
  UniqueFd result(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (enter && ::setns(own_netns_.get(), CLONE_NEWNET) != 0) ::_exit(70);  // never go on in the wrong network
  return result;
}

UniqueFd Sockets::connect_target(const Held& held, int type) {
  const Address address = parse_address(held.relay_address, held.relay_port);
  UniqueFd target = address.length == 0 ? UniqueFd() : make_socket(address.storage.ss_family, type, held.relay_from_netns != 0);
  if (target && ::connect(target.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0 &&
      errno != EINPROGRESS)
    target.reset();
  return target;
}

void Sockets::start(UniqueFd accepted, const Held& held) {
  UniqueFd target = connect_target(held, SOCK_STREAM);
  if (!target) return;
  const int no_delay = 1;
  ::setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
  ::setsockopt(target.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
  const auto connection = connections_.emplace(connections_.end());
  connection->fd = {std::move(accepted), std::move(target)};
  connection->timer = loop_.after(connect_limit_ms, [this, connection] {
    connection->timer = 0;
    remove(connection);
  });
  loop_.watch(connection->fd[0].get(), 0, [this, connection](std::uint32_t events) { on_event(connection, 0, events); });
  loop_.watch(connection->fd[1].get(), EPOLLOUT, [this, connection](std::uint32_t events) { on_event(connection, 1, events); });
}

void Sockets::remove(ConnectionIterator connection) {
  if (connection->timer != 0) loop_.cancel(connection->timer);
  for (const UniqueFd& fd : connection->fd) loop_.forget(fd.get());
  connections_.erase(connection);
}

/// Moves what there is from one side to the other. False: the connection is broken.
bool Sockets::pump(Connection& connection, int from) {
  const auto source = static_cast<std::size_t>(from);
  const std::size_t target = 1 - source;
  std::string& pending = connection.pending[source];
  for (;;) {
    std::string_view bytes = pending;
    if (bytes.empty()) {
      if (connection.ended[source]) break;
      const ssize_t n = ::recv(connection.fd[source].get(), scratch_.data(), chunk, 0);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return true;
      if (n < 0) return false;
      if (n == 0) connection.ended[source] = true;
      scratch_.used(static_cast<std::size_t>(n));
      bytes = {scratch_.data(), static_cast<std::size_t>(n)};
      if (n == 0) break;
    }
    const ssize_t sent = ::send(connection.fd[target].get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    std::string rest(bytes.substr(sent > 0 ? static_cast<std::size_t>(sent) : 0));
    pending.swap(rest);
    if (!pending.empty()) return true;
  }
  if (!connection.closed[target]) {
    connection.closed[target] = true;
    ::shutdown(connection.fd[target].get(), SHUT_WR);
  }
  return true;
}

void Sockets::update(ConnectionIterator connection) {
  for (std::size_t side = 0; side < 2; ++side) {
    std::uint32_t events = 0;
    if (!connection->ended[side] && connection->pending[side].empty()) events |= EPOLLIN;
    if (!connection->pending[1 - side].empty()) events |= EPOLLOUT;
    loop_.change(connection->fd[side].get(), events);
  }
}

void Sockets::on_event(ConnectionIterator connection, int side, std::uint32_t events) {
  if (connection->connecting) {
    if (side == 0) {
      if ((events & (EPOLLHUP | EPOLLERR)) != 0) remove(connection);
      return;
    }
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(connection->fd[1].get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0)
      return remove(connection);
    connection->connecting = false;
    loop_.cancel(connection->timer);
    connection->timer = 0;
  }
  if ((events & EPOLLERR) != 0 || !pump(*connection, 0) || !pump(*connection, 1)) return remove(connection);
  if (connection->closed[0] && connection->closed[1]) return remove(connection);
  update(connection);
}

}  // namespace stack::engine::shim
