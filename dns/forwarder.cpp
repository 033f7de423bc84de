#include "dns/forwarder.hpp"

#include <sys/random.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "dns/decode.hpp"
#include "dns/encode.hpp"

namespace stack::dns {

namespace {

using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;

asio::ip::address to_asio(const Address& address) {
  if (address.v6) return asio::ip::address_v6(address.bytes);
  return asio::ip::address_v4({address.bytes[0], address.bytes[1], address.bytes[2], address.bytes[3]});
}

/// Unpredictable, together with the random source port of a fresh socket: what keeps forged answers out.
std::uint16_t random_id() {
  std::uint16_t id = 0;
  while (::getrandom(&id, sizeof id, 0) != sizeof id) {
  }
  return id;
}

Bytes question_of(const Packet& query) {
  Query decoded;
  decode_query(query, decoded);
  return decoded.question;
}

/// Closes the socket when the time is up, which ends whatever waits on it.
template <class Socket>
std::shared_ptr<asio::steady_timer> close_after(const std::shared_ptr<Socket>& socket, std::chrono::milliseconds timeout) {
  auto timer = std::make_shared<asio::steady_timer>(socket->get_executor(), timeout);
  timer->async_wait([weak = std::weak_ptr<Socket>(socket)](error_code error) {
    const auto open = weak.lock();
    if (!error && open) open->close(error);
  });
  return timer;
}

struct InFlight {
  explicit InFlight(std::size_t& count) : count(count) { ++count; }
  ~InFlight() { --count; }
  InFlight(const InFlight&) = delete;
  std::size_t& count;
};

}  // namespace

asio::awaitable<Packet> Forwarder::ask(Packet query, Upstreams upstreams, bool tcp) {
  const InFlight guard(in_flight_);
  const auto shared = std::make_shared<const Packet>(std::move(query));
  Packet failure;  // a SERVFAIL or REFUSED, passed on when nobody knows better
  for (unsigned round = 0; round < tries_; ++round) {
    for (const Upstream& upstream : *upstreams) {
      Packet reply = co_await ask_one(shared, upstream, tcp);
      if (reply.empty()) continue;
      std::copy_n(shared->begin(), 2, reply.begin());
      const auto rcode = static_cast<Rcode>(reply[3] & flag::rcode_mask);
      if (rcode != Rcode::server_failure && rcode != Rcode::refused && rcode != Rcode::not_implemented) co_return reply;
      failure = std::move(reply);
    }
    if (!failure.empty()) break;
  }
  co_return failure;
}

asio::awaitable<Packet> Forwarder::ask_one(std::shared_ptr<const Packet> query, Upstream upstream, bool tcp) {
  Packet copy = *query;
  write_u16(copy.data(), random_id());
  Packet reply = co_await ask_udp(copy, upstream);
  const bool truncated = !reply.empty() && (read_u16(reply, 2) & flag::truncated) != 0;
  if (!tcp || !truncated) co_return reply;
  Packet whole = co_await ask_tcp(std::move(copy), upstream);
  co_return whole.empty() ? std::move(reply) : std::move(whole);
}

asio::awaitable<Packet> Forwarder::ask_udp(Packet query, Upstream upstream) {
  const udp::endpoint peer(to_asio(upstream.address), upstream.port);
  const auto socket = std::make_shared<udp::socket>(loop_);
  error_code error;
  socket->open(peer.protocol(), error);
  if (!error) socket->connect(peer, error);  // the kernel then drops datagrams from anyone else, and reports a closed port
  if (error) co_return Packet{};
  const auto timer = close_after(socket, timeout_);
  co_await socket->async_send(asio::buffer(query), asio::redirect_error(asio::use_awaitable, error));
  Packet reply(4096);
  while (!error) {
    const std::size_t size = co_await socket->async_receive(asio::buffer(reply.data(), reply.size()),
                                                            asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    if (!decode_reply({reply.data(), size}, read_u16(query, 0), question_of(query))) continue;  // late or forged
    reply.resize(size);
    timer->cancel();
    co_return reply;
  }
  timer->cancel();
  co_return Packet{};
}

asio::awaitable<Packet> Forwarder::ask_tcp(Packet query, Upstream upstream) {
  const tcp::endpoint peer(to_asio(upstream.address), upstream.port);
  const auto socket = std::make_shared<tcp::socket>(loop_);
  const auto timer = close_after(socket, timeout_);
  error_code error;
  co_await socket->async_connect(peer, asio::redirect_error(asio::use_awaitable, error));
  std::array<std::uint8_t, 2> length{};
  write_u16(length.data(), static_cast<std::uint16_t>(query.size()));
  const std::array<asio::const_buffer, 2> parts{asio::buffer(length), asio::buffer(query)};
  if (!error) co_await asio::async_write(*socket, parts, asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_await asio::async_read(*socket, asio::buffer(length), asio::redirect_error(asio::use_awaitable, error));
  Packet reply(read_u16(length, 0));
  if (!error) co_await asio::async_read(*socket, asio::buffer(reply), asio::redirect_error(asio::use_awaitable, error));
  timer->cancel();
  if (error || !decode_reply(reply, read_u16(query, 0), question_of(query))) co_return Packet{};
  co_return reply;
}

}  // namespace stack::dns
