#pragma once
// Parent side of creating a container: spawns the shim from a sealed memfd, hands it the spec and descriptors, waits on
// the start-up pipe. Blocking (milliseconds): call it in a pool thread. See engine/shim/README.md for the whole dialogue.
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/process.hpp"
#include "base/unique_fd.hpp"
#include "engine/runtime/spec.hpp"
#include "engine/shim/log_format.hpp"
#include "engine/shim/log_shipping.hpp"

namespace stack::engine::runtime {

/// A socket the monitor keeps open: for the engine to take back later, and (with a relay) accepted by the monitor itself.
struct HeldSocket {
  std::string name;  ///< unique per container, e.g. "dns-udp", "port-tcp-0.0.0.0-8080"
  UniqueFd fd;
  std::string
      relay_address;  ///< "172.18.0.2": where accepted connections (stream) or datagrams are relayed to; empty: held only
  std::uint16_t relay_port = 0;
  bool relay_from_netns = true;  ///< connect from inside the container's network namespace, else from the host's
};

/// A client attached before the first byte of output. `socket` is our end's peer: one end of a socketpair(AF_UNIX, SOCK_STREAM)
/// that then speaks as after an `attach` message (shim/protocol.hpp).
struct InitialAttach {
  UniqueFd socket;
  std::uint8_t flags = 0;  ///< shim::AttachFlags
};

struct LogOptions {
  std::string directory;  ///< empty: output is not recorded; created 0700
  std::string file_name = shim::log_file_name;
  shim::LogFormat format = shim::LogFormat::records;
  std::string attributes;                                 ///< json: see shim::append_json_line()
  std::uint64_t max_size = shim::log_default_max_size;    ///< of a file; 0: no limit
  std::uint32_t max_files = shim::log_default_max_files;  ///< including the one being written; at least 1
  bool compress = false;                                  ///< rotated files are kept as gzip
  shim::LogShipping shipping;                             ///< beside the file: the host's journal, or a syslog server
};

/// How the monitor starts an engine when the one that subscribed is gone.
struct EngineRestart {
  std::string lock_path;                 ///< empty: never start one
  std::vector<std::string> argv;         ///< argv[0] is the stack binary's path: {"/usr/bin/stack","engine","--root",…}
  std::vector<std::string> environment;  ///< of the engine, "K=V"; empty: the PATH of ours only
};

struct LaunchRequest {
  std::string id;  ///< container id; only for messages and process names
  Spec spec;
  std::string shim_dir;       ///< <run root>/shims/<id>: created here (0700), removed by the shim after release
  std::string container_dir;  ///< exit.json is written there
  std::string runtime;        ///< another OCI runtime's program, which makes the container then; empty: the shim does
  std::string init_program;   ///< for it: the shim's file
  LogOptions log;
  EngineRestart engine;
  bool stdin_open = false;  ///< false: stdin is /dev/null
  bool stdin_once = false;  ///< the end of the first attached client with stdin closes the container's stdin
  int netns_fd = -1;        ///< joined; -1: as spec.linux_.namespaces says
  std::vector<HeldSocket> held;
  std::vector<InitialAttach> attached;
  std::shared_ptr<const std::string> seccomp;  ///< BPF program (runtime/seccomp.hpp); null: unconfined
};

struct LaunchResult {
  Child shim;                   ///< not our child any more once we restart; waited for by nobody else
  pid_t container_pid = -1;     ///< in the caller's pid namespace
  std::string socket_path;      ///< <shim dir>/shim.sock
  std::int64_t started_at = 0;  ///< nanoseconds since 1970
};

/// Why a launch failed, beside the text: the exit code that Docker reports for it.
class LaunchError : public Error {
public:
  LaunchError(ErrorCode code, const std::string& message, int exit_code, std::string step)
      : Error(code, message), exit_code_(exit_code), step_(std::move(step)) {}
  int exit_code() const noexcept { return exit_code_; }  ///< 127 command not found, 126 not executable, else 125
  const std::string& step() const noexcept { return step_; }

private:
  int exit_code_;
  std::string step_;
};

/// The shim executable as a sealed memfd. Load it once per engine and keep it.
class ShimBinary {
public:
  explicit ShimBinary(const std::string& path);  ///< throws not_found
  int fd() const noexcept { return fd_.get(); }

private:
  UniqueFd fd_;
};

/// $STACK_SHIM, else `stack-shim` beside our own executable, else where an installation has it: ../libexec/stack from there.
std::string shim_path();

/// Returns when the container's command has been executed. Throws LaunchError after everything made so far (process, cgroup,
/// shim directory) is gone again. Descriptors of `request` are duplicated: the caller may close its own.
LaunchResult launch(const ShimBinary& shim, const LaunchRequest& request);

/// A further process in a running container.
struct ExecRequest {
  pid_t container_pid = -1;
  std::string runtime;  ///< of the container, with the two below; empty: ours
  std::string shim_dir;
  std::string container_id;
  Process process;           ///< capabilities as the container's unless privileged
  std::string cgroups_path;  ///< of the container
  std::shared_ptr<const std::string> seccomp;
  int stdin_fd = -1;  ///< -1: /dev/null; ignored with process.terminal
  int stdout_fd = -1;
  int stderr_fd = -1;
};

struct ExecResult {
  Child shim;         ///< ends when the process has ended and its status is in exit_fd
  pid_t pid = -1;     ///< of the process, in the caller's pid namespace
  UniqueFd terminal;  ///< pty master when process.terminal
  UniqueFd exit_fd;   ///< pipe: one std::int32_t exit code (128+n for a signal), then end of file
};

/// Returns when the command has been executed. Throws LaunchError.
ExecResult launch_exec(const ShimBinary& shim, const ExecRequest& request);

}  // namespace stack::engine::runtime
