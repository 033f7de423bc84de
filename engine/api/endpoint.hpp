#pragma once
// Where an engine listens, as DOCKER_HOST and --host say it.
#include <cstdint>
#include <string>
#include <string_view>

namespace stack::engine::api {

struct Endpoint {
  std::string socket_path;  ///< a unix socket, any length; empty = TCP
  std::string host;         ///< TCP: name or address, without brackets
  std::uint16_t port = 0;

  bool is_unix() const { return !socket_path.empty(); }
  /// "unix:///run/x.sock" or "tcp://[::1]:2375"
  std::string text() const;
};

/// Reads unix://PATH, an absolute path, tcp://HOST[:PORT] and http://HOST[:PORT] (port 2375 unless given).
/// Throws invalid_argument for anything else; ssh:// and https:// are named as not supported.
Endpoint parse_endpoint(std::string_view docker_host);

}  // namespace stack::engine::api
