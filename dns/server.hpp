#pragma once
// The DNS server of the containers: one thread for all endpoints. Local names are answered synchronously from the backend's
// snapshot, a batch of packets per system call; the rest is forwarded by coroutines on the same thread.
// Sockets live in the containers' network namespaces, are bound there by engine/network and also held by the shims, so that
// queries queue while no engine runs. Forwarded queries leave from the namespace of the engine.
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"
#include "dns/address.hpp"
#include "dns/backend.hpp"

namespace stack::dns {

struct Upstream {
  Address address;
  std::uint16_t port = 53;
  auto operator<=>(const Upstream&) const = default;
};

/// The nameservers of a resolv.conf, in order, at most max_upstreams. Loopback ones too: the engine asks from its own
/// namespace, where they are the host's own stub resolver.
std::vector<Upstream> parse_resolv_conf(std::string_view content);
inline constexpr std::size_t max_upstreams = 8;

struct EndpointOptions {
  bool forward = true;  ///< false for containers on internal networks only: unknown names get SERVFAIL as from Docker
  std::vector<Upstream> upstreams;  ///< of this container (`dns:`); empty: the server's
};

struct ServerOptions {
  std::chrono::milliseconds upstream_timeout{2000};  ///< per try
  unsigned tries = 2;                                ///< rounds over the upstreams
  std::size_t max_in_flight = 1024;                  ///< forwarded queries at a time; beyond that SERVFAIL at once
  std::size_t cache_entries = 4096;                  ///< 0: no cache of forwarded answers
  std::string resolv_conf = "/etc/resolv.conf";      ///< the upstreams until set_upstreams(); read again when it changes
};

struct Statistics {
  std::uint64_t local = 0;      ///< answered from the snapshot
  std::uint64_t forwarded = 0;  ///< asked upstream
  std::uint64_t cached = 0;     ///< forwarded names answered from the cache
  std::uint64_t dropped = 0;    ///< not a query
};

/// All member functions may be called from any thread.
class Server {
public:
  explicit Server(std::shared_ptr<const Backend> backend, ServerOptions options = {});  ///< starts the thread
  ~Server();                                                                            ///< ends it; sockets are closed
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves two bound sockets (the TCP one listening; either may be empty). They are set to non-blocking. Pass duplicates when
  /// others hold them too. An endpoint of the same id is replaced.
  void add_endpoint(std::string id, UniqueFd udp, UniqueFd tcp, EndpointOptions options = {});
  /// When it returns, the sockets are closed and no answer will be sent from them. Unknown ids are ignored.
  void remove_endpoint(std::string_view id);
  /// EndpointOptions::forward of an endpoint, anew: its networks have changed. Unknown ids are ignored.
  void set_forward(std::string id, bool forward);
  void set_upstreams(std::vector<Upstream> upstreams);  ///< instead of resolv.conf
  Statistics statistics() const;

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stack::dns
