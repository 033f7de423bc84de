#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cli/commands.hpp"
#include "cli/containers.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/project.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

struct WantedPort {
  std::uint16_t number = 0;
  std::string protocol = "tcp";
};

WantedPort parse_port(const std::string& text, std::string protocol) {
  WantedPort port;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port.number);
  if (error != std::errc{} || end != text.data() + text.size() || port.number == 0)
    throw UsageError(fmt::format("invalid port \"{}\": a number from 1 to 65535 is needed", text));
  std::transform(protocol.begin(), protocol.end(), protocol.begin(), [](unsigned char c) { return std::tolower(c); });
  port.protocol = std::move(protocol);
  return port;
}

/// Throws not_found, naming what is published.
std::string published_at(const api::ContainerSummary& container, const WantedPort& wanted) {
  std::vector<api::PortSummary> ports = container.ports;
  std::erase_if(ports, [](const api::PortSummary& port) { return port.public_port == 0; });
  std::stable_sort(ports.begin(), ports.end(), [](const api::PortSummary& a, const api::PortSummary& b) {
    return a.ip.size() != b.ip.size() && b.ip.find(':') != std::string::npos && a.ip.find(':') == std::string::npos;
  });  // IPv4 first
  std::string known;
  for (const api::PortSummary& port : ports) {
    const bool v6 = port.ip.find(':') != std::string::npos;
    if (port.private_port == wanted.number && port.type == wanted.protocol)
      return fmt::format("{}{}{}:{}", v6 ? "[" : "", port.ip, v6 ? "]" : "", port.public_port);
    if (!v6) known += fmt::format("{}{}/{}", known.empty() ? "" : ", ", port.private_port, port.type);
  }
  throw Error(ErrorCode::not_found,
              fmt::format("no port {}/{} for container {}: {}", wanted.number, wanted.protocol, name_of(container),
                          known.empty() ? "it publishes none" : "it publishes " + known));
}

}  // namespace

int port(const Invocation& invocation) {
  std::string protocol = "tcp";
  std::optional<int> index;
  std::vector<std::string> arguments;
  Flags flags("port [OPTIONS] SERVICE PRIVATE_PORT", "Print where a port of a container can be reached on this host.");
  flags.value("--index", index, "N", "Which container, if the service has several");
  flags.value("--protocol", protocol, "PROTOCOL", "tcp or udp (default tcp)");
  flags.arguments(arguments, 2, 2);
  if (!flags.parse(invocation.arguments)) return 0;
  const WantedPort wanted = parse_port(arguments[1], protocol);
  const ProjectReference reference = find_project(invocation.global);
  Session session(invocation.global);
  const api::ContainerSummary container =
      session.run(running_container(session.client(), reference.name, arguments[0], index.value_or(0)));
  return write_all(1, published_at(container, wanted) + "\n") ? 0 : 1;
}

}  // namespace stack::cli
