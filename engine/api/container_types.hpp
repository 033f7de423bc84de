#pragma once
// What the engine says about containers: inspect, list, wait, top; and exec.
#include "engine/api/container_config_types.hpp"

namespace stack::engine::api {

struct HealthResult {
  std::optional<Timestamp> start, end;
  std::int64_t exit_code = 0;
  std::string output;
};

struct Health {
  std::string status;  ///< starting, healthy, unhealthy
  std::int64_t failing_streak = 0;
  std::vector<HealthResult> log;
};

struct ContainerState {
  std::string status;  ///< created running paused restarting removing exited dead
  bool running = false, paused = false, restarting = false, oom_killed = false, dead = false;
  std::int64_t pid = 0;
  std::int64_t exit_code = 0;
  std::string error;
  std::optional<Timestamp> started_at, finished_at;
  std::optional<Health> health;  ///< only with a health check
};

struct MountPoint {
  std::string type, name, source, destination, driver, mode;
  bool rw = false;
  std::string propagation;
};

struct GraphDriver {
  std::string name;
  std::optional<StringMap> data;
};

struct NetworkSettings {
  std::string bridge, sandbox_id, sandbox_key;
  PortMap ports;
  std::map<std::string, EndpointSettings> networks;
  /// The default bridge network's endpoint, repeated at top level for old clients.
  std::string endpoint_id, gateway, ip_address, mac_address, global_ipv6_address, ipv6_gateway;
  std::int64_t ip_prefix_len = 0, global_ipv6_prefix_len = 0;
};

/// GET /containers/{id}/json
struct ContainerInspect {
  std::string id;
  std::optional<Timestamp> created;
  std::string path;
  std::vector<std::string> args;  ///< [] when none
  ContainerState state;
  std::string image;  ///< image id, "sha256:..."
  std::string resolv_conf_path, hostname_path, hosts_path, log_path;
  std::string name;  ///< with the leading slash
  std::int64_t restart_count = 0;
  std::string driver, platform;
  std::string mount_label, process_label, app_armor_profile;
  std::vector<std::string> exec_ids;
  HostConfig host_config;
  GraphDriver graph_driver;
  std::optional<std::int64_t> size_rw, size_root_fs;  ///< only with ?size=1
  std::vector<MountPoint> mounts;                     ///< [] when none
  ContainerConfig config;
  NetworkSettings network_settings;
};

struct PortSummary {
  std::string ip;
  std::uint16_t private_port = 0;
  std::uint16_t public_port = 0;  ///< 0 = not published
  std::string type;               ///< tcp, udp, sctp
};

/// An item of GET /containers/json
struct ContainerSummary {
  std::string id;
  std::vector<std::string> names;  ///< with the leading slash
  std::string image, image_id, command;
  std::int64_t created = 0;  ///< Unix seconds
  std::vector<PortSummary> ports;
  StringMap labels;
  std::string state;                                 ///< as ContainerState.status
  std::string status;                                ///< "Up 3 seconds (healthy)"
  std::string network_mode;                          ///< HostConfig.NetworkMode
  std::map<std::string, EndpointSettings> networks;  ///< NetworkSettings.Networks
  std::vector<MountPoint> mounts;
  std::optional<std::int64_t> size_rw, size_root_fs;
};

/// POST /containers/{id}/wait
struct WaitResponse {
  std::int64_t status_code = 0;
  std::optional<std::string> error;  ///< Error.Message
};

struct TopResponse {
  std::vector<std::string> titles;
  std::vector<std::vector<std::string>> processes;
};

/// An item of GET /containers/{id}/changes
struct FilesystemChange {
  std::string path;
  std::int64_t kind = 0;  ///< 0 modified, 1 added, 2 deleted
};

/// POST /containers/{id}/exec
struct ExecCreateRequest {
  std::string user;
  bool privileged = false, tty = false;
  std::vector<std::uint64_t> console_size;  ///< height, width
  bool attach_stdin = false, attach_stdout = false, attach_stderr = false;
  std::string detach_keys;
  std::vector<std::string> env;
  std::string working_dir;
  std::vector<std::string> cmd;
};

/// POST /exec/{id}/start
struct ExecStartRequest {
  bool detach = false, tty = false;
  std::vector<std::uint64_t> console_size;
};

/// GET /exec/{id}/json
struct ExecInspect {
  std::string id;
  bool running = false;
  std::optional<std::int64_t> exit_code;  ///< null while unknown
  struct ProcessConfig {
    bool tty = false;
    std::string entrypoint;
    std::vector<std::string> arguments;
    std::optional<bool> privileged;
    std::string user;
  } process_config;
  bool open_stdin = false, open_stderr = false, open_stdout = false;
  bool can_remove = false;
  std::string container_id;
  std::string detach_keys;
  std::int64_t pid = 0;
};

void to_json(nlohmann::json&, const Health&);
void from_json(const nlohmann::json&, Health&);
void to_json(nlohmann::json&, const ContainerState&);
void from_json(const nlohmann::json&, ContainerState&);
void to_json(nlohmann::json&, const ContainerInspect&);
void from_json(const nlohmann::json&, ContainerInspect&);
void to_json(nlohmann::json&, const ContainerSummary&);
void from_json(const nlohmann::json&, ContainerSummary&);
void to_json(nlohmann::json&, const WaitResponse&);
void from_json(const nlohmann::json&, WaitResponse&);
void to_json(nlohmann::json&, const TopResponse&);
void from_json(const nlohmann::json&, TopResponse&);
void to_json(nlohmann::json&, const FilesystemChange&);
void from_json(const nlohmann::json&, FilesystemChange&);
void to_json(nlohmann::json&, const ExecCreateRequest&);
void from_json(const nlohmann::json&, ExecCreateRequest&);
void to_json(nlohmann::json&, const ExecStartRequest&);
void from_json(const nlohmann::json&, ExecStartRequest&);
void to_json(nlohmann::json&, const ExecInspect&);
void from_json(const nlohmann::json&, ExecInspect&);

}  // namespace stack::engine::api
