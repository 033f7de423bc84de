#include <charconv>
#include <cmath>

#include "base/error.hpp"
#include "scheduler/container_parts.hpp"

namespace stack::scheduler {

using compose::Project;
using compose::Service;

namespace {

[[noreturn]] void fail(const Service& service, const std::string& attribute, const std::string& why) {
  throw Error(ErrorCode::invalid_argument,
              service.where(attribute) + ": services." + service.name + "." + attribute + ": " + why);
}

std::int64_t nano_cpus(double cpus) { return std::llround(cpus * 1e9); }

void add_resources(const Service& service, api::HostConfig& host) {
  host.cgroup_parent = service.cgroup_parent;
  host.memory = service.mem_limit;
  host.memory_reservation = service.mem_reservation;
  host.memory_swap = service.memswap_limit;
  host.memory_swappiness = service.mem_swappiness;
  host.oom_kill_disable = service.oom_kill_disable;
  host.nano_cpus = nano_cpus(service.cpus);
  host.cpu_count = service.cpu_count;
  host.cpu_percent = static_cast<std::int64_t>(service.cpu_percent);
  host.cpu_period = service.cpu_period;
  host.cpu_quota = service.cpu_quota;
  host.cpu_realtime_period = service.cpu_rt_period;
  host.cpu_realtime_runtime = service.cpu_rt_runtime;
  host.cpu_shares = service.cpu_shares;
  host.cpuset_cpus = service.cpuset;
  if (service.pids_limit != 0) host.pids_limit = service.pids_limit;
  for (const auto& [name, limit] : service.ulimits)
    host.ulimits.push_back({.name = name, .hard = limit.hard, .soft = limit.soft});
  host.device_cgroup_rules = service.device_cgroup_rules;
  for (const compose::Device& device : service.devices)
    host.devices.push_back({.path_on_host = device.source,
                            .path_in_container = device.target.empty() ? device.source : device.target,
                            .cgroup_permissions = device.permissions.empty() ? "rwm" : device.permissions});
}

/// deploy.resources says the same things again; the loader has refused values that contradict.
void add_deploy_resources(const Service& service, api::HostConfig& host) {
  if (!service.deploy) return;
  if (const auto& limits = service.deploy->limits) {
    if (limits->cpus > 0) host.nano_cpus = nano_cpus(limits->cpus);
    if (limits->memory > 0) host.memory = limits->memory;
    if (limits->pids != 0) host.pids_limit = limits->pids;
  }
  if (const auto& reserved = service.deploy->reservations; reserved && reserved->memory > 0)
    host.memory_reservation = reserved->memory;
}

std::vector<std::string> extra_hosts(const Service& service) {
  std::vector<std::string> list;
  for (const auto& [host, addresses] : service.extra_hosts)
    for (const std::string& address : addresses) list.push_back(host + ":" + address);
  return list;
}

void add_tmpfs(const Service& service, api::HostConfig& host) {
  for (const std::string& entry : service.tmpfs) {
    const std::size_t colon = entry.find(':');
    host.tmpfs[entry.substr(0, colon)] = colon == std::string::npos ? "" : entry.substr(colon + 1);
  }
}

/// "3000" or "3000-3005", perhaps "/udp" → each port with its protocol
void add_exposed(const Service& service, std::size_t index, std::set<std::string>& ports) {
  const std::string& text = service.expose[index];
  const std::size_t slash = text.find('/');
  const std::string protocol = slash == std::string::npos ? "tcp" : text.substr(slash + 1);
  const char* const end = text.data() + std::min(slash, text.size());
  unsigned first = 0, last = 0;
  auto read = std::from_chars(text.data(), end, first);
  last = first;
  if (read.ec == std::errc{} && read.ptr != end && *read.ptr == '-') read = std::from_chars(read.ptr + 1, end, last);
  if (read.ec != std::errc{} || read.ptr != end || first == 0 || last < first || last > 65535)
    fail(service, "expose[" + std::to_string(index) + "]", "\"" + text + "\" is no port");
  for (unsigned port = first; port <= last; ++port) ports.insert(std::to_string(port) + "/" + protocol);
}

std::string port_key(const compose::Port& port) { return std::to_string(port.target) + "/" + port.protocol; }

}  // namespace

std::set<std::string> exposed_ports(const Service& service) {
  std::set<std::string> ports;
  for (const compose::Port& port : service.ports) ports.insert(port_key(port));
  for (std::size_t i = 0; i < service.expose.size(); ++i) add_exposed(service, i, ports);
  return ports;
}

api::PortMap port_bindings(const Service& service) {
  api::PortMap bindings;
  for (const compose::Port& port : service.ports)
    bindings[port_key(port)].push_back({.host_ip = port.host_ip, .host_port = port.published});
  return bindings;
}

namespace {

/// The engine's word for deploy.restart_policy.condition.
std::string policy_name(const std::string& condition) {
  if (condition == "none") return "no";
  return condition == "any" ? "always" : condition;
}

}  // namespace

api::RestartPolicy restart_policy(const Service& service) {
  if (service.deploy && service.deploy->restart_policy) {  // docker compose lets it win
    const auto& policy = *service.deploy->restart_policy;
    return {.name = policy_name(policy.condition),
            .maximum_retry_count = static_cast<std::int64_t>(policy.max_attempts.value_or(0))};
  }
  if (!service.restart.empty()) {
    const std::size_t colon = service.restart.find(':');
    api::RestartPolicy policy{.name = service.restart.substr(0, colon)};
    if (colon == std::string::npos) return policy;
    const std::string count = service.restart.substr(colon + 1);
    const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), policy.maximum_retry_count);
    if (error != std::errc{} || end != count.data() + count.size() || policy.maximum_retry_count < 0)
      fail(service, "restart", "\"" + count + "\" is no number of restarts");
    return policy;
  }
  return {.name = "no"};
}

api::HostConfig host_config(const Project& project, const Service& service) {
  api::HostConfig host;
  add_resources(service, host);
  add_deploy_resources(service, host);
  add_mounts(project, service, host);
  add_tmpfs(service, host);
  host.port_bindings = port_bindings(service);
  host.restart_policy = restart_policy(service);
  if (service.logging) host.log_config = {.type = service.logging->driver, .config = service.logging->options};
  host.annotations = service.annotations;
  host.cap_add = service.cap_add;
  host.cap_drop = service.cap_drop;
  host.cgroupns_mode = service.cgroup;
  host.dns = service.dns;
  host.dns_options = service.dns_opt;
  host.dns_search = service.dns_search;
  host.extra_hosts = extra_hosts(service);
  host.group_add = service.group_add;
  host.init = service.init;
  host.oom_score_adj = service.oom_score_adj;
  host.privileged = service.privileged;
  host.readonly_rootfs = service.read_only;
  host.security_opt = service.security_opt;
  host.shm_size = service.shm_size;
  host.storage_opt = service.storage_opt;
  host.sysctls = service.sysctls;
  host.userns_mode = service.userns_mode;
  host.uts_mode = service.uts;
  return host;
}

}  // namespace stack::scheduler
