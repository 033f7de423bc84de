#pragma once
// Accepts connections on unix sockets and runs a session for each, all on the engine's loop thread.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "base/unique_fd.hpp"
#include "engine/http/router.hpp"

namespace stack::engine::http {

struct Limits {
  std::size_t header_bytes = 256 * 1024;    ///< a build sends the credentials of all registries in one
  std::size_t connections = 4096;           ///< beyond that accepting waits
  std::chrono::seconds header_timeout{60};  ///< from the first byte of a request to the end of its header
  std::chrono::seconds keep_alive{0};       ///< idle connections are closed after that; 0: never
};

class Listener {
public:
  /// `router` must outlive the listener, and be complete before the first request.
  Listener(asio::io_context& loop, const Router& router, Limits limits = {});
  ~Listener();  ///< closes everything at once
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Serves a bound, listening unix socket. May be called several times.
  void listen(UniqueFd acceptor);

  std::size_t connections() const;      ///< open connections, idle ones included
  std::size_t active_requests() const;  ///< requests being handled now, streams and hijacked connections included

  /// Called on the loop thread whenever a request ended or a connection closed: the moment to look at the two counts.
  void on_quiet(std::function<void()> callback);

  /// Stops accepting, closes idle connections, waits up to `patience` for requests in progress, then cancels them.
  asio::awaitable<void> stop(std::chrono::milliseconds patience);

private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace stack::engine::http
