#include "cli/render/container_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/error.hpp"
#include "cli/containers.hpp"
#include "cli/render/human.hpp"
#include "cli/render/table.hpp"

namespace stack::cli::render {
namespace {

using engine::api::ContainerSummary;
using engine::api::PortSummary;
using nlohmann::json;

std::string host_part(const std::string& ip) { return ip.find(':') == std::string::npos ? ip : "[" + ip + "]"; }

/// Consecutive ports of one address and protocol that are published under their own number, or not at all.
struct PortRange {
  std::string ip, type;
  std::uint16_t first = 0, last = 0;

  std::string text() const {
    const std::string numbers = first == last ? std::to_string(first) : fmt::format("{}-{}", first, last);
    if (ip.empty()) return fmt::format("{}/{}", numbers, type);
    return fmt::format("{}:{}->{}/{}", host_part(ip), numbers, numbers, type);
  }
};

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

json publishers_of(const ContainerSummary& container) {
  std::vector<PortSummary> ports = container.ports;
  std::sort(ports.begin(), ports.end(), [](const PortSummary& a, const PortSummary& b) {
    return std::tie(a.private_port, a.ip, a.public_port, a.type) < std::tie(b.private_port, b.ip, b.public_port, b.type);
  });
  json list = json::array();
  for (const PortSummary& port : ports)
    list.push_back(
        {{"URL", port.ip}, {"TargetPort", port.private_port}, {"PublishedPort", port.public_port}, {"Protocol", port.type}});
  return list;
}

std::string mounts_of(const ContainerSummary& container, bool full) {
  std::vector<std::string> names;
  for (const auto& mount : container.mounts) {
    const std::string& name = mount.name.empty() ? mount.source : mount.name;
    names.push_back(full ? name : ellipsis(name, 15));
  }
  return joined(names, ",");
}

std::string labels_of(const ContainerSummary& container) {
  std::vector<std::string> labels;
  for (const auto& [key, value] : container.labels) labels.push_back(key + "=" + value);
  return joined(labels, ",");
}

std::string age_of(const ContainerSummary& container, std::int64_t now) {
  return human_duration(std::chrono::seconds(std::max<std::int64_t>(0, now - container.created))) + " ago";
}

}  // namespace

std::string port_list(std::vector<PortSummary> ports) {
  std::sort(ports.begin(), ports.end(), [](const PortSummary& a, const PortSummary& b) {
    return std::tie(a.ip, a.type, a.private_port, a.public_port) < std::tie(b.ip, b.type, b.private_port, b.public_port);
  });
  std::vector<PortRange> ranges;
  std::vector<PortSummary> remapped;
  for (const PortSummary& port : ports) {
    if (!port.ip.empty() && port.public_port != port.private_port) {
      remapped.push_back(port);
    } else if (!ranges.empty() && ranges.back().ip == port.ip && ranges.back().type == port.type &&
               ranges.back().last + 1 == port.private_port) {
      ranges.back().last = port.private_port;
    } else {
      ranges.push_back({.ip = port.ip, .type = port.type, .first = port.private_port, .last = port.private_port});
    }
  }
  std::stable_sort(ranges.begin(), ranges.end(), [](const PortRange& a, const PortRange& b) { return a.first < b.first; });
  std::stable_sort(remapped.begin(), remapped.end(),
                   [](const PortSummary& a, const PortSummary& b) { return a.private_port < b.private_port; });
  std::vector<std::string> parts;
  for (const PortRange& range : ranges) parts.push_back(range.text());
  for (const PortSummary& port : remapped)
    parts.push_back(fmt::format("{}:{}->{}/{}", host_part(port.ip), port.public_port, port.private_port, port.type));
  return joined(parts, ", ");
}

std::string quoted_command(const std::string& command, bool full) {
  constexpr std::size_t shown = 20;
  const std::string text = full ? command : ellipsis(command, shown);
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string health_in(std::string_view status) {
  if (status.ends_with("(healthy)")) return "healthy";
  if (status.ends_with("(unhealthy)")) return "unhealthy";
  if (status.ends_with("(health: starting)")) return "starting";
  return "";
}

int exit_code_in(std::string_view status) {
  int code = 0;
  const std::size_t open = status.find('(');
  if ((status.starts_with("Exited") || status.starts_with("Restarting")) && open != std::string_view::npos)
    std::from_chars(status.data() + open + 1, status.data() + status.size(), code);
  return code;
}

json container_object(const ContainerSummary& container, bool full, std::int64_t now, std::optional<std::int64_t> exit_code) {
  std::vector<std::string> networks;
  for (const auto& [name, _] : container.networks) networks.push_back(name);
  const auto local = std::count_if(container.mounts.begin(), container.mounts.end(),
                                   [](const engine::api::MountPoint& mount) { return mount.driver == "local"; });
  const std::string name = name_of(container);
  return {{"Command", quoted_command(container.command, full)},
          {"CreatedAt", local_time(container.created)},
          {"ExitCode", exit_code.value_or(exit_code_in(container.status))},
          {"Health", health_in(container.status)},
          {"ID", full ? container.id : container.id.substr(0, 12)},
          {"Image", container.image},
          {"Labels", labels_of(container)},
          {"LocalVolumes", std::to_string(local)},
          {"Mounts", mounts_of(container, full)},
          {"Name", name},
          {"Names", name},
          {"Networks", joined(networks, ",")},
          {"Ports", port_list(container.ports)},
          {"Project", project_of(container)},
          {"Publishers", publishers_of(container)},
          {"RunningFor", age_of(container, now)},
          {"Service", service_of(container)},
          {"Size", human_size(container.size_rw.value_or(0))},
          {"State", container.state},
          {"Status", container.status}};
}

std::vector<std::string> container_cells(const ContainerSummary& container, bool full, std::int64_t now) {
  return {name_of(container),        container.image,        quoted_command(container.command, full),
          service_of(container),     age_of(container, now), container.status,
          port_list(container.ports)};
}

namespace {

struct Action {
  std::string_view field;  ///< empty: the whole object
  bool as_json = false;
};

Action parse_action(std::string_view text) {
  const auto trim = [](std::string_view part) {
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    return part;
  };
  Action action;
  std::string_view rest = trim(text);
  if (rest.starts_with("json ")) {
    action.as_json = true;
    rest = trim(rest.substr(5));
  }
  if (!rest.starts_with('.') || rest.find_first_of(" |()") != std::string_view::npos || (rest == "." && !action.as_json))
    throw Error(
        ErrorCode::invalid_argument,
        fmt::format("unsupported template \"{{{{{}}}}}\": only {{{{.Field}}}} and {{{{json .Field}}}} are understood", text));
  action.field = rest.substr(1);
  return action;
}

/// Calls literal() and action() for the parts of a template, in order.
template <class Literal, class OnAction>
void walk_template(std::string_view text, Literal literal, OnAction on_action) {
  while (!text.empty()) {
    const std::size_t open = text.find("{{");
    literal(text.substr(0, open));
    if (open == std::string_view::npos) return;
    const std::size_t close = text.find("}}", open);
    if (close == std::string_view::npos) throw Error(ErrorCode::invalid_argument, "unclosed \"{{\" in the template");
    on_action(parse_action(text.substr(open + 2, close - open - 2)));
    text.remove_prefix(close + 2);
  }
}

void append_unescaped(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (next == 't' || next == 'n') {
      out += next == 't' ? '\t' : '\n';
      ++i;
    } else {
      out += text[i];
    }
  }
}

}  // namespace

std::string apply_template(std::string_view text, const json& object) {
  std::string out;
  walk_template(
      text, [&](std::string_view literal) { append_unescaped(out, literal); },
      [&](const Action& action) {
        if (!action.field.empty() && !object.contains(action.field))
          throw Error(ErrorCode::invalid_argument,
                      fmt::format("the template names \"{}\", which does not exist", action.field));
        const json& value = action.field.empty() ? object : object.at(std::string(action.field));
        if (value.is_string() && !action.as_json)
          out += value.get<std::string>();
        else
          out += value.dump(-1, ' ', false, json::error_handler_t::replace);
      });
  return out;
}

std::vector<std::string> template_fields(std::string_view text) {
  std::vector<std::string> fields;
  walk_template(
      text, [](std::string_view) {},
      [&](const Action& action) {
        std::string name(action.field);
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
        fields.push_back(std::move(name));
      });
  return fields;
}

}  // namespace stack::cli::render
