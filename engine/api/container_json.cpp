#include "engine/api/json_fields.hpp"

namespace stack::engine::api {

using detail::Empty;

template <class V>
void fields(V& v, HealthResult& x) {
  v("Start", x.start);
  v("End", x.end);
  v("ExitCode", x.exit_code);
  v("Output", x.output);
}

template <class V>
void fields(V& v, Health& x) {
  v("Status", x.status);
  v("FailingStreak", x.failing_streak);
  v("Log", x.log, Empty::keep);
}

template <class V>
void fields(V& v, ContainerState& x) {
  v("Status", x.status);
  v("Running", x.running);
  v("Paused", x.paused);
  v("Restarting", x.restarting);
  v("OOMKilled", x.oom_killed);
  v("Dead", x.dead);
  v("Pid", x.pid);
  v("ExitCode", x.exit_code);
  v("Error", x.error);
  v("StartedAt", x.started_at);
  v("FinishedAt", x.finished_at);
  v("Health", x.health, Empty::omit);
}

template <class V>
void fields(V& v, MountPoint& x) {
  v("Type", x.type, Empty::omit);
  v("Name", x.name, Empty::omit);
  v("Source", x.source);
  v("Destination", x.destination);
  v("Driver", x.driver, Empty::omit);
  v("Mode", x.mode);
  v("RW", x.rw);
  v("Propagation", x.propagation);
}

template <class V>
void fields(V& v, GraphDriver& x) {
  v("Name", x.name);
  v("Data", x.data);
}

template <class V>
void fields(V& v, NetworkSettings& x) {
  v("Bridge", x.bridge);
  v("SandboxID", x.sandbox_id);
  v("SandboxKey", x.sandbox_key);
  if (V::reading || !x.ports.empty())
    v("Ports", x.ports);
  else
    v.constant("Ports", detail::Json::object());  // {} for none, but null for a port that is exposed only
  v.constant("HairpinMode", false);
  v.constant("LinkLocalIPv6Address", "");
  v.constant("LinkLocalIPv6PrefixLen", 0);
  v.constant("SecondaryIPAddresses", nullptr);
  v.constant("SecondaryIPv6Addresses", nullptr);
  v("EndpointID", x.endpoint_id);
  v("Gateway", x.gateway);
  v("GlobalIPv6Address", x.global_ipv6_address);
  v("GlobalIPv6PrefixLen", x.global_ipv6_prefix_len);
  v("IPAddress", x.ip_address);
  v("IPPrefixLen", x.ip_prefix_len);
  v("IPv6Gateway", x.ipv6_gateway);
  v("MacAddress", x.mac_address);
  if (V::reading || !x.networks.empty())
    v("Networks", x.networks);
  else
    v.constant("Networks", detail::Json::object());
}

template <class V>
void fields(V& v, ContainerInspect& x) {
  v("Id", x.id);
  v("Created", x.created);
  v("Path", x.path);
  v("Args", x.args, Empty::keep);
  v("State", x.state);
  v("Image", x.image);
  v("ResolvConfPath", x.resolv_conf_path);
  v("HostnamePath", x.hostname_path);
  v("HostsPath", x.hosts_path);
  v("LogPath", x.log_path);
  v("Name", x.name);
  v("RestartCount", x.restart_count);
  v("Driver", x.driver);
  v("Platform", x.platform);
  v("MountLabel", x.mount_label);
  v("ProcessLabel", x.process_label);
  v("AppArmorProfile", x.app_armor_profile);
  v("ExecIDs", x.exec_ids);
  v("HostConfig", x.host_config);
  v("GraphDriver", x.graph_driver);
  v("SizeRw", x.size_rw, Empty::omit);
  v("SizeRootFs", x.size_root_fs, Empty::omit);
  v("Mounts", x.mounts, Empty::keep);
  v("Config", x.config);
  v("NetworkSettings", x.network_settings);
}

template <class V>
void fields(V& v, PortSummary& x) {
  v("IP", x.ip, Empty::omit);
  v("PrivatePort", x.private_port);
  v("PublicPort", x.public_port, Empty::omit);
  v("Type", x.type);
}

template <class V>
void fields(V& v, ContainerSummary& x) {
  v("Id", x.id);
  v("Names", x.names, Empty::keep);
  v("Image", x.image);
  v("ImageID", x.image_id);
  v("Command", x.command);
  v("Created", x.created);
  v("Ports", x.ports, Empty::keep);
  v("SizeRw", x.size_rw, Empty::omit);
  v("SizeRootFs", x.size_root_fs, Empty::omit);
  v("Labels", x.labels, Empty::keep);
  v("State", x.state);
  v("Status", x.status);
  v.object("HostConfig", [&](auto& host) { host("NetworkMode", x.network_mode, Empty::omit); });
  v.object("NetworkSettings", [&](auto& settings) { settings("Networks", x.networks); });
  v("Mounts", x.mounts, Empty::keep);
}

template <class V>
void fields(V& v, WaitResponse& x) {
  v("StatusCode", x.status_code);
  if (V::reading || x.error) v.object("Error", [&](auto& error) { error("Message", x.error); });
}

template <class V>
void fields(V& v, TopResponse& x) {
  v("Titles", x.titles, Empty::keep);
  v("Processes", x.processes, Empty::keep);
}

template <class V>
void fields(V& v, FilesystemChange& x) {
  v("Path", x.path);
  v("Kind", x.kind);
}

template struct detail::StructCodec<MountPoint>;
template struct detail::StructCodec<GraphDriver>;
STACK_API_JSON(Health)
STACK_API_JSON(ContainerState)
STACK_API_JSON(ContainerInspect)
STACK_API_JSON(ContainerSummary)
STACK_API_JSON(WaitResponse)
STACK_API_JSON(TopResponse)
STACK_API_JSON(FilesystemChange)

}  // namespace stack::engine::api
