#include <algorithm>
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

std::vector<api::ThrottleDevice> throttle_devices(const std::vector<compose::ThrottleDevice>& devices) {
  std::vector<api::ThrottleDevice> list;
  for (const auto& device : devices) list.push_back({device.path, static_cast<std::uint64_t>(device.rate)});
  return list;
}

void add_blkio(const Service& service, api::HostConfig& host) {
  if (!service.blkio_config) return;
  const compose::BlkioConfig& blkio = *service.blkio_config;
  const auto weight = [&](std::int64_t value, const std::string& attribute) {
    if (value < 0 || value > 1000) fail(service, "blkio_config." + attribute, "a weight is from 10 to 1000");
    return static_cast<std::uint16_t>(value);
  };
  host.blkio_weight = weight(blkio.weight, "weight");
  for (std::size_t i = 0; i < blkio.weight_device.size(); ++i) {
    const auto& device = blkio.weight_device[i];
    host.blkio_weight_device.push_back({device.path, weight(device.weight, "weight_device[" + std::to_string(i) + "].weight")});
  }
  host.blkio_device_read_bps = throttle_devices(blkio.device_read_bps);
  host.blkio_device_read_iops = throttle_devices(blkio.device_read_iops);
  host.blkio_device_write_bps = throttle_devices(blkio.device_write_bps);
  host.blkio_device_write_iops = throttle_devices(blkio.device_write_iops);
}

api::DeviceRequest device_request(const compose::DeviceRequest& wanted) {
  return {.driver = wanted.driver,
          .count = wanted.count,
          .device_ids = wanted.device_ids,
          .capabilities = {wanted.capabilities},
          .options = wanted.options};
}

void add_device_requests(const Service& service, api::HostConfig& host) {
  for (const compose::DeviceRequest& gpu : service.gpus) {
    host.device_requests.push_back(device_request(gpu));
    auto& capabilities = host.device_requests.back().capabilities.front();
    if (std::find(capabilities.begin(), capabilities.end(), "gpu") == capabilities.end()) capabilities.push_back("gpu");
  }
  if (!service.deploy || !service.deploy->reservations) return;
  for (const auto& device : service.deploy->reservations->devices) host.device_requests.push_back(device_request(device));
}

/// "vendor.com/class=name": a device by the name that the Container Device Interface gives it.
bool is_cdi_name(const std::string& source) {
  const std::size_t slash = source.find('/');
  const std::size_t equals = source.find('=', slash == std::string::npos ? 0 : slash);
  return slash != std::string::npos && slash > 0 && source.front() != '.' && equals != std::string::npos &&
         equals > slash + 1 && equals + 1 < source.size();
}

void add_devices(const Service& service, api::HostConfig& host) {
  std::vector<std::string> cdi_names;
  for (const compose::Device& device : service.devices) {
    if (is_cdi_name(device.source))
      cdi_names.push_back(device.source);
    else
      host.devices.push_back({.path_on_host = device.source,
                              .path_in_container = device.target.empty() ? device.source : device.target,
                              .cgroup_permissions = device.permissions.empty() ? "rwm" : device.permissions});
  }
  if (!cdi_names.empty()) host.device_requests.push_back({.driver = "cdi", .device_ids = std::move(cdi_names)});
}

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
  add_devices(service, host);
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

api::RestartPolicy restart_policy(const Service& service) {
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
  if (!service.deploy || !service.deploy->restart_policy) return {.name = "no"};
  const auto& policy = *service.deploy->restart_policy;
  if (policy.condition == "none") return {.name = "no"};
  if (policy.condition == "on-failure")
    return {.name = "on-failure", .maximum_retry_count = static_cast<std::int64_t>(policy.max_attempts.value_or(0))};
  return {.name = "always"};
}

api::HostConfig host_config(const Project& project, const Service& service) {
  api::HostConfig host;
  add_resources(service, host);
  add_deploy_resources(service, host);
  add_blkio(service, host);
  add_device_requests(service, host);
  add_security_options(project, service, host);
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
  host.isolation = service.isolation;
  host.oom_score_adj = service.oom_score_adj;
  host.privileged = service.privileged;
  host.readonly_rootfs = service.read_only;
  host.runtime = service.runtime;
  host.shm_size = service.shm_size;
  host.storage_opt = service.storage_opt;
  host.sysctls = service.sysctls;
  host.userns_mode = service.userns_mode;
  host.uts_mode = service.uts;
  return host;
}

}  // namespace stack::scheduler
