#include "engine/container/launch_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

#include "base/error.hpp"
#include "engine/container/endpoint_checks.hpp"
#include "engine/container/host_checks.hpp"
#include "engine/container/log_config.hpp"
#include "engine/container/log_services.hpp"
#include "engine/container/network_files.hpp"
#include "engine/container/runtimes.hpp"
#include "engine/container/spec.hpp"
#include "engine/runtime/seccomp_file.hpp"
#include "engine/runtime/seccomp_oci.hpp"

namespace stack::engine::container {

namespace {

std::uint16_t to_port(std::string_view text) {
  std::uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

network::PortRequest port_request(const std::string& container_port, const api::PortBinding& binding) {
  network::PortRequest request;
  const auto slash = container_port.find('/');
  request.container_port = to_port(std::string_view(container_port).substr(0, slash));
  const std::string protocol = slash == std::string::npos ? "tcp" : container_port.substr(slash + 1);
  if (protocol == "sctp") throw Error(ErrorCode::not_implemented, "publishing an SCTP port is not supported");
  request.protocol = protocol == "udp" ? network::Protocol::udp : network::Protocol::tcp;
  request.host_ip = binding.host_ip;
  const auto dash = binding.host_port.find('-');
  request.host_port_first = to_port(std::string_view(binding.host_port).substr(0, dash));
  request.host_port_last =
      dash == std::string::npos ? request.host_port_first : to_port(std::string_view(binding.host_port).substr(dash + 1));
  return request;
}

/// The first process of the container whose PID or IPC namespace is joined; 0: none is.
pid_t pid_of(const Manager::Impl& impl, const std::string& mode, const char* what) {
  const std::string other = shared_with(mode);
  if (other.empty()) return 0;
  const ContainerPtr owner = impl.get(other);
  if (!is_active(owner->record.state) || owner->record.pid == 0)
    throw Error(ErrorCode::conflict,
                fmt::format("failed to join {} namespace: container {} is not running", what, owner->record.id));
  return owner->record.pid;
}

pid_t pid_of_ipc_owner(const Manager::Impl& impl, const std::string& mode) {
  const pid_t pid = pid_of(impl, mode, "IPC");
  if (pid == 0) return 0;
  const Record& owner = impl.get(shared_with(mode))->record;
  if (owner.host_config.ipc_mode == "private" || owner.host_config.ipc_mode == "none")
    throw Error(
        ErrorCode::conflict,
        fmt::format("failed to join IPC namespace: container {}: non-shareable IPC (hint: use IpcMode:shareable for the "
                    "donor container)",
                    owner.id));
  return pid;
}

/// The container whose network namespace it is in the end: one that shares may be shared from in turn.
ContainerPtr network_owner(const Manager::Impl& impl, const std::string& mode) {
  ContainerPtr owner = impl.get(shared_with(mode));
  while (!shared_with(owner->record.host_config.network_mode).empty())
    owner = impl.get(shared_with(owner->record.host_config.network_mode));
  return owner;
}

/// Containers linked on the default bridge, where no DNS server answers.
std::vector<std::string> link_lines(const Manager::Impl& impl, const Record& record) {
  std::vector<std::string> lines;
  for (const std::string& kept : record.host_config.links) {
    const Link link = parse_kept_link(kept);
    const Record& linked = impl.get(link.name)->record;
    if (!is_active(linked.state))
      throw Error(ErrorCode::conflict,
                  fmt::format("Cannot link to a non running container: /{} AS /{}/{}", linked.name, record.name, link.alias));
    for (const auto& endpoint : impl.services.networks.endpoints(linked.id))
      if (endpoint.network_name == "bridge")
        lines.push_back(fmt::format("{}\t{} {}{}", endpoint.address.to_string(), link.alias, linked.config.hostname,
                                    linked.name == link.alias ? "" : " " + linked.name));
  }
  return lines;
}

void plan_files(const Manager::Impl& impl, const LiveContainer& container, LaunchPlan& plan, SpecInput& input) {
  const Record& record = container.record;
  const std::string directory = impl.dir(container);
  if (const std::string& mode = record.host_config.network_mode; !shared_with(mode).empty()) {
    // whoever shares a network namespace shares what is known about it
    const std::string owner_dir = impl.dir(*network_owner(impl, mode));
    input.hosts_file = owner_dir + "/hosts";
    input.hostname_file = owner_dir + "/hostname";
    input.resolv_conf_file = owner_dir + "/resolv.conf";
    return;
  }
  input.hosts_file = plan.hosts_path = directory + "/hosts";
  input.hostname_file = plan.hostname_path = directory + "/hostname";
  input.resolv_conf_file = plan.resolv_path = directory + "/resolv.conf";
  plan.copies_host_files = record.host_config.network_mode == "host";
  plan.hosts = hosts_request(record);
  plan.hosts.extra_hosts = record.host_config.extra_hosts;
  plan.hosts.host_gateway = plan.attachment.bridge_gateway;
  plan.hosts.links = link_lines(impl, record);
  for (const auto& endpoint : plan.attachment.endpoints) {
    const auto position = endpoint.is_gateway ? plan.hosts.addresses.begin() : plan.hosts.addresses.end();
    plan.hosts.addresses.insert(position, endpoint.address.to_string());
  }
  check_name_servers(record.host_config.dns);
  plan.resolv = resolv_request(record);
  plan.resolv.has_dns = plan.attachment.has_dns;
}

std::string read_file(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_files(const LaunchPlan& plan) {
  if (plan.hosts_path.empty()) return;
  if (plan.copies_host_files) {
    std::string hosts = read_file("/etc/hosts");
    for (const auto& extra : plan.hosts.extra_hosts) {
      const auto colon = extra.find(':');
      hosts += extra.substr(colon + 1) + "\t" + extra.substr(0, colon) + "\n";
    }
    write_in_place(plan.hosts_path, hosts);
    const bool as_it_is = plan.resolv.dns.empty() && plan.resolv.dns_search.empty() && plan.resolv.dns_options.empty();
    write_in_place(plan.resolv_path,
                   as_it_is ? read_file("/etc/resolv.conf") : network::resolv_conf(plan.resolv, network::host_resolv_conf()));
  } else {
    write_in_place(plan.hosts_path, network::hosts_file(plan.hosts));
    write_in_place(plan.resolv_path, network::resolv_conf(plan.resolv, network::host_resolv_conf()));
  }
  write_in_place(plan.hostname_path, plan.hosts.hostname + "\n");
}

}  // namespace

network::HostsFile hosts_request(const Record& record) {
  network::HostsFile hosts;
  hosts.hostname = record.config.hostname;
  hosts.domainname = record.config.domainname;
  return hosts;
}

network::ResolvConfRequest resolv_request(const Record& record) {
  network::ResolvConfRequest request;
  request.dns = record.host_config.dns;
  request.dns_search = record.host_config.dns_search;
  request.dns_options = record.host_config.dns_options;
  return request;
}

network::EndpointRequest endpoint_request(const std::string& network, const api::EndpointSettings& settings) {
  network::EndpointRequest request;
  request.network = network;
  request.aliases = settings.aliases;
  if (settings.ipam_config) request.ipv4_address = settings.ipam_config->ipv4_address;
  request.mac_address = settings.mac_address;
  if (settings.ipam_config) request.link_local_ips = settings.ipam_config->link_local_ips;
  request.gateway_priority = static_cast<int>(settings.gw_priority);
  request.links = settings.links;
  const auto option = [&](const char* name) {
    const auto found = settings.driver_opts.find(name);
    return found == settings.driver_opts.end() ? std::string() : found->second;
  };
  request.interface_name = option(network::option_interface_name);
  request.sysctls = option(network::option_sysctls);
  return request;
}

std::vector<network::PortRequest> port_requests(const Record& record) {
  std::vector<network::PortRequest> requests;
  for (const auto& [port, bindings] : record.host_config.port_bindings)
    for (const auto& binding : bindings) requests.push_back(port_request(port, binding));
  if (record.host_config.publish_all_ports)
    for (const auto& port : record.config.exposed_ports) {
      const auto bound = record.host_config.port_bindings.find(port);
      if (bound == record.host_config.port_bindings.end() || bound->second.empty()) requests.push_back(port_request(port, {}));
    }
  return requests;
}

network::AttachRequest attach_request(const Record& record) {
  network::AttachRequest request;
  request.container_id = record.id;
  request.container_name = record.name;
  if (record.host_config.uts_mode != "host") request.hostname = record.config.hostname;
  const std::string& primary = record.host_config.network_mode;
  if (record.endpoints.contains("none")) return request;
  if (const auto first = record.endpoints.find(primary); first != record.endpoints.end())
    request.endpoints.push_back(endpoint_request(primary, first->second));
  for (const auto& [name, settings] : record.endpoints)
    if (name != primary) request.endpoints.push_back(endpoint_request(name, settings));
  request.ports = port_requests(record);
  request.dns = record.host_config.dns;
  return request;
}

LaunchPlan make_launch_plan(Manager::Impl& impl, LiveContainer& container, const image::Snapshot& snapshot,
                            network::Attachment attachment) {
  const Record& record = container.record;
  LaunchPlan plan;
  plan.attachment = std::move(attachment);
  SpecInput input{record, snapshot, impl.cgroup(record), {}, {}, {}, 0, 0, {}, impl.services.host.apparmor};
  input.pid_of_pid_namespace = pid_of(impl, record.host_config.pid_mode, "PID");
  input.pid_of_ipc_namespace = pid_of_ipc_owner(impl, record.host_config.ipc_mode);
  plan_files(impl, container, plan, input);
  for (const auto& mount : record.mounts)
    if (mount.type == "image")
      input.image_layers[mount.source] = impl.services.images.content_dirs(impl.services.images.get(mount.source)->config);
  plan.seccomp = seccomp_choice(record.host_config);
  runtime::LaunchRequest& request = plan.request;
  request.id = record.id;
  request.spec = build_spec(input);
  request.runtime = runtime_program(record.host_config.runtime);
  if (!request.runtime.empty()) request.init_program = runtime::shim_path();
  request.shim_dir = impl.services.paths.shim_dir(record.id);
  request.container_dir = impl.dir(container);
  request.log = log_options(record, impl.dir(container));
  request.engine = impl.services.engine_restart;
  request.stdin_open = record.config.open_stdin;
  request.stdin_once = record.config.stdin_once;
  request.netns_fd = plan.attachment.netns.get();
  for (auto& socket : plan.attachment.sockets) request.held.push_back(to_runtime(std::move(socket)));
  request.attached = std::move(container.waiting_clients);
  container.waiting_clients.clear();
  return plan;
}

runtime::LaunchResult run_launch_plan(LaunchPlan& plan, const runtime::ShimBinary& shim, runtime::SeccompCache& seccomp) {
  write_files(plan);
  reach_log_service(plan.request.log.shipping);
  if (!plan.request.runtime.empty())  // which compiles filters itself
    plan.request.spec.linux_.seccomp = oci_filter_of(plan.seccomp, plan.request.spec.process.capabilities);
  else
    plan.request.seccomp = filter_of(plan.seccomp, plan.request.spec.process.capabilities, seccomp);
  return runtime::launch(shim, plan.request);
}

std::shared_ptr<const std::string> filter_of(const SeccompChoice& choice, const runtime::Capabilities& capabilities,
                                             runtime::SeccompCache& seccomp) {
  if (choice.unconfined) return nullptr;
  return choice.profile.empty() ? seccomp.get(capabilities.bounding) : seccomp.get(choice.profile, capabilities.bounding);
}

std::string oci_filter_of(const SeccompChoice& choice, const runtime::Capabilities& capabilities) {
  if (choice.unconfined) return {};
  if (choice.profile.empty()) return runtime::to_oci_seccomp(runtime::default_seccomp_tables(capabilities.bounding));
  const auto tables = runtime::parse_seccomp_profile(choice.profile, capabilities.bounding, runtime::running_kernel());
  return tables ? runtime::to_oci_seccomp(*tables) : std::string();
}

runtime::HeldSocket to_runtime(network::HeldSocket socket) {
  return {std::move(socket.name), std::move(socket.fd), std::move(socket.relay_address), socket.relay_port};
}

network::HeldSocket to_network(runtime::HeldSocket socket) {
  return {std::move(socket.name), std::move(socket.fd), std::move(socket.relay_address), socket.relay_port};
}

}  // namespace stack::engine::container
