#pragma once
// State of a Client. Private to engine/api.
#include "engine/api/client.hpp"
#include "engine/api/connection.hpp"

namespace stack::engine::api {

/// A request that was answered; the body is still on the connection.
struct Exchange {
  ResponseHead head;
  std::unique_ptr<Connection> connection;
};

struct Client::Impl {
  Impl(asio::any_io_executor on, Endpoint at, ClientOptions with)
      : executor(std::move(on)), endpoint(std::move(at)), options(std::move(with)) {}

  asio::any_io_executor executor;
  Endpoint endpoint;
  ClientOptions options;
  std::vector<std::unique_ptr<Connection>> idle;
  std::string version{api_version};
  std::uint64_t requests = 0;
  bool answered = false;  ///< the engine has answered at least once

  /// X-Registry-Auth for the registry of an image, if somebody is logged in there.
  StringMap registry_headers(const std::string& image) const {
    StringMap headers;
    if (options.registry_auth)
      if (std::string auth = options.registry_auth(image); !auth.empty()) headers["X-Registry-Auth"] = std::move(auth);
    return headers;
  }

  asio::awaitable<std::unique_ptr<Connection>> connect();
  std::unique_ptr<Connection> take_idle();
  void give_back(std::unique_ptr<Connection> connection);
  asio::awaitable<Exchange> attempt(std::unique_ptr<Connection> connection, RequestHead head, std::string_view body);
  asio::awaitable<Exchange> exchange(RequestHead head, std::string body);
  asio::awaitable<Exchange> accepted(RequestHead head, std::string body);
};

}  // namespace stack::engine::api
