#pragma once
// A client's two-way byte stream (a hijacked HTTP connection), as attach and exec use it.
#include <boost/asio/awaitable.hpp>
#include <span>
#include <string_view>

namespace stack::engine::container {

class ClientStream {
public:
  virtual ~ClientStream() = default;
  /// Answers the request; before that an exception still becomes an ordinary error response. Called once, when the container's
  /// side is ready: what the client does next (a start) finds it attached.
  virtual boost::asio::awaitable<void> begin() = 0;
  /// 0: the client has closed its sending side. Throws when it is gone.
  virtual boost::asio::awaitable<std::size_t> read_some(std::span<char> buffer) = 0;
  virtual boost::asio::awaitable<void> write(std::string_view bytes) = 0;
};

}  // namespace stack::engine::container
