#include "engine/shim/server.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/shim/bytes.hpp"

namespace stack::engine::shim {

namespace {

std::string_view as_bytes(const State& state) { return {reinterpret_cast<const char*>(&state), sizeof state}; }

/// A frame with descriptors: one sendmsg, so that they arrive with its first byte.
bool send_with_descriptors(int socket, std::string_view frame, const std::vector<int>& fds) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * max_sockets_per_message)] = {};
  iovec part{const_cast<char*>(frame.data()), frame.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * fds.size());
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(frame.size());
}

}  // namespace

Server::Server(Loop& loop, UniqueFd listener, Sockets& sockets, Services services)
    : loop_(loop), listener_(std::move(listener)), sockets_(sockets), services_(std::move(services)) {
  loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept(); });
}

void Server::accept() {
  UniqueFd accepted(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!accepted) return;
  const auto connection = connections_.emplace(connections_.end(), std::move(accepted));
  loop_.watch(connection->fd.get(), EPOLLIN, [this, connection](std::uint32_t events) { on_event(connection, events); });
  services_.accepted();
}

void Server::on_event(ConnectionIterator connection, std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    if (!connection->out.flush()) return remove(connection);
    if (connection->out.queued() == 0) loop_.change(connection->fd.get(), EPOLLIN);
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  const bool alive = receive(*connection);
  if (process(connection) && !alive) remove(connection);
}

/// Reads what is there, descriptors included. False at the end of the stream.
bool Server::receive(Connection& connection) {
  char buffer[4096];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * max_sockets_per_message)];
  iovec part{buffer, sizeof buffer};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t n = ::recvmsg(connection.fd.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
      connection.received.emplace_back(fd);
    }
  }
  connection.in.append(buffer, static_cast<std::size_t>(n));
  return n > 0;
}

bool Server::process(ConnectionIterator connection) {
  std::size_t at = 0;
  while (connection->in.size() - at >= sizeof(FrameHeader)) {
    Request request;
    std::memcpy(&request.header, connection->in.data() + at, sizeof request.header);
    if (request.header.length > max_frame) {
      remove(connection);
      return false;
    }
    const std::size_t whole = sizeof(FrameHeader) + request.header.length;
    if (connection->in.size() - at < whole) break;
    request.payload = std::string_view(connection->in).substr(at + sizeof(FrameHeader), request.header.length);
    const Next next = handle(connection, request);
    if (next == Next::close) remove(connection);
    if (next != Next::go_on) return false;
    at += whole;
  }
  connection->in.erase(0, at);
  return true;
}

bool Server::send(Connection& connection, Message type, std::uint32_t id, std::string_view payload) {
  FrameHeader header;
  header.length = static_cast<std::uint32_t>(payload.size());
  header.type = type;
  header.id = id;
  const bool alive = connection.out.send({reinterpret_cast<const char*>(&header), sizeof header}, payload);
  if (alive && connection.out.queued() != 0) loop_.change(connection.fd.get(), EPOLLIN | EPOLLOUT);
  return alive;
}

Server::Next Server::answer(Connection& connection, const Request& request, int error) {
  if (error == 0) return send(connection, Message::ok, request.header.id, {}) ? Next::go_on : Next::close;
  Packer payload;
  payload.put(static_cast<std::int32_t>(error));
  payload.put(std::string_view(::strerror(error)));
  return send(connection, Message::error, request.header.id, payload.take()) ? Next::go_on : Next::close;
}

Server::Next Server::handle(ConnectionIterator connection, const Request& request) {
  Unpacker in(request.payload);
  if (!connection->greeted) {
    if (request.header.type != Message::hello || in.get<std::uint32_t>() != protocol_version) {
      answer(*connection, request, EPROTONOSUPPORT);
      return Next::close;
    }
    connection->greeted = true;
    return send(*connection, Message::hello_ok, request.header.id, as_bytes(services_.state())) ? Next::go_on : Next::close;
  }
  switch (request.header.type) {
    case Message::state:
      return send(*connection, Message::ok, request.header.id, as_bytes(services_.state())) ? Next::go_on : Next::close;
    case Message::kill: return answer(*connection, request, services_.kill(in.get<KillRequest>()));
    case Message::resize: {
      const auto rows = in.get<std::uint16_t>();
      return answer(*connection, request, services_.resize(rows, in.get<std::uint16_t>()));
    }
    case Message::attach: return handle_attach(connection, request);
    case Message::take_sockets: return take_sockets(*connection, request);
    case Message::hold_sockets: return hold_sockets(*connection, request);
    case Message::drop_sockets: return drop_sockets(*connection, request);
    case Message::subscribe: return handle_subscribe(*connection, request);
    case Message::release: return answer(*connection, request, services_.release());
    case Message::log_limits: {
      const auto max_size = in.get<std::uint64_t>();
      services_.log_limits(max_size, in.get<std::uint32_t>());
      return answer(*connection, request, 0);
    }
    case Message::close_stdin: services_.close_stdin(); return answer(*connection, request, 0);
    case Message::farewell:
      connection->is_engine = false;
      services_.engine_left();
      return answer(*connection, request, 0);
    default: return answer(*connection, request, EOPNOTSUPP);
  }
}

Server::Next Server::handle_attach(ConnectionIterator connection, const Request& request) {
  Unpacker in(request.payload);
  const auto flags = in.get<std::uint8_t>();
  if (answer(*connection, request, 0) == Next::close) return Next::close;
  loop_.forget(connection->fd.get());
  UniqueFd socket = std::move(connection->fd);
  connections_.erase(connection);
  services_.attach(std::move(socket), flags);
  return Next::handed_over;
}

Server::Next Server::handle_subscribe(Connection& connection, const Request& request) {
  Unpacker in(request.payload);
  connection.subscribed = true;
  connection.is_engine = in.get<std::uint8_t>() != 0;
  if (connection.is_engine) services_.engine_present();
  if (answer(connection, request, 0) == Next::close) return Next::close;
  const std::uint64_t kills = services_.oom_kills();
  const std::string_view count(reinterpret_cast<const char*>(&kills), sizeof kills);
  if (kills != 0 && !send(connection, Message::event_oom, 0, count)) return Next::close;
  const State state = services_.state();
  if (state.exited != 0 && !send(connection, Message::event_exit, 0, as_bytes(state))) return Next::close;
  return Next::go_on;
}

Server::Next Server::take_sockets(Connection& connection, const Request& request) {
  Unpacker in(request.payload);
  const std::size_t first = in.get<std::uint16_t>();
  const auto& all = sockets_.all();
  std::vector<int> fds;
  Packer names;
  for (std::size_t i = first; i < all.size() && fds.size() < max_sockets_per_message; ++i) {
    fds.push_back(all[i].fd);
    names.put(all[i].name);
  }
  Packer payload;
  payload.put(static_cast<std::uint16_t>(all.size()));
  payload.put(static_cast<std::uint16_t>(fds.size()));
  const std::string body = payload.take() + names.take();
  FrameHeader header;
  header.length = static_cast<std::uint32_t>(body.size());
  header.id = request.header.id;
  std::string frame(reinterpret_cast<const char*>(&header), sizeof header);
  frame += body;
  return send_with_descriptors(connection.fd.get(), frame, fds) ? Next::go_on : Next::close;
}

Server::Next Server::hold_sockets(Connection& connection, const Request& request) {
  Unpacker in(request.payload);
  const std::size_t count = in.get<std::uint16_t>();
  if (count > connection.received.size()) return answer(connection, request, EBADF);
  for (std::size_t i = 0; i < count; ++i) {
    Held held;
    held.name = in.text();
    held.relay_address = in.text();
    held.relay_port = in.get<std::uint16_t>();
    held.relay_from_netns = in.get<std::uint8_t>();
    if (!in.ok()) return answer(connection, request, EINVAL);
    held.fd = connection.received.front().release();
    connection.received.pop_front();
    sockets_.hold(held);
  }
  return answer(connection, request, 0);
}

Server::Next Server::drop_sockets(Connection& connection, const Request& request) {
  Unpacker in(request.payload);
  const std::size_t count = in.get<std::uint16_t>();
  for (std::size_t i = 0; i < count && in.ok(); ++i) sockets_.drop(in.text());
  return answer(connection, request, 0);
}

void Server::announce(Message type, std::string_view payload) {
  for (auto connection = connections_.begin(); connection != connections_.end();) {
    const auto current = connection++;
    if (current->subscribed && !send(*current, type, 0, payload)) remove(current);
  }
}

void Server::announce_exit(const State& state) { announce(Message::event_exit, as_bytes(state)); }
void Server::announce_oom(std::uint64_t count) {
  announce(Message::event_oom, {reinterpret_cast<const char*>(&count), sizeof count});
}

bool Server::has_pending_output() const {
  return std::any_of(connections_.begin(), connections_.end(),
                     [](const Connection& connection) { return connection.out.queued() != 0; });
}

void Server::remove(ConnectionIterator connection) {
  const bool was_engine = connection->is_engine;
  loop_.forget(connection->fd.get());
  connections_.erase(connection);
  if (!was_engine) return;
  const bool another =
      std::any_of(connections_.begin(), connections_.end(), [](const Connection& other) { return other.is_engine; });
  if (!another) services_.engine_lost();
}

}  // namespace stack::engine::shim
