#pragma once
// What the creating shim tells the monitor it turns into; packed, so that the monitor needs no JSON.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stack::engine::shim {

inline constexpr int monitor_config_fd = 3;

struct Held {
  std::string name;
  std::int32_t fd = -1;
  std::string relay_address;
  std::uint16_t relay_port = 0;
  std::uint8_t relay_from_netns = 1;
};

struct MonitorConfig {
  std::string shim_dir;
  std::string exit_file;
  std::vector<std::string> end_command;  ///< has another runtime forget the container; empty: ours made it
  std::string cgroup;
  std::string log_directory;
  std::uint64_t log_max_size = 0;
  std::uint32_t log_max_files = 0;
  std::string log_file_name;
  std::uint8_t log_format = 0;  ///< LogFormat
  std::string log_attributes;
  std::uint8_t log_compress = 0;
  std::vector<std::string> log_shipping;  ///< LogShipping::to_words()
  std::string engine_lock;
  std::vector<std::string> engine_argv;
  std::vector<std::string> engine_environment;
  std::uint8_t stdin_once = 0;
  std::uint8_t terminal = 0;
  std::int32_t container_pid = 0;
  std::int64_t started_at = 0;
  std::int32_t listen_fd = -1;
  std::int32_t pid_fd = -1;
  std::int32_t stdin_fd = -1;   ///< write end, or the pty master
  std::int32_t stdout_fd = -1;  ///< read end, or the pty master
  std::int32_t stderr_fd = -1;
  std::int32_t rootfs_fd = -1;  ///< only kept open
  std::int32_t netns_fd = -1;
  std::vector<Held> held;
  std::vector<std::pair<std::int32_t, std::uint8_t>> attached;  ///< socket, AttachFlags
};

std::string pack(const MonitorConfig& config);
MonitorConfig unpack_monitor_config(std::string_view bytes);

}  // namespace stack::engine::shim
