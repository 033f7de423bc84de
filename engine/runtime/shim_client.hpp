#pragma once
// The engine's end of a monitor's socket (engine/shim/protocol.hpp). Everything runs on the loop thread of `executor`.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/runtime/launch.hpp"
#include "engine/shim/protocol.hpp"

namespace stack::engine::runtime {

namespace asio = boost::asio;

/// One connection for requests and events. Kept by shared_ptr: its reader coroutine holds one until the connection ends.
class ShimClient : public std::enable_shared_from_this<ShimClient> {
public:
  using Socket = asio::local::stream_protocol::socket;

  /// Connects and says hello. Paths longer than a socket address holds are reached through /proc/self/fd. Throws unavailable
  /// when nobody listens, conflict when the monitor speaks another version.
  static asio::awaitable<std::shared_ptr<ShimClient>> connect(std::string socket_path);

  const shim::State& state_at_hello() const { return hello_; }
  asio::awaitable<shim::State> state();
  asio::awaitable<void> kill(int signal, bool all = false);  ///< conflict when it has exited
  asio::awaitable<void> resize(std::uint16_t rows, std::uint16_t columns);
  asio::awaitable<void> close_stdin();
  asio::awaitable<std::vector<HeldSocket>> take_sockets();  ///< duplicates; the monitor keeps its own
  asio::awaitable<void> hold_sockets(std::vector<HeldSocket> sockets);
  asio::awaitable<void> drop_sockets(std::vector<std::string> names);
  asio::awaitable<void> set_log_limits(std::uint64_t max_size, std::uint32_t max_files);
  asio::awaitable<void> release();   ///< the exit is recorded: the shim removes its directory and ends
  asio::awaitable<void> farewell();  ///< before an engine ends on purpose

  struct Handlers {
    std::function<void(const shim::State&)> on_exit;
    std::function<void(std::uint64_t)> on_oom;
    std::function<void()> on_closed;  ///< the connection is gone: not called after close()
  };
  /// Asks for events. `is_engine`: when this connection breaks, the monitor starts an engine.
  asio::awaitable<void> subscribe(bool is_engine, Handlers handlers);
  void close();
  ~ShimClient();

  /// A connection of its own that becomes the container's stream.
  static asio::awaitable<Socket> attach(std::string socket_path, std::uint8_t flags);

private:
  struct Impl;
  explicit ShimClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  shim::State hello_;
};

}  // namespace stack::engine::runtime
