#include "dns/server.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fstream>
#include <future>
#include <map>
#include <sstream>
#include <thread>

#include "base/error.hpp"
#include "dns/cache.hpp"
#include "dns/decode.hpp"
#include "dns/endpoint.hpp"
#include "dns/resolver.hpp"

namespace stack::dns {

namespace {

using boost::system::error_code;

constexpr std::size_t batch_size = 32;
constexpr std::size_t query_size = 1024;         // longer queries are not answered
constexpr int rounds_per_wake = 8;               // then the other endpoints get their turn
constexpr std::size_t max_tcp_connections = 64;  // of one container
constexpr std::chrono::seconds tcp_idle_timeout{10};
constexpr std::chrono::seconds resolv_conf_check{1};

void set_nonblocking(int fd) {
  if (fd < 0) return;
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) throw errno_error("set a DNS socket to non-blocking");
}

/// Buffers of one recvmmsg/sendmmsg round.
struct Batch {
  std::array<std::array<std::uint8_t, query_size>, batch_size> in;
  std::array<std::array<std::uint8_t, max_udp_size>, batch_size> out;
  std::array<sockaddr_storage, batch_size> from;
  std::array<iovec, batch_size> in_parts, out_parts;
  std::array<mmsghdr, batch_size> received, answers;

  Batch() {
    for (std::size_t i = 0; i < batch_size; ++i) {
      in_parts[i] = {in[i].data(), in[i].size()};
      received[i] = {};
      received[i].msg_hdr.msg_iov = &in_parts[i];
      received[i].msg_hdr.msg_iovlen = 1;
      received[i].msg_hdr.msg_name = &from[i];
      answers[i] = {};
      answers[i].msg_hdr.msg_iov = &out_parts[i];
      answers[i].msg_hdr.msg_iovlen = 1;
    }
  }
};

}  // namespace

class Server::Impl {
public:
  Impl(std::shared_ptr<const Backend> backend, ServerOptions options);
  ~Impl();

  void add(std::string id, UniqueFd udp, UniqueFd tcp, EndpointOptions options);
  void set_forward(std::string id, bool forward);
  void remove(std::string_view id);
  void set_upstreams(std::vector<Upstream> upstreams);

  std::atomic<std::uint64_t> local_{0}, forwarded_{0}, cached_{0}, dropped_{0};

private:
  using Endpoint = std::shared_ptr<EndpointState>;

  void wait_udp(Endpoint endpoint);
  std::size_t serve_udp(const Endpoint& endpoint);
  std::size_t respond(const Endpoint& endpoint, const View* view, Bytes packet, std::span<std::uint8_t> out, bool tcp,
                      Query& query, bool& forward);
  void send_answers(int fd, std::size_t count);
  asio::awaitable<void> forward_udp(Endpoint endpoint, Packet packet, sockaddr_storage from, socklen_t from_size);
  asio::awaitable<Packet> forward(Endpoint endpoint, Packet packet, bool tcp);
  void wait_tcp(Endpoint endpoint);
  asio::awaitable<void> serve_tcp(Endpoint endpoint, std::shared_ptr<asio::ip::tcp::socket> socket);
  asio::awaitable<Packet> answer_tcp(Endpoint endpoint, Packet packet);
  Upstreams upstreams_for(const EndpointState& endpoint);
  void reread_resolv_conf();
  void close(const Endpoint& endpoint);

  std::shared_ptr<const Backend> backend_;
  const ServerOptions options_;
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(loop_);
  Forwarder forwarder_;
  Cache cache_;
  Resolver resolver_;
  std::unique_ptr<Batch> batch_ = std::make_unique<Batch>();
  std::map<std::string, Endpoint, std::less<>> endpoints_;
  Upstreams upstreams_ = std::make_shared<const std::vector<Upstream>>();
  bool own_upstreams_ = false;  // from resolv.conf
  std::chrono::steady_clock::time_point resolv_conf_checked_{};
  timespec resolv_conf_changed_{};
  std::thread thread_;
};

namespace {
std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  return ::getrandom(&seed, sizeof seed, 0) == sizeof seed ? seed : 0x9e3779b97f4a7c15;
}
}  // namespace

Server::Impl::Impl(std::shared_ptr<const Backend> backend, ServerOptions options)
    : backend_(std::move(backend)),
      options_(std::move(options)),
      forwarder_(loop_, options_.upstream_timeout, options_.tries, options_.max_in_flight),
      cache_(options_.cache_entries),
      resolver_(random_seed()) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are the main thread's business
  thread_ = std::thread([this] { loop_.run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_setname_np(thread_.native_handle(), "dns");
}

Server::Impl::~Impl() {
  asio::post(loop_, [this] {
    for (const auto& [id, endpoint] : endpoints_) close(endpoint);
    endpoints_.clear();
    loop_.stop();
  });
  thread_.join();
}

// ---------------------------------------------------------------- endpoints

void Server::Impl::add(std::string id, UniqueFd udp, UniqueFd tcp, EndpointOptions options) {
  set_nonblocking(udp.get());
  set_nonblocking(tcp.get());
  auto fds = std::make_shared<std::pair<UniqueFd, UniqueFd>>(std::move(udp), std::move(tcp));
  asio::post(loop_, [this, id = std::move(id), fds, options = std::move(options)]() mutable {
    auto endpoint = std::make_shared<EndpointState>(loop_, id, std::move(fds->first), std::move(fds->second));
    endpoint->forward = options.forward;
    if (!options.upstreams.empty())
      endpoint->upstreams = std::make_shared<const std::vector<Upstream>>(std::move(options.upstreams));
    auto& slot = endpoints_[id];
    if (slot) close(slot);
    slot = endpoint;
    if (endpoint->udp->is_open()) wait_udp(endpoint);
    if (endpoint->tcp->is_open()) wait_tcp(endpoint);
  });
}

void Server::Impl::remove(std::string_view id) {
  std::promise<void> done;
  asio::post(loop_, [&] {
    if (const auto found = endpoints_.find(id); found != endpoints_.end()) {
      close(found->second);
      endpoints_.erase(found);
    }
    done.set_value();
  });
  done.get_future().wait();
}

void Server::Impl::set_forward(std::string id, bool forward) {
  asio::post(loop_, [this, id = std::move(id), forward] {
    if (const auto found = endpoints_.find(id); found != endpoints_.end()) found->second->forward = forward;
  });
}

void Server::Impl::close(const Endpoint& endpoint) {
  endpoint->closed = true;
  endpoint->udp.close();
  endpoint->tcp.close();
}

void Server::Impl::set_upstreams(std::vector<Upstream> upstreams) {
  asio::post(loop_, [this, upstreams = std::move(upstreams)]() mutable {
    upstreams_ = std::make_shared<const std::vector<Upstream>>(std::move(upstreams));
    own_upstreams_ = true;
    cache_.clear();
  });
}

/// resolv.conf changes when a laptop changes networks; a look at its time is enough, once a second at most.
void Server::Impl::reread_resolv_conf() {
  const auto now = std::chrono::steady_clock::now();
  if (own_upstreams_ || now - resolv_conf_checked_ < resolv_conf_check) return;
  resolv_conf_checked_ = now;
  struct stat status {};
  if (::stat(options_.resolv_conf.c_str(), &status) != 0) return;
  const timespec& changed = status.st_mtim;
  if (changed.tv_sec == resolv_conf_changed_.tv_sec && changed.tv_nsec == resolv_conf_changed_.tv_nsec) return;
  resolv_conf_changed_ = changed;
  std::ostringstream content;
  content << std::ifstream(options_.resolv_conf).rdbuf();
  upstreams_ = std::make_shared<const std::vector<Upstream>>(parse_resolv_conf(content.str()));
  cache_.clear();
}

Upstreams Server::Impl::upstreams_for(const EndpointState& endpoint) {
  if (endpoint.upstreams) return endpoint.upstreams;
  reread_resolv_conf();
  return upstreams_;
}

// ---------------------------------------------------------------- answering

/// Writes the answer that needs no upstream and returns its size. 0 with `forward` set: ask upstream; 0 without: no answer at
/// all.
std::size_t Server::Impl::respond(const Endpoint& endpoint, const View* view, Bytes packet, std::span<std::uint8_t> out,
                                  bool tcp, Query& query, bool& forward) {
  forward = false;
  switch (decode_query(packet, query)) {
    case QueryStatus::ignored: return 0;
    case QueryStatus::format_error: return write_header_error(out, query, Rcode::format_error);
    case QueryStatus::not_implemented: return write_header_error(out, query, Rcode::not_implemented);
    case QueryStatus::bad_version: {
      AnswerWriter writer(out, query, out.size());
      writer.set_bad_version();
      return writer.finish();
    }
    case QueryStatus::ok: break;
  }
  const std::size_t limit = tcp ? out.size() : udp_limit(query);
  if (view != nullptr) {
    if (const std::size_t size = resolver_.answer(query, *view, out, limit)) {
      local_.fetch_add(1, std::memory_order_relaxed);
      return size;
    }
  }
  if (!endpoint->forward || forwarder_.busy()) return write_error(out, query, Rcode::server_failure);
  if (!endpoint->upstreams) {
    reread_resolv_conf();
    if (const std::size_t size = cache_.find(query, out.first(limit), Cache::Clock::now())) {
      cached_.fetch_add(1, std::memory_order_relaxed);
      return size;
    }
  }
  forward = true;
  return 0;
}

/// The reply from upstream, or SERVFAIL.
asio::awaitable<Packet> Server::Impl::forward(Endpoint endpoint, Packet packet, bool tcp) {
  forwarded_.fetch_add(1, std::memory_order_relaxed);
  const bool shared = !endpoint->upstreams;  // only answers of the common upstreams are kept
  Packet reply = co_await forwarder_.ask(packet, upstreams_for(*endpoint), tcp);
  Query query;
  decode_query(packet, query);
  if (reply.empty()) {
    reply.resize(max_udp_size);
    reply.resize(write_error(reply, query, Rcode::server_failure));
  } else if (const auto decoded = decode_reply(reply, query.id, query.question); decoded && shared) {
    cache_.store(query, reply, *decoded, Cache::Clock::now());
  }
  if (!tcp && reply.size() > query.udp_size) {
    reply.resize(max_udp_size);
    reply.resize(write_truncated(reply, query));
  }
  co_return reply;
}

// ---------------------------------------------------------------- UDP

void Server::Impl::wait_udp(Endpoint endpoint) {
  auto& descriptor = *endpoint->udp;
  descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                        [this, endpoint = std::move(endpoint)](error_code error) mutable {
                          if (error || endpoint->closed) return;
                          for (int round = 0; round < rounds_per_wake && serve_udp(endpoint) == batch_size; ++round) {
                          }
                          wait_udp(std::move(endpoint));
                        });
}

/// One batch: receives, answers what is known, starts forwarding the rest. Returns how many packets came.
std::size_t Server::Impl::serve_udp(const Endpoint& endpoint) {
  Batch& batch = *batch_;
  const int fd = endpoint->udp->native_handle();
  for (auto& message : batch.received) message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
  const int received = ::recvmmsg(fd, batch.received.data(), batch_size, MSG_DONTWAIT, nullptr);
  if (received <= 0) return 0;
  const auto view = backend_->view(endpoint->id);
  std::size_t answers = 0;
  for (int i = 0; i < received; ++i) {
    const auto& message = batch.received[i];
    const Bytes packet(batch.in[i].data(), std::min<std::size_t>(message.msg_len, query_size));
    Query query;
    bool to_upstream = false;
    const bool cut = (message.msg_hdr.msg_flags & MSG_TRUNC) != 0;
    const std::size_t size = cut ? 0 : respond(endpoint, view.get(), packet, batch.out[answers], false, query, to_upstream);
    if (to_upstream) {
      asio::co_spawn(loop_,
                     forward_udp(endpoint, Packet(packet.begin(), packet.end()), batch.from[i], message.msg_hdr.msg_namelen),
                     asio::detached);
    } else if (size == 0) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
    } else {
      batch.out_parts[answers] = {batch.out[answers].data(), size};
      batch.answers[answers].msg_hdr.msg_name = &batch.from[i];
      batch.answers[answers].msg_hdr.msg_namelen = message.msg_hdr.msg_namelen;
      ++answers;
    }
  }
  send_answers(fd, answers);
  return static_cast<std::size_t>(received);
}

void Server::Impl::send_answers(int fd, std::size_t count) {
  std::size_t sent = 0;
  while (sent < count) {
    const int now =
        ::sendmmsg(fd, batch_->answers.data() + sent, static_cast<unsigned>(count - sent), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (now > 0) {
      sent += static_cast<std::size_t>(now);
    } else if (now < 0 && errno == EINTR) {
      continue;
    } else {
      ++sent;  // this client cannot be reached, or the socket's buffer is full: it asks again
    }
  }
}

asio::awaitable<void> Server::Impl::forward_udp(Endpoint endpoint, Packet packet, sockaddr_storage from, socklen_t from_size) {
  const Packet reply = co_await forward(endpoint, std::move(packet), false);
  if (endpoint->closed) co_return;
  ::sendto(endpoint->udp->native_handle(), reply.data(), reply.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&from), from_size);
}

// ---------------------------------------------------------------- TCP

void Server::Impl::wait_tcp(Endpoint endpoint) {
  auto& descriptor = *endpoint->tcp;
  descriptor.async_wait(
      asio::posix::stream_descriptor::wait_read, [this, endpoint = std::move(endpoint)](error_code error) mutable {
        if (error || endpoint->closed) return;
        sockaddr_storage peer{};
        socklen_t size = sizeof peer;
        UniqueFd fd(
            ::accept4(endpoint->tcp->native_handle(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (fd && endpoint->tcp_connections < max_tcp_connections) {
          const auto protocol = peer.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
          auto socket = std::make_shared<asio::ip::tcp::socket>(loop_, protocol, fd.release());
          asio::co_spawn(loop_, serve_tcp(endpoint, std::move(socket)), asio::detached);
        }
        wait_tcp(std::move(endpoint));
      });
}

asio::awaitable<void> Server::Impl::serve_tcp(Endpoint endpoint, std::shared_ptr<asio::ip::tcp::socket> socket) {
  ++endpoint->tcp_connections;
  asio::steady_timer timer(loop_);
  error_code error;
  while (!endpoint->closed) {
    timer.expires_after(tcp_idle_timeout);
    timer.async_wait([weak = std::weak_ptr(socket)](error_code cancelled) {
      const auto open = weak.lock();
      if (!cancelled && open) open->close(cancelled);
    });
    std::array<std::uint8_t, 2> length{};
    co_await asio::async_read(*socket, asio::buffer(length), asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    Packet packet(read_u16(length, 0));
    co_await asio::async_read(*socket, asio::buffer(packet), asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    timer.cancel();
    const Packet reply = co_await answer_tcp(endpoint, std::move(packet));
    if (reply.empty() || endpoint->closed) break;
    length = {static_cast<std::uint8_t>(reply.size() >> 8), static_cast<std::uint8_t>(reply.size())};
    const std::array<asio::const_buffer, 2> parts{asio::buffer(length), asio::buffer(reply)};
    co_await asio::async_write(*socket, parts, asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
  }
  --endpoint->tcp_connections;
}

/// Empty: not a query, the connection is closed.
asio::awaitable<Packet> Server::Impl::answer_tcp(Endpoint endpoint, Packet packet) {
  Packet out(max_tcp_size);
  Query query;
  bool to_upstream = false;
  const auto view = backend_->view(endpoint->id);
  out.resize(respond(endpoint, view.get(), packet, out, true, query, to_upstream));
  if (to_upstream) co_return co_await forward(endpoint, std::move(packet), true);
  if (out.empty()) dropped_.fetch_add(1, std::memory_order_relaxed);
  co_return out;
}

// ---------------------------------------------------------------- Server

Server::Server(std::shared_ptr<const Backend> backend, ServerOptions options)
    : impl_(std::make_unique<Impl>(std::move(backend), std::move(options))) {}
Server::~Server() = default;

void Server::add_endpoint(std::string id, UniqueFd udp, UniqueFd tcp, EndpointOptions options) {
  impl_->add(std::move(id), std::move(udp), std::move(tcp), std::move(options));
}
void Server::remove_endpoint(std::string_view id) { impl_->remove(id); }
void Server::set_forward(std::string id, bool forward) { impl_->set_forward(std::move(id), forward); }
void Server::set_upstreams(std::vector<Upstream> upstreams) { impl_->set_upstreams(std::move(upstreams)); }
Statistics Server::statistics() const {
  return {.local = impl_->local_, .forwarded = impl_->forwarded_, .cached = impl_->cached_, .dropped = impl_->dropped_};
}

}  // namespace stack::dns
