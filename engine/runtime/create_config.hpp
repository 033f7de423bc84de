#pragma once
// What launch() hands the shim beside the spec: one JSON document in a memfd, descriptors by their number in the shim.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/runtime/spec.hpp"

namespace stack::engine::runtime {

// fixed descriptors of a shim that was spawned to create a container or to run a process in one
inline constexpr int config_fd = 3;
inline constexpr int status_fd = 4;  ///< start-up pipe, see StatusMessage
inline constexpr int listen_fd = 5;  ///< create: the bound and listening shim.sock
inline constexpr int first_free_fd = 6;

struct HeldConfig {
  std::string name;
  int fd = -1;
  std::string relay_address;
  std::uint16_t relay_port = 0;
  bool relay_from_netns = true;
};

struct AttachedConfig {
  int fd = -1;
  std::uint8_t flags = 0;
};

struct CreateConfig {
  std::string id;
  std::string runtime;       ///< another OCI runtime's program; empty: we make the container ourselves
  std::string init_program;  ///< with it: the file of PID 1 where the spec asks for an init
  Spec spec;
  std::string shim_dir;
  std::string container_dir;
  std::string log_directory;
  std::uint64_t log_max_size = 0;
  std::uint32_t log_max_files = 0;
  std::string log_file_name;
  std::uint8_t log_format = 0;
  std::string log_attributes;
  bool log_compress = false;
  std::vector<std::string> log_shipping;  ///< shim::LogShipping::to_words()
  std::string engine_lock;
  std::vector<std::string> engine_argv;
  std::vector<std::string> engine_environment;
  bool stdin_open = false;
  bool stdin_once = false;
  int netns_fd = -1;
  int seccomp_fd = -1;
  std::vector<HeldConfig> held;
  std::vector<AttachedConfig> attached;
};

struct ExecConfig {
  pid_t container_pid = -1;
  std::string runtime;  ///< as in CreateConfig, with the two below
  std::string shim_dir;
  std::string container_id;
  Process process;
  std::string cgroups_path;
  int seccomp_fd = -1;
  int stdio[3] = {-1, -1, -1};  ///< -1: /dev/null
  int control_fd = -1;          ///< with a terminal: the pty master is sent here
  int exit_fd = -1;
};

std::string print(const CreateConfig& config);
CreateConfig parse_create_config(std::string_view text);
std::string print(const ExecConfig& config);
ExecConfig parse_exec_config(std::string_view text);

/// The one line a shim writes to its start-up pipe.
struct StatusMessage {
  pid_t pid = -1;  ///< started; else the fields below
  std::int64_t started_at = 0;
  std::string error;
  std::string step;
  int exit_code = 125;
  int error_number = 0;
};
std::string print(const StatusMessage& message);
StatusMessage parse_status(std::string_view text);  ///< an empty text: the shim ended without a word

}  // namespace stack::engine::runtime
