#include "engine/api/json_fields.hpp"

namespace stack::engine::api {

using detail::Empty;
using detail::Json;

template <class V>
void fields(V& v, VersionComponent& x) {
  v("Name", x.name);
  v("Version", x.version);
  v("Details", x.details, Empty::omit);
}

template <class V>
void fields(V& v, VersionInfo& x) {
  v.object("Platform", [&](auto& platform) { platform("Name", x.platform_name); });
  v("Components", x.components, Empty::omit);
  v("Version", x.version);
  v("ApiVersion", x.api_version);
  v("MinAPIVersion", x.min_api_version);
  v("GitCommit", x.git_commit);
  v("GoVersion", x.go_version);
  v("Os", x.os);
  v("Arch", x.arch);
  v("KernelVersion", x.kernel_version);
  v("Experimental", x.experimental, Empty::omit);
  v("BuildTime", x.build_time, Empty::omit);
}

template <class V>
void fields(V& v, SystemInfo::Plugins& x) {
  v("Volume", x.volume);
  v("Network", x.network);
  v.constant("Authorization", nullptr);
  v("Log", x.log);
}

template <class V>
void fields(V& v, SystemInfo::Runtime& x) {
  v("path", x.path);
}

template <class V>
void host_fields(V& v, SystemInfo& x) {
  v("MemoryLimit", x.memory_limit);
  v("SwapLimit", x.swap_limit);
  v("CpuCfsPeriod", x.cpu_cfs_period);
  v("CpuCfsQuota", x.cpu_cfs_quota);
  v("CPUShares", x.cpu_shares);
  v("CPUSet", x.cpu_set);
  v("PidsLimit", x.pids_limit);
  v("OomKillDisable", x.oom_kill_disable);
  v("IPv4Forwarding", x.ipv4_forwarding);
  v("Debug", x.debug);
  v("NFd", x.n_fd);
  v("NGoroutines", x.n_goroutines);
  v("NEventsListener", x.n_events_listener);
  v("SystemTime", x.system_time);
  v("LoggingDriver", x.logging_driver);
  v("CgroupDriver", x.cgroup_driver);
  v("CgroupVersion", x.cgroup_version, Empty::omit);
  v("KernelVersion", x.kernel_version);
  v("OperatingSystem", x.operating_system);
  v("OSVersion", x.os_version);
  v("OSType", x.os_type);
  v("Architecture", x.architecture);
  v("NCPU", x.ncpu);
  v("MemTotal", x.mem_total);
}

template <class V>
void fields(V& v, SystemInfo& x) {
  v("ID", x.id);
  v("Containers", x.containers);
  v("ContainersRunning", x.containers_running);
  v("ContainersPaused", x.containers_paused);
  v("ContainersStopped", x.containers_stopped);
  v("Images", x.images);
  v("Driver", x.driver);
  v("DriverStatus", x.driver_status, Empty::keep);
  v("Plugins", x.plugins);
  host_fields(v, x);
  v.constant("IndexServerAddress", "https://index.docker.io/v1/");
  v.constant("RegistryConfig",
             Json{{"IndexConfigs", Json::object()}, {"InsecureRegistryCIDRs", Json::array()}, {"Mirrors", nullptr}});
  v.constant("GenericResources", nullptr);
  v("DockerRootDir", x.docker_root_dir);
  v("HttpProxy", x.http_proxy);
  v("HttpsProxy", x.https_proxy);
  v("NoProxy", x.no_proxy);
  v("Name", x.name);
  v("Labels", x.labels, Empty::keep);
  v("ExperimentalBuild", x.experimental_build);
  v("ServerVersion", x.server_version);
  v("Runtimes", x.runtimes, Empty::keep);
  v("DefaultRuntime", x.default_runtime);
  v.constant("Swarm", Json{{"NodeID", ""},
                           {"NodeAddr", ""},
                           {"LocalNodeState", "inactive"},
                           {"ControlAvailable", false},
                           {"Error", ""},
                           {"RemoteManagers", nullptr}});
  v("LiveRestoreEnabled", x.live_restore_enabled);
  v.constant("Isolation", "");
  v("InitBinary", x.init_binary);
  v.object("ContainerdCommit", [&](auto& commit) { commit("ID", x.containerd_commit); });
  v.object("RuncCommit", [&](auto& commit) { commit("ID", x.runc_commit); });
  v.object("InitCommit", [&](auto& commit) { commit("ID", x.init_commit); });
  v("SecurityOptions", x.security_options, Empty::keep);
  v("Warnings", x.warnings);
}

/// Containers and images repeat what old clients read: status, id, from.
void to_json(Json& to, const Event& event) {
  to = Json::object();
  if (event.type == "container" || event.type == "image") {
    to["status"] = event.action;
    to["id"] = event.actor_id;
    const auto image = event.attributes.find("image");
    if (event.type == "container" && image != event.attributes.end()) to["from"] = image->second;
  }
  to["Type"] = event.type;
  to["Action"] = event.action;
  to["Actor"] = Json{{"ID", event.actor_id}, {"Attributes", event.attributes}};
  to["scope"] = event.scope;
  const auto nanoseconds = event.time.time_since_epoch().count();
  to["time"] = nanoseconds / 1'000'000'000;
  to["timeNano"] = nanoseconds;
}

template <class V>
void fields(V& v, Event& x) {
  v("Type", x.type);
  v("Action", x.action);
  v.object("Actor", [&](auto& actor) {
    actor("ID", x.actor_id);
    actor("Attributes", x.attributes);
  });
  v("scope", x.scope);
  std::int64_t nanoseconds = 0;
  v("timeNano", nanoseconds);
  x.time = Timestamp(std::chrono::nanoseconds(nanoseconds));
}

void from_json(const Json& from, Event& to) {
  to = {};
  const detail::Path root{};
  detail::require_object(from, root);
  detail::Reader reader(from, root);
  fields(reader, to);
}

STACK_API_JSON(VersionInfo)
STACK_API_JSON(SystemInfo)

}  // namespace stack::engine::api
