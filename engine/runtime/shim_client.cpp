#include "engine/runtime/shim_client.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <deque>
#include <map>

#include "engine/shim/bytes.hpp"

namespace stack::engine::runtime {

namespace {

using Socket = ShimClient::Socket;
using shim::FrameHeader;
using shim::Message;
using shim::Packer;
using shim::Unpacker;

std::string make_frame(Message type, std::uint32_t id, std::string_view payload) {
  FrameHeader header;
  header.length = static_cast<std::uint32_t>(payload.size());
  header.type = type;
  header.id = id;
  std::string frame(reinterpret_cast<const char*>(&header), sizeof header);
  frame.append(payload);
  return frame;
}

template <class T>
std::string_view as_bytes(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

[[noreturn]] void throw_answer(std::string_view payload) {
  Unpacker in(payload);
  const auto error = in.get<std::int32_t>();
  if (error == EPROTONOSUPPORT) throw Error(ErrorCode::conflict, "the shim speaks another version of the protocol");
  if (error == ESRCH || error == EBUSY) throw Error(ErrorCode::conflict, "shim: " + in.text());
  throw errno_error("shim", error);
}

/// Connecting to a unix socket does not block (a full backlog answers EAGAIN).
int connect_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  UniqueFd directory;
  std::string reachable = path;
  if (path.size() >= sizeof address.sun_path) {
    const auto slash = path.rfind('/');
    directory.reset(::open(path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) throw errno_error("open " + path);
    reachable = "/proc/self/fd/" + std::to_string(directory.get()) + path.substr(slash);
  }
  reachable.copy(address.sun_path, sizeof address.sun_path - 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw errno_error("socket");
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw Error(ErrorCode::unavailable, "connect " + path + ": " + ::strerror(errno));
  }
  return socket.release();
}

/// Sends one frame with descriptors; the socket's buffer is far larger than a frame, so EAGAIN is a broken peer.
void send_with_descriptors(int socket, const std::string& frame, const std::vector<int>& fds) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * shim::max_sockets_per_message)] = {};
  iovec part{const_cast<char*>(frame.data()), frame.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
  std::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * fds.size());
  if (::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) != static_cast<ssize_t>(frame.size()))
    throw errno_error("send to shim");
}

}  // namespace

struct ShimClient::Impl {
  struct Answer {
    explicit Answer(const asio::any_io_executor& executor) : arrived(executor, asio::steady_timer::time_point::max()) {}
    asio::steady_timer arrived;  ///< cancelled when the answer is there
    bool done = false;
    bool broken = false;
    Message type = Message::error;
    std::string payload;
  };

  explicit Impl(Socket connected) : socket(std::move(connected)) {}

  Socket socket;
  std::uint32_t next_id = 1;
  std::map<std::uint32_t, std::shared_ptr<Answer>> waiting;
  std::deque<UniqueFd> received;
  std::string in;
  std::string out;  ///< frames not yet written; one writer at a time
  bool writing = false;
  bool closed = false;
  bool broken = false;
  Handlers handlers;

  bool receive();
  void dispatch();
  void deliver(const FrameHeader& header, std::string_view payload);
  void fail_all();
  static asio::awaitable<void> read_loop(std::shared_ptr<ShimClient> self);
  static asio::awaitable<void> write_loop(std::shared_ptr<ShimClient> self);
  static asio::awaitable<std::string> request(std::shared_ptr<ShimClient> self, Message type, std::string payload,
                                              std::vector<int> fds);
};

/// Reads what is there. False at the end of the stream.
bool ShimClient::Impl::receive() {
  char buffer[4096];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * shim::max_sockets_per_message)];
  iovec part{buffer, sizeof buffer};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t n = ::recvmsg(socket.native_handle(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
      received.emplace_back(fd);
    }
  }
  in.append(buffer, static_cast<std::size_t>(n));
  return n > 0;
}

void ShimClient::Impl::dispatch() {
  while (in.size() >= sizeof(FrameHeader)) {
    FrameHeader header;
    std::memcpy(&header, in.data(), sizeof header);
    if (header.length > shim::max_frame) throw Error(ErrorCode::internal, "shim sent a frame that is too long");
    const std::size_t whole = sizeof header + header.length;
    if (in.size() < whole) return;
    const std::string payload = in.substr(sizeof header, header.length);
    in.erase(0, whole);
    deliver(header, payload);
  }
}

void ShimClient::Impl::deliver(const FrameHeader& header, std::string_view payload) {
  if (header.type == Message::event_exit || header.type == Message::event_oom) {
    Unpacker event(payload);
    const Handlers current = handlers;  // a handler may close us
    if (header.type == Message::event_exit && current.on_exit) current.on_exit(event.get<shim::State>());
    if (header.type == Message::event_oom && current.on_oom) current.on_oom(event.get<std::uint64_t>());
    return;
  }
  const auto found = waiting.find(header.id);
  if (found == waiting.end()) return;
  const std::shared_ptr<Answer> answer = found->second;
  waiting.erase(found);
  answer->done = true;
  answer->type = header.type;
  answer->payload = payload;
  answer->arrived.cancel();
}

void ShimClient::Impl::fail_all() {
  broken = true;
  for (auto& [id, answer] : waiting) {
    answer->done = true;
    answer->broken = true;
    answer->arrived.cancel();
  }
  waiting.clear();
}

asio::awaitable<void> ShimClient::Impl::read_loop(std::shared_ptr<ShimClient> self) {
  Impl& impl = *self->impl_;
  for (;;) {
    boost::system::error_code error;
    co_await impl.socket.async_wait(Socket::wait_read, asio::redirect_error(asio::use_awaitable, error));
    if (error || impl.closed) break;
    bool alive = false;
    try {
      alive = impl.receive();
      impl.dispatch();
    } catch (const std::exception&) {
      alive = false;
    }
    if (!alive || impl.closed) break;
  }
  impl.fail_all();
  boost::system::error_code ignored;
  impl.socket.close(ignored);
  const std::function<void()> on_closed = std::move(impl.handlers.on_closed);
  impl.handlers = Handlers();
  if (!impl.closed && on_closed) on_closed();
}

asio::awaitable<void> ShimClient::Impl::write_loop(std::shared_ptr<ShimClient> self) {
  Impl& impl = *self->impl_;
  while (!impl.out.empty() && !impl.closed) {
    const std::string bytes = std::move(impl.out);
    impl.out.clear();
    boost::system::error_code error;
    co_await asio::async_write(impl.socket, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
    if (error) break;  // the reader notices the broken connection as well
  }
  impl.writing = false;
}

asio::awaitable<std::string> ShimClient::Impl::request(std::shared_ptr<ShimClient> self, Message type, std::string payload,
                                                       std::vector<int> fds) {
  Impl& impl = *self->impl_;
  if (impl.closed || impl.broken) throw Error(ErrorCode::unavailable, "the connection to the shim is closed");
  const std::uint32_t id = impl.next_id++;
  const auto answer = std::make_shared<Answer>(impl.socket.get_executor());
  impl.waiting[id] = answer;
  const std::string frame = make_frame(type, id, payload);
  if (!fds.empty()) {
    send_with_descriptors(impl.socket.native_handle(), frame, fds);
  } else {
    impl.out += frame;
    if (!impl.writing) {
      impl.writing = true;
      asio::co_spawn(impl.socket.get_executor(), write_loop(self), asio::detached);
    }
  }
  if (!answer->done) {
    boost::system::error_code error;
    co_await answer->arrived.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
  if (!answer->done || answer->broken) {
    impl.waiting.erase(id);
    throw Error(ErrorCode::unavailable, "the shim closed the connection");
  }
  if (answer->type == Message::error) throw_answer(answer->payload);
  co_return std::move(answer->payload);
}

ShimClient::ShimClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ShimClient::~ShimClient() = default;

asio::awaitable<std::shared_ptr<ShimClient>> ShimClient::connect(std::string socket_path) {
  const auto executor = co_await asio::this_coro::executor;
  Socket socket(executor, asio::local::stream_protocol(), connect_socket(socket_path));
  std::shared_ptr<ShimClient> client(new ShimClient(std::make_unique<Impl>(std::move(socket))));
  asio::co_spawn(executor, Impl::read_loop(client), asio::detached);
  const std::uint32_t version = shim::protocol_version;
  std::string payload(as_bytes(version));
  std::vector<int> none;
  const std::string answer = co_await Impl::request(client, Message::hello, std::move(payload), std::move(none));
  client->hello_ = Unpacker(answer).get<shim::State>();
  co_return client;
}

asio::awaitable<shim::State> ShimClient::state() {
  std::string payload;
  std::vector<int> none;
  const std::string answer = co_await Impl::request(shared_from_this(), Message::state, std::move(payload), std::move(none));
  co_return Unpacker(answer).get<shim::State>();
}

asio::awaitable<void> ShimClient::kill(int signal, bool all) {
  shim::KillRequest request;
  request.signal = signal;
  request.all = all ? 1 : 0;
  std::string payload(as_bytes(request));
  std::vector<int> none;
  co_await Impl::request(shared_from_this(), Message::kill, std::move(payload), std::move(none));
}

asio::awaitable<void> ShimClient::resize(std::uint16_t rows, std::uint16_t columns) {
  Packer out;
  out.put(rows);
  out.put(columns);
  std::string payload = out.take();
  std::vector<int> none;
  co_await Impl::request(shared_from_this(), Message::resize, std::move(payload), std::move(none));
}

asio::awaitable<void> ShimClient::close_stdin() {
  std::string payload;
  std::vector<int> none;
  co_await Impl::request(shared_from_this(), Message::close_stdin, std::move(payload), std::move(none));
}

asio::awaitable<std::vector<HeldSocket>> ShimClient::take_sockets() {
  std::vector<HeldSocket> result;
  for (;;) {
    Packer out;
    out.put(static_cast<std::uint16_t>(result.size()));
    std::string payload = out.take();
    std::vector<int> none;
    const std::string answer =
        co_await Impl::request(shared_from_this(), Message::take_sockets, std::move(payload), std::move(none));
    Unpacker in(answer);
    const std::size_t total = in.get<std::uint16_t>();
    const std::size_t count = in.get<std::uint16_t>();
    for (std::size_t i = 0; i < count && !impl_->received.empty(); ++i) {
      HeldSocket socket;
      socket.name = in.text();
      socket.fd = std::move(impl_->received.front());
      impl_->received.pop_front();
      result.push_back(std::move(socket));
    }
    if (count == 0 || result.size() >= total) co_return result;
  }
}

asio::awaitable<void> ShimClient::hold_sockets(std::vector<HeldSocket> sockets) {
  for (std::size_t first = 0; first < sockets.size(); first += shim::max_sockets_per_message) {
    const std::size_t last = std::min(sockets.size(), first + shim::max_sockets_per_message);
    Packer out;
    std::vector<int> fds;
    out.put(static_cast<std::uint16_t>(last - first));
    for (std::size_t i = first; i < last; ++i) {
      out.put(sockets[i].name);
      out.put(sockets[i].relay_address);
      out.put(sockets[i].relay_port);
      out.put(static_cast<std::uint8_t>(sockets[i].relay_from_netns));
      fds.push_back(sockets[i].fd.get());
    }
    std::string payload = out.take();
    co_await Impl::request(shared_from_this(), Message::hold_sockets, std::move(payload), std::move(fds));
  }
}

asio::awaitable<void> ShimClient::drop_sockets(std::vector<std::string> names) {
  Packer out;
  out.put(static_cast<std::uint16_t>(names.size()));
  for (const std::string& name : names) out.put(name);
  std::string payload = out.take();
  std::vector<int> none;
  co_await Impl::request(shared_from_this(), Message::drop_sockets, std::move(payload), std::move(none));
}

asio::awaitable<void> ShimClient::set_log_limits(std::uint64_t max_size, std::uint32_t max_files) {
  Packer out;
  out.put(max_size);
  out.put(max_files);
  std::string payload = out.take();
  std::vector<int> none;
  co_await Impl::request(shared_from_this(), Message::log_limits, std::move(payload), std::move(none));
}

asio::awaitable<void> ShimClient::release() {
  std::string payload;
  std::vector<int> none;
  co_await Impl::request(shared_from_this(), Message::release, std::move(payload), std::move(none));
}

asio::awaitable<void> ShimClient::farewell() {
  std::string payload;
  std::vector<int> none;
  co_await Impl::request(shared_from_this(), Message::farewell, std::move(payload), std::move(none));
}

asio::awaitable<void> ShimClient::subscribe(bool is_engine, Handlers handlers) {
  impl_->handlers = std::move(handlers);
  std::string payload(1, is_engine ? '\1' : '\0');
  std::vector<int> none;
  co_await Impl::request(shared_from_this(), Message::subscribe, std::move(payload), std::move(none));
}

void ShimClient::close() {
  impl_->closed = true;
  impl_->handlers = Handlers();
  boost::system::error_code ignored;
  impl_->socket.close(ignored);
}

namespace {

/// One frame of an answer, byte by byte no further: what follows is the container's output.
asio::awaitable<std::string> read_answer(Socket& socket) {
  FrameHeader header;
  co_await asio::async_read(socket, asio::buffer(&header, sizeof header), asio::use_awaitable);
  if (header.length > shim::max_frame) throw Error(ErrorCode::internal, "shim sent a frame that is too long");
  std::string payload(header.length, '\0');
  if (header.length != 0) co_await asio::async_read(socket, asio::buffer(payload), asio::use_awaitable);
  if (header.type == Message::error) throw_answer(payload);
  co_return payload;
}

}  // namespace

asio::awaitable<Socket> ShimClient::attach(std::string socket_path, std::uint8_t flags) {
  const auto executor = co_await asio::this_coro::executor;
  Socket socket(executor, asio::local::stream_protocol(), connect_socket(socket_path));
  const std::uint32_t version = shim::protocol_version;
  const std::string frames = make_frame(Message::hello, 1, as_bytes(version)) +
                             make_frame(Message::attach, 2, std::string_view(reinterpret_cast<const char*>(&flags), 1));
  co_await asio::async_write(socket, asio::buffer(frames), asio::use_awaitable);
  co_await read_answer(socket);
  co_await read_answer(socket);
  co_return socket;
}

}  // namespace stack::engine::runtime
