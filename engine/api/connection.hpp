#pragma once
// One HTTP/1.1 connection to an engine. Private to engine/api; Beast lives in connection.cpp only.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/api/endpoint.hpp"
#include "engine/api/streams.hpp"

namespace stack::engine::api {

struct RequestHead {
  std::string method, target;
  std::string content_type;  ///< empty: no body
  StringMap headers;         ///< further ones
  bool upgrade = false;      ///< ask for a raw stream
};

struct ResponseHead {
  int status = 0;
  StringMap headers;  ///< names in lower case
};

class Connection {
public:
  /// Throws unavailable, naming the endpoint.
  static asio::awaitable<std::unique_ptr<Connection>> open(asio::any_io_executor executor, Endpoint endpoint);
  ~Connection();

  asio::awaitable<void> send(RequestHead head, std::string_view body);
  /// An engine that answers before it has read everything (a refusal) ends the upload early, without an error.
  asio::awaitable<void> send_chunked(RequestHead head, BodySource& body);
  asio::awaitable<ResponseHead> receive_head(bool to_head_request);
  /// 0 = the body has ended.
  asio::awaitable<std::size_t> read_body(std::span<char> space);
  asio::awaitable<std::string> read_whole_body(std::size_t limit);

  /// The answer was read to its end and the engine keeps the connection open.
  bool reusable() const;
  /// False when the engine has closed it, or sent something nobody asked for, while it was idle.
  bool idle_and_open();

  /// After a 101 or 200 to an upgrade: the raw stream, beginning with what came together with the head.
  asio::awaitable<std::size_t> read_raw(std::span<char> space);
  asio::awaitable<void> write_raw(std::string_view bytes);
  void shutdown_write();
  void close();

private:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stack::engine::api
