#pragma once
// Asks the upstream nameservers. Coroutines on the DNS thread.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <vector>

#include "dns/server.hpp"

namespace stack::dns {

namespace asio = boost::asio;
using Packet = std::vector<std::uint8_t>;
using Upstreams = std::shared_ptr<const std::vector<Upstream>>;

class Forwarder {
public:
  Forwarder(asio::io_context& loop, std::chrono::milliseconds timeout, unsigned tries, std::size_t max_in_flight)
      : loop_(loop), timeout_(timeout), tries_(tries), max_in_flight_(max_in_flight) {}

  bool busy() const { return in_flight_ >= max_in_flight_; }

  /// The reply to `query` (a well-formed query packet) under the query's own id; a truncated one is asked again over TCP when
  /// `tcp`. Empty: no upstream gave a usable answer in time. The forwarder must outlive the call.
  asio::awaitable<Packet> ask(Packet query, Upstreams upstreams, bool tcp);

private:
  asio::awaitable<Packet> ask_one(std::shared_ptr<const Packet> query, Upstream upstream, bool tcp);
  asio::awaitable<Packet> ask_udp(Packet query, Upstream upstream);
  asio::awaitable<Packet> ask_tcp(Packet query, Upstream upstream);

  asio::io_context& loop_;
  std::chrono::milliseconds timeout_;
  unsigned tries_;
  std::size_t max_in_flight_;
  std::size_t in_flight_ = 0;
};

}  // namespace stack::dns
