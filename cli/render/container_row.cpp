#include "cli/render/container_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <tuple>

#include "cli/containers.hpp"
#include "cli/render/human.hpp"
#include "cli/render/image_name.hpp"
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

namespace {

/// Those that links gave it only in full.
std::string docker_names(const ContainerSummary& container, bool full) {
  if (!full) return name_of(container);
  std::vector<std::string> names;
  for (const std::string& name : container.names) names.push_back(name.starts_with('/') ? name.substr(1) : name);
  return joined(names, ",");
}

/// An image that has lost its name is its id.
std::string docker_image(const ContainerSummary& container, bool full) {
  if (container.image.empty()) return "<no image>";
  return full || short_id(container.image) != short_id(container.image_id) ? container.image : short_id(container.image);
}

}  // namespace

json docker_container_object(const ContainerSummary& container, bool full, bool sized, std::int64_t now) {
  json object = container_object(container, full, now);
  for (const char* only_composes : {"ExitCode", "Health", "Name", "Project", "Publishers", "Service"})
    object.erase(only_composes);
  object["Names"] = docker_names(container, full);
  object["Image"] = docker_image(container, full);
  object["Platform"] = nullptr;
  if (sized)
    object["Size"] = fmt::format("{} (virtual {})", human_size(container.size_rw.value_or(0)),
                                 human_size(container.size_root_fs.value_or(0)));
  return object;
}

std::vector<std::string> container_cells(const ContainerSummary& container, bool full, std::int64_t now) {
  return {name_of(container),        container.image,        quoted_command(container.command, full),
          service_of(container),     age_of(container, now), container.status,
          port_list(container.ports)};
}

}  // namespace stack::cli::render
