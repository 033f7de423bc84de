#include "scheduler/container_config.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "compose/names.hpp"
#include "scheduler/config_hash.hpp"
#include "scheduler/container_parts.hpp"
#include "scheduler/labels.hpp"

namespace stack::scheduler {

using compose::Project;
using compose::Service;

std::string container_name(const Project& project, const Service& service, int number) {
  if (!service.container_name.empty()) return service.container_name;
  return project.name + compose::name_separator(project) + service.name + compose::name_separator(project) +
         std::to_string(number);
}

namespace {

std::string oneoff_name(const Project& project, const Service& service, const std::string& slug) {
  return fmt::format("{0}{3}{1}{3}run{3}{2}", project.name, service.name, slug, compose::name_separator(project));
}

}  // namespace

std::string image_of(const Project& project, const Service& service) { return compose::image_name(project, service); }

std::vector<std::string> networks_in_order(const Service& service) {
  std::vector<std::string> keys;
  for (const auto& [key, network] : service.networks) keys.push_back(key);
  const auto priority = [&](const std::string& key) {
    const auto& network = service.networks.at(key);
    return network ? network->priority : 0;
  };
  std::stable_sort(keys.begin(), keys.end(), [&](const auto& a, const auto& b) { return priority(a) > priority(b); });
  return keys;
}

std::vector<std::string> links(const Project& project, const Service& service) {
  std::vector<std::string> list;
  for (const std::string& link : service.links) {
    const std::string name = link.substr(0, link.find(':'));
    const std::string alias = link.find(':') == std::string::npos ? name : link.substr(name.size() + 1);
    const auto linked = project.services.find(name);
    if (linked == project.services.end()) continue;  // switched off by its profile; the loader has said so
    for (int number = 1; number <= linked->second.replicas(); ++number) {
      const std::string container = container_name(project, linked->second, number);
      const std::string replica = name + "-" + std::to_string(number);
      list.push_back(container + ":" + alias);
      list.push_back(container + ":" + replica);
      list.push_back(container + ":" + project.name + "-" + replica);
    }
  }
  for (const std::string& link : service.external_links)
    list.push_back(link.find(':') == std::string::npos ? link + ":" + link : link);
  return list;
}

namespace {

std::vector<std::string> environment_list(const compose::OptionalStringMap& environment) {
  std::vector<std::string> list;
  for (const auto& [name, value] : environment) list.push_back(value ? name + "=" + *value : name);
  return list;
}

api::HealthConfig health_config(const compose::Healthcheck& check) {
  if (check.disable) return {.test = {"NONE"}};
  api::HealthConfig config;
  config.test = check.test;
  config.interval = check.interval.value_or(std::chrono::nanoseconds(0));
  config.timeout = check.timeout.value_or(std::chrono::nanoseconds(0));
  config.start_period = check.start_period.value_or(std::chrono::nanoseconds(0));
  config.start_interval = check.start_interval.value_or(std::chrono::nanoseconds(0));
  config.retries = static_cast<std::int64_t>(check.retries.value_or(0));
  return config;
}

api::ContainerConfig config_part(const Project& project, const Service& service) {
  api::ContainerConfig config;
  config.hostname = service.hostname;
  config.domainname = service.domainname;
  config.user = service.user;
  config.attach_stdout = config.attach_stderr = true;
  config.exposed_ports = exposed_ports(service);
  config.tty = service.tty;
  config.open_stdin = service.stdin_open;
  config.env = environment_list(service.environment);
  config.cmd = service.command;
  config.entrypoint = service.entrypoint;
  if (service.healthcheck) config.healthcheck = health_config(*service.healthcheck);
  config.image = image_of(project, service);
  config.working_dir = service.working_dir;
  config.stop_signal = service.stop_signal;
  if (service.stop_grace_period)
    config.stop_timeout = std::chrono::duration_cast<std::chrono::seconds>(*service.stop_grace_period).count();
  return config;
}

/// How the Engine API is told the name of an interface.
constexpr const char* interface_name_option = "com.docker.network.endpoint.ifname";

api::EndpointSettings endpoint_settings(const std::optional<compose::ServiceNetwork>& network) {
  api::EndpointSettings endpoint;
  if (!network) return endpoint;
  endpoint.ipam_config.emplace();
  endpoint.ipam_config->ipv4_address = network->ipv4_address;
  endpoint.ipam_config->ipv6_address = network->ipv6_address;
  endpoint.ipam_config->link_local_ips = network->link_local_ips;
  endpoint.mac_address = network->mac_address;
  endpoint.driver_opts = network->driver_opts;
  if (!network->interface_name.empty()) endpoint.driver_opts[interface_name_option] = network->interface_name;
  endpoint.gw_priority = network->gw_priority;
  endpoint.aliases = network->aliases;
  return endpoint;
}

/// "service:db" names another service's container; other modes are the engine's own words.
std::string mode_of(const Project& project, const Service& service, const std::string& mode, std::string_view attribute) {
  constexpr std::string_view prefix = "service:";
  if (!mode.starts_with(prefix)) return mode;
  const auto other = project.services.find(mode.substr(prefix.size()));
  if (other == project.services.end())
    throw Error(ErrorCode::invalid_argument, service.where(attribute) + ": services." + service.name + "." +
                                                 std::string(attribute) + ": no such service \"" + mode.substr(prefix.size()) +
                                                 "\"");
  return "container:" + container_name(project, other->second, 1);
}

void add_networks(const Project& project, const Service& service, const std::vector<std::string>& own_aliases,
                  api::ContainerCreateRequest& body) {
  if (!service.network_mode.empty()) {
    body.host_config.network_mode = mode_of(project, service, service.network_mode, "network_mode");
    body.host_config.links = links(project, service);
    return;
  }
  const auto keys = networks_in_order(service);
  if (keys.empty()) body.host_config.network_mode = "none";
  for (const std::string& key : keys) {
    const std::string& name = project.networks.at(key).name;
    api::EndpointSettings endpoint = endpoint_settings(service.networks.at(key));
    endpoint.aliases.insert(endpoint.aliases.begin(), own_aliases.begin(), own_aliases.end());
    endpoint.links = links(project, service);
    if (body.host_config.network_mode.empty()) {
      body.host_config.network_mode = name;
      if (!service.mac_address.empty() && !endpoint.mac_address.empty() && endpoint.mac_address != service.mac_address)
        throw Error(ErrorCode::invalid_argument,
                    service.where("mac_address") + ": services." + service.name +
                        ".mac_address: the service-level mac_address should have the same value as network " + key);
      if (endpoint.mac_address.empty()) endpoint.mac_address = service.mac_address;
    }
    body.endpoints_config[name] = std::move(endpoint);
  }
}

void check_name(const Service& service) {
  if (!service.container_name.empty() && service.replicas() > 1)
    throw Error(ErrorCode::invalid_argument,
                service.where("container_name") + ": services." + service.name +
                    ".container_name: a fixed name allows only one container, but the service asks for " +
                    std::to_string(service.replicas()));
}

api::ContainerCreateRequest common_config(const Project& project, const Service& service) {
  api::ContainerCreateRequest body;
  body.config = config_part(project, service);
  body.host_config = host_config(project, service);
  body.host_config.ipc_mode = mode_of(project, service, service.ipc, "ipc");
  body.host_config.pid_mode = mode_of(project, service, service.pid, "pid");
  return body;
}

}  // namespace

api::ContainerCreateRequest container_config(const Project& project, const Service& service, int number) {
  check_name(service);
  api::ContainerCreateRequest body = common_config(project, service);
  body.config.labels = container_labels(project, service, number);
  add_networks(project, service, {container_name(project, service, number), service.name}, body);
  return body;
}

namespace {

void move_items(const std::vector<std::string>& items, std::vector<std::string>& from, std::vector<std::string>& to) {
  for (const std::string& item : items) {
    std::erase(from, item);
    if (std::find(to.begin(), to.end(), item) == to.end()) to.push_back(item);
  }
}

}  // namespace

NamedContainer oneoff_config(const Project& project, const Service& service, const std::string& slug,
                             const RunOptions& options) {
  Service changed = service;
  changed.container_name.clear();
  changed.restart = "no";
  if (!options.service_ports) changed.ports.clear();
  changed.ports.insert(changed.ports.end(), options.ports.begin(), options.ports.end());
  move_items(options.cap_add, changed.cap_drop, changed.cap_add);
  move_items(options.cap_drop, changed.cap_add, changed.cap_drop);
  if (options.command) changed.command = options.command;
  if (options.entrypoint) changed.entrypoint = options.entrypoint;
  if (options.entrypoint && !options.command) changed.command.reset();
  if (!options.user.empty()) changed.user = options.user;
  if (!options.working_dir.empty()) changed.working_dir = options.working_dir;
  changed.tty = options.tty;
  changed.stdin_open = options.interactive;
  for (auto& [key, network] : changed.networks)
    if (network && !options.use_aliases) network->aliases.clear();
  NamedContainer result;
  result.name = options.name.empty() ? oneoff_name(project, service, slug) : options.name;
  result.body = common_config(project, changed);
  api::ContainerConfig& config = result.body.config;
  config.labels = oneoff_labels(project, changed, slug);
  config.labels[label::config_hash] = config_hash(changed);  // docker compose lists, and takes down, only what has one
  for (const auto& [name, value] : options.labels) config.labels[name] = value;
  config.env.insert(config.env.end(), options.environment.begin(), options.environment.end());
  config.attach_stdin = config.stdin_once = options.interactive && !options.detach;
  result.body.host_config.auto_remove = options.auto_remove;
  auto& binds = result.body.host_config.binds;
  binds.insert(binds.end(), options.volumes.begin(), options.volumes.end());
  std::vector<std::string> own_aliases{result.name};
  if (options.use_aliases) own_aliases.push_back(service.name);
  add_networks(project, changed, own_aliases, result.body);
  return result;
}

}  // namespace stack::scheduler
