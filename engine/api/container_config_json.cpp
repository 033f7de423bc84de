#include "engine/api/json_fields.hpp"

namespace stack::engine::api {

using detail::Empty;

template <class V>
void fields(V& v, HealthConfig& x) {
  v("Test", x.test, Empty::omit);
  v("Interval", x.interval, Empty::omit);
  v("Timeout", x.timeout, Empty::omit);
  v("StartPeriod", x.start_period, Empty::omit);
  v("StartInterval", x.start_interval, Empty::omit);
  v("Retries", x.retries, Empty::omit);
}

template <class V>
void fields(V& v, ContainerConfig& x) {
  v("Hostname", x.hostname);
  v("Domainname", x.domainname);
  v("User", x.user);
  v("AttachStdin", x.attach_stdin);
  v("AttachStdout", x.attach_stdout);
  v("AttachStderr", x.attach_stderr);
  v("ExposedPorts", x.exposed_ports, Empty::omit);
  v("Tty", x.tty);
  v("OpenStdin", x.open_stdin);
  v("StdinOnce", x.stdin_once);
  v("Env", x.env);
  v("Cmd", x.cmd);
  v("Healthcheck", x.healthcheck, Empty::omit);
  v("ArgsEscaped", x.args_escaped, Empty::omit);
  v("Image", x.image);
  v("Volumes", x.volumes);
  v("WorkingDir", x.working_dir);
  v("Entrypoint", x.entrypoint);
  v("NetworkDisabled", x.network_disabled, Empty::omit);
  v("OnBuild", x.on_build);
  v("Labels", x.labels, Empty::keep);
  v("StopSignal", x.stop_signal, Empty::omit);
  v("StopTimeout", x.stop_timeout, Empty::omit);
  v("Shell", x.shell, Empty::omit);
}

template <class V>
void fields(V& v, PortBinding& x) {
  v("HostIp", x.host_ip);
  v("HostPort", x.host_port);
}

template <class V>
void fields(V& v, RestartPolicy& x) {
  v("Name", x.name);
  v("MaximumRetryCount", x.maximum_retry_count);
}

template <class V>
void fields(V& v, EndpointIpamConfig& x) {
  v("IPv4Address", x.ipv4_address, Empty::omit);
  v("IPv6Address", x.ipv6_address, Empty::omit);
  v("LinkLocalIPs", x.link_local_ips, Empty::omit);
}

template <class V>
void fields(V& v, EndpointSettings& x) {
  v("IPAMConfig", x.ipam_config);
  v("Links", x.links);
  v("Aliases", x.aliases);
  v("MacAddress", x.mac_address);
  v("DriverOpts", x.driver_opts);
  v("GwPriority", x.gw_priority);
  v("NetworkID", x.network_id);
  v("EndpointID", x.endpoint_id);
  v("Gateway", x.gateway);
  v("IPAddress", x.ip_address);
  v("IPPrefixLen", x.ip_prefix_len);
  v("IPv6Gateway", x.ipv6_gateway);
  v("GlobalIPv6Address", x.global_ipv6_address);
  v("GlobalIPv6PrefixLen", x.global_ipv6_prefix_len);
  v("DNSNames", x.dns_names);
}

template <class V>
void fields(V& v, ContainerCreateRequest& x) {
  fields(v, x.config);
  v("HostConfig", x.host_config);
  v.object("NetworkingConfig", [&](auto& networking) { networking("EndpointsConfig", x.endpoints_config); });
}

template <class V>
void fields(V& v, ContainerUpdateRequest& x) {
  v("CpuShares", x.cpu_shares, Empty::omit);
  v("Memory", x.memory, Empty::omit);
  v("NanoCpus", x.nano_cpus, Empty::omit);
  v("CpuPeriod", x.cpu_period, Empty::omit);
  v("CpuQuota", x.cpu_quota, Empty::omit);
  v("MemoryReservation", x.memory_reservation, Empty::omit);
  v("MemorySwap", x.memory_swap, Empty::omit);
  v("PidsLimit", x.pids_limit, Empty::omit);
  v("CpusetCpus", x.cpuset_cpus, Empty::omit);
  v("CpusetMems", x.cpuset_mems, Empty::omit);
  v("RestartPolicy", x.restart_policy, Empty::omit);
}

template struct detail::StructCodec<HealthConfig>;
template struct detail::StructCodec<RestartPolicy>;
template struct detail::StructCodec<ContainerConfig>;
template struct detail::StructCodec<PortBinding>;
template struct detail::StructCodec<EndpointSettings>;
STACK_API_JSON(HealthConfig)
STACK_API_JSON(ContainerConfig)
STACK_API_JSON(EndpointSettings)
STACK_API_JSON(ContainerCreateRequest)
STACK_API_JSON(ContainerUpdateRequest)

}  // namespace stack::engine::api
