#include "cli/container_options/ports.hpp"

#include <fmt/format.h>

#include <charconv>

#include "cli/flags.hpp"
#include "compose/parse_ports.hpp"

namespace stack::cli::container_options {
namespace {

std::uint16_t port_number(std::string_view text, const std::string& whole) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0)
    throw FlagError(fmt::format("invalid value \"{}\" for --expose: a port from 1 to 65535 is needed", whole));
  return number;
}

/// "90", "91-93/udp"
void expose_ports(const std::string& text, std::set<std::string>& exposed) {
  const std::string_view view = text;
  const std::size_t slash = view.find('/');
  const std::string protocol(slash == std::string_view::npos ? "tcp" : view.substr(slash + 1));
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp")
    throw FlagError(fmt::format("invalid value \"{}\" for --expose: tcp, udp or sctp is needed behind the slash", text));
  const std::string_view numbers = view.substr(0, slash);
  const std::size_t dash = numbers.find('-');
  const std::uint16_t first = port_number(numbers.substr(0, dash), text);
  const std::uint16_t last = dash == std::string_view::npos ? first : port_number(numbers.substr(dash + 1), text);
  if (last < first) throw FlagError(fmt::format("invalid value \"{}\" for --expose: the range is empty", text));
  for (int port = first; port <= last; ++port) exposed.insert(fmt::format("{}/{}", port, protocol));
}

}  // namespace

void set_ports(const std::vector<std::string>& publish, const std::vector<std::string>& expose,
               engine::api::ContainerCreateRequest& request) {
  for (const compose::Port& port : compose::parse_ports(publish, "--publish")) {
    const std::string name = fmt::format("{}/{}", port.target, port.protocol);
    request.config.exposed_ports.insert(name);
    request.host_config.port_bindings[name].push_back({.host_ip = port.host_ip, .host_port = port.published});
  }
  for (const std::string& text : expose) expose_ports(text, request.config.exposed_ports);
}

}  // namespace stack::cli::container_options
