// Containers as the API shows them.
#include <fmt/format.h>

#include <algorithm>

#include "engine/container/log_config.hpp"
#include "engine/container/manager_impl.hpp"
#include "engine/container/mounts.hpp"
#include "engine/network/records.hpp"

namespace stack::engine::container {

namespace {

api::ContainerState make_state(const LiveContainer& container) {
  const Record& record = container.record;
  api::ContainerState state;
  state.status = to_string(record.state);
  state.running = is_active(record.state);
  state.paused = record.state == State::paused;
  state.restarting = record.state == State::restarting;
  state.oom_killed = record.oom_killed;
  state.dead = record.state == State::dead;
  state.pid = record.pid;
  state.exit_code = record.exit_code;
  state.error = record.error;
  state.started_at = record.started_at;
  state.finished_at = record.finished_at;
  if (container.health)
    state.health = container.health->health();
  else if (!record.health_status.empty())
    state.health = api::Health{record.health_status, 0, {}};
  return state;
}

/// What was asked for, with what the network gave while attached.
std::map<std::string, api::EndpointSettings> make_networks(const Manager::Impl& impl, const Record& record) {
  auto networks = record.endpoints;
  for (auto& [name, settings] : networks) {
    if (!record.started_at) continue;
    if (const auto id = impl.services.networks.find(name)) settings.network_id = *id;
    if (!network::is_predefined_name(name))
      settings.dns_names = network::dns_names(record.name, record.id, settings.aliases,
                                              record.host_config.uts_mode == "host" ? "" : record.config.hostname);
  }
  for (const auto& endpoint : impl.services.networks.endpoints(record.id)) {
    api::EndpointSettings given = network::to_api(endpoint);
    if (const auto asked = record.endpoints.find(endpoint.network_name); asked != record.endpoints.end()) {
      given.ipam_config = asked->second.ipam_config;
      given.links = asked->second.links;
      given.aliases = asked->second.aliases;
      given.driver_opts = asked->second.driver_opts;
      given.gw_priority = asked->second.gw_priority;
    }
    networks[endpoint.network_name] = std::move(given);
  }
  return networks;
}

api::PortMap make_ports(const Manager::Impl& impl, const Record& record) {
  api::PortMap ports;
  if (!is_active(record.state)) return ports;
  for (const auto& port : record.config.exposed_ports)
    ports.try_emplace(port.find('/') == std::string::npos ? port + "/tcp" : port);
  for (const auto& binding : impl.services.networks.ports(record.id))
    ports[fmt::format("{}/{}", binding.container_port, network::to_string(binding.protocol))].push_back(
        {binding.host_ip, std::to_string(binding.host_port)});
  return ports;
}

void set_network_settings(const Manager::Impl& impl, const LiveContainer& container, api::NetworkSettings& settings) {
  const Record& record = container.record;
  settings.networks = make_networks(impl, record);
  settings.ports = make_ports(impl, record);
  if (!container.run) return;
  settings.sandbox_id = record.id;
  if (record.pid > 0) settings.sandbox_key = fmt::format("/proc/{}/ns/net", record.pid);
  const auto standard = settings.networks.find("bridge");
  if (standard == settings.networks.end()) return;
  const api::EndpointSettings& endpoint = standard->second;
  settings.endpoint_id = endpoint.endpoint_id;
  settings.gateway = endpoint.gateway;
  settings.ip_address = endpoint.ip_address;
  settings.ip_prefix_len = endpoint.ip_prefix_len;
  settings.mac_address = endpoint.mac_address;
}

api::GraphDriver make_graph_driver(const Manager::Impl& impl, const Record& record) {
  api::GraphDriver driver;
  driver.name = "overlay2";
  api::StringMap data{{"ID", record.id}};
  if (const auto snapshot = impl.services.images.find_snapshot(record.id)) {
    std::string lower;
    for (const auto& directory : snapshot->lower_dirs) lower += (lower.empty() ? "" : ":") + directory;
    data["LowerDir"] = lower;
    data["UpperDir"] = snapshot->upper;
    data["WorkDir"] = snapshot->work;
    data["MergedDir"] = snapshot->upper.substr(0, snapshot->upper.rfind('/')) + "/merged";
  }
  driver.data = std::move(data);
  return driver;
}

std::string command_text(const Record& record) {
  std::string text = record.path;
  for (const auto& argument : record.args)
    text += argument.find(' ') == std::string::npos ? " " + argument : " '" + argument + "'";
  return text;
}

std::string shown_image(const Manager::Impl& impl, const Record& record) {
  try {
    const image::ImagePtr current = impl.services.images.find(record.config.image);
    if (current && current->id == record.image_id) return record.config.image;
  } catch (const std::exception&) {  // the name has become ambiguous: the id says it
  }
  return record.image_id;
}

}  // namespace

std::vector<api::PortSummary> port_summaries(const Manager::Impl& impl, const Record& record) {
  std::vector<api::PortSummary> summaries;
  for (const auto& [port, bindings] : make_ports(impl, record)) {
    api::PortSummary summary;
    summary.private_port = static_cast<std::uint16_t>(std::atoi(port.c_str()));
    summary.type = port.substr(port.find('/') + 1);
    if (bindings.empty()) summaries.push_back(summary);
    for (const auto& binding : bindings) {
      summary.ip = binding.host_ip;
      summary.public_port = static_cast<std::uint16_t>(std::atoi(binding.host_port.c_str()));
      summaries.push_back(summary);
    }
  }
  return summaries;
}

api::ContainerInspect make_inspect(const Manager::Impl& impl, const LiveContainer& container) {
  const Record& record = container.record;
  api::ContainerInspect inspect;
  inspect.id = record.id;
  inspect.created = record.created;
  inspect.path = record.path;
  inspect.args = record.args;
  inspect.state = make_state(container);
  inspect.image = record.image_id;
  if (record.started_at) {
    const std::string directory = impl.dir(container);
    inspect.resolv_conf_path = directory + "/resolv.conf";
    inspect.hostname_path = directory + "/hostname";
    inspect.hosts_path = directory + "/hosts";
    inspect.log_path = log_path(record, directory);
  }
  inspect.name = "/" + record.name;
  inspect.restart_count = record.restart_count;
  inspect.driver = "overlay2";
  inspect.platform = "linux";
  for (const auto& id : container.exec_ids) {
    const auto exec = impl.execs.find(id);
    if (exec != impl.execs.end() && exec->second->running) inspect.exec_ids.push_back(id);
  }
  inspect.host_config = record.host_config;
  inspect.graph_driver = make_graph_driver(impl, record);
  inspect.mounts = to_api(record.mounts);
  inspect.config = record.config;
  set_network_settings(impl, container, inspect.network_settings);
  return inspect;
}

api::ContainerSummary make_summary(const Manager::Impl& impl, const LiveContainer& container) {
  const Record& record = container.record;
  api::ContainerSummary summary;
  summary.id = record.id;
  summary.names = {"/" + record.name};
  summary.image = shown_image(impl, record);
  summary.image_id = record.image_id;
  summary.command = command_text(record);
  summary.created = std::chrono::duration_cast<std::chrono::seconds>(record.created.time_since_epoch()).count();
  summary.ports = port_summaries(impl, record);
  summary.labels = record.config.labels;
  summary.state = to_string(record.state);
  summary.status = status_text(record, is_active(record.state) ? impl.health_word(container) : "", now());
  summary.network_mode = record.host_config.network_mode;
  summary.networks = make_networks(impl, record);
  summary.mounts = to_api(record.mounts);
  for (auto& mount : summary.mounts)
    if (mount.type == "volume" && impl.services.volumes.find(mount.name) && impl.services.volumes.find(mount.name)->anonymous())
      mount.source.clear();
  return summary;
}

}  // namespace stack::engine::container
