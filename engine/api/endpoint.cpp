#include "engine/api/endpoint.hpp"

#include <charconv>

#include "base/error.hpp"

namespace stack::engine::api {

namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

[[noreturn]] void fail(std::string_view whole, const std::string& why) {
  throw Error(ErrorCode::invalid_argument, "engine address \"" + std::string(whole) + "\": " + why);
}

std::uint16_t parse_port(std::string_view whole, std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > 65535)
    fail(whole, "\"" + std::string(text) + "\" is no port");
  return static_cast<std::uint16_t>(value);
}

Endpoint parse_tcp(std::string_view whole, std::string_view rest) {
  Endpoint endpoint{.port = 2375};
  while (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('/') != std::string_view::npos) fail(whole, "a path is not supported");
  std::size_t host_end = rest.rfind(':');
  if (rest.starts_with('[')) {
    const std::size_t bracket = rest.find(']');
    if (bracket == std::string_view::npos) fail(whole, "the ']' is missing");
    endpoint.host = rest.substr(1, bracket - 1);
    host_end = bracket + 1;
    if (host_end < rest.size() && rest[host_end] != ':') fail(whole, "after the ']' only :PORT may follow");
  } else {
    endpoint.host = rest.substr(0, host_end);
  }
  if (host_end < rest.size()) endpoint.port = parse_port(whole, rest.substr(host_end + 1));
  if (endpoint.host.empty()) endpoint.host = "127.0.0.1";
  return endpoint;
}

}  // namespace

std::string Endpoint::text() const {
  if (is_unix()) return "unix://" + socket_path;
  const bool v6 = host.find(':') != std::string::npos;
  return "tcp://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Endpoint parse_endpoint(std::string_view docker_host) {
  std::string_view rest = docker_host;
  if (rest.starts_with('/')) return Endpoint{.socket_path = std::string(rest)};
  if (take_prefix(rest, "unix://")) {
    if (rest.empty()) fail(docker_host, "the path is missing");
    return Endpoint{.socket_path = std::string(rest)};
  }
  if (take_prefix(rest, "tcp://") || take_prefix(rest, "http://")) return parse_tcp(docker_host, rest);
  if (rest.starts_with("ssh://") || rest.starts_with("https://"))
    fail(docker_host, "ssh and TLS are not supported; forward the engine's socket to a unix:// one");
  fail(docker_host, "expected unix://PATH or tcp://HOST:PORT");
}

}  // namespace stack::engine::api
