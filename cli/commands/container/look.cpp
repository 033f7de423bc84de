// What is inside a container: top, port, diff.
#include <fmt/format.h>
#include <strings.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/render/table.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

std::string line_of(const api::PortBinding& binding) {
  const bool v6 = binding.host_ip.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}\n", v6 ? "[" : "", binding.host_ip, v6 ? "]" : "", binding.host_port);
}

/// "80/tcp -> 0.0.0.0:8080", a line for each.
std::string all_ports(const api::PortMap& ports) {
  std::vector<std::string> lines;
  for (const auto& [port, bindings] : ports)
    for (const api::PortBinding& binding : bindings) lines.push_back(fmt::format("{} -> {}", port, line_of(binding)));
  std::sort(lines.begin(), lines.end(),
            [](const std::string& a, const std::string& b) { return ::strverscmp(a.c_str(), b.c_str()) < 0; });
  std::string out;
  for (const std::string& line : lines) out += line;
  return out;
}

}  // namespace

int container_top(const Invocation& invocation) {
  std::vector<std::string> words;
  Flags flags("container top CONTAINER [PS_OPTION...]", "List the processes that run in a container.");
  flags.command_line(words, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  const std::string options = fmt::format("{}", fmt::join(words.begin() + 1, words.end(), " "));
  Session session(invocation.global);
  const api::TopResponse top = session.run(session.client().top_container(words.front(), options));
  render::Table table(top.titles, render::wide_layout);
  for (const std::vector<std::string>& process : top.processes) table.add(process);
  return write_all(1, table.text()) ? 0 : 1;
}

int container_port(const Invocation& invocation) {
  std::vector<std::string> arguments;
  Flags flags("container port CONTAINER [PRIVATE_PORT[/PROTOCOL]]", "Show where the ports of a container can be reached.");
  flags.arguments(arguments, 1, 2);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  const api::ContainerInspect details = session.run(session.client().inspect_container(arguments.front()));
  const api::PortMap& ports = details.network_settings.ports;
  if (arguments.size() == 1) return write_all(1, all_ports(ports)) ? 0 : 1;
  const std::string& wanted = arguments[1];
  const auto found = ports.find(wanted.find('/') == std::string::npos ? wanted + "/tcp" : wanted);
  if (found == ports.end() || found->second.empty())
    throw Error(ErrorCode::not_found, fmt::format("no public port '{}' published for {}", wanted, arguments.front()));
  std::string out;
  for (const api::PortBinding& binding : found->second) out += line_of(binding);
  return write_all(1, out) ? 0 : 1;
}

int container_diff(const Invocation& invocation) {
  constexpr std::string_view kinds = "CAD";  // changed, added, deleted
  std::vector<std::string> names;
  Flags flags("container diff CONTAINER",
              "List what a container's file system has that its image has not: A added, C changed, D deleted.");
  flags.arguments(names, 1, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  std::string out;
  for (const api::FilesystemChange& change : session.run(session.client().container_changes(names.front())))
    out += fmt::format("{} {}\n", change.kind >= 0 && change.kind < 3 ? kinds[static_cast<std::size_t>(change.kind)] : '?',
                       change.path);
  return write_all(1, out) ? 0 : 1;
}

}  // namespace stack::cli
