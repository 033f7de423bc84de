#pragma once
// What a build needs of the container runtime: run one command on a filesystem and wait for its end. Implemented by
// engine/container; tests have their own.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace stack::engine::build {

namespace asio = boost::asio;

/// A resource limit by its name: "nofile".
struct Ulimit {
  std::string name;
  std::int64_t soft = 0, hard = 0;
};

struct RunRequest {
  /// Beside the root filesystem; the target is made when it is missing.
  struct Mount {
    enum class Kind { bind, tmpfs };
    Kind kind = Kind::bind;
    std::string source;  ///< bind: a file or directory of the host
    std::string target;  ///< absolute
    bool read_only = false;
    std::int64_t size = 0;  ///< tmpfs: bytes; 0: the kernel's default
  };
  std::string container_id;             ///< 64 hex digits, chosen by the builder (the user saw " ---> Running in …")
  std::vector<std::string> argv;        ///< complete, the shell included
  std::vector<std::string> env;         ///< "K=V", complete but for HOSTNAME and HOME; PATH is set
  std::string working_dir;              ///< absolute; exists
  std::string user;                     ///< "", "name", "uid:gid": resolved inside the root filesystem
  std::vector<std::string> lower_dirs;  ///< topmost first
  std::string upper;                    ///< what the command writes lands here
  std::string work;
  std::vector<Mount> mounts;
  std::string network_mode;              ///< "", "default", "host", "none", "container:…" or a network's name
  std::vector<std::string> extra_hosts;  ///< "name:ip"
  std::int64_t memory = 0;               ///< bytes; 0: no limit. As the next ones: HostConfig
  std::int64_t memory_swap = 0;
  std::int64_t cpu_shares = 0;
  std::int64_t cpu_period = 0;
  std::int64_t cpu_quota = 0;
  std::string cpuset_cpus;
  std::int64_t shm_size = 0;  ///< bytes; 0: 64 MB
  std::vector<Ulimit> ulimits;
  std::map<std::string, std::string> labels;
};

/// Takes output of the command (both streams, in order). May throw when the client is gone: then end the command.
using RunOutput = std::function<asio::awaitable<void>(std::string bytes)>;

class RunStep {
public:
  virtual ~RunStep() = default;
  /// Runs the command without standard input until it ends, then removes everything but the files in `upper` (mounts, network,
  /// cgroup). Returns the exit code (128+n for a signal). Throws Error when it cannot be started.
  virtual asio::awaitable<int> run(RunRequest request, RunOutput output) = 0;
};

}  // namespace stack::engine::build
