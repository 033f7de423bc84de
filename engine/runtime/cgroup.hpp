#pragma once
// Control groups, v1 and v2 behind one interface. On v1 a group is a directory of the same path in every hierarchy we need,
// and in the v2 mount too where there is one beside (for kill). Limits: engine/runtime/spec.hpp, Resources.
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"
#include "engine/runtime/spec.hpp"

namespace stack::engine::runtime {

/// Where the controllers are mounted. Tests point it at a directory that looks like one.
struct CgroupMounts {
  struct V1 {
    std::string controller;  ///< "memory"
    std::string mount;       ///< "/sys/fs/cgroup/memory"
  };
  std::vector<V1> v1;
  std::string v2;  ///< "/sys/fs/cgroup", "/sys/fs/cgroup/unified" or empty
  bool unified() const { return v1.empty() && !v2.empty(); }
  static const CgroupMounts& detect();  ///< from /proc/self/mountinfo, once
};

/// The groups this process is in, by controller; under "" that of the second version.
std::map<std::string, std::string> own_cgroups();
/// With every mount moved down to the group of its controller in `parents`: paths are then below those.
CgroupMounts below(CgroupMounts mounts, const std::map<std::string, std::string>& parents);

/// Does the kernel offer weights of block devices (blkio_config.weight)?
bool has_block_io_weights(const CgroupMounts& mounts = CgroupMounts::detect());

struct BlockIo {
  std::uint64_t major = 0, minor = 0, read_bytes = 0, write_bytes = 0;
};

/// Counters as `docker stats` needs them. What the kernel does not offer is 0.
struct CgroupStats {
  std::uint64_t cpu_total = 0;                                           ///< nanoseconds
  std::uint64_t cpu_user = 0;                                            ///< nanoseconds
  std::uint64_t cpu_system = 0;                                          ///< nanoseconds
  std::uint64_t throttled_periods = 0, periods = 0, throttled_time = 0;  ///< nanoseconds
  std::uint64_t memory_usage = 0;                                        ///< bytes
  std::uint64_t memory_max_usage = 0;
  std::uint64_t memory_limit = 0;                                  ///< bytes; max uint64: none
  std::vector<std::pair<std::string, std::uint64_t>> memory_stat;  ///< memory.stat as it is
  std::uint64_t pids = 0;
  std::uint64_t pids_limit = 0;  ///< 0: none
  std::vector<BlockIo> block_io;
  std::uint64_t oom_kills = 0;
};

class Cgroup {
public:
  /// Makes the group (and parents) and sets its limits. Throws; what was made is removed again.
  static Cgroup create(const std::string& path, const Resources& resources,
                       const CgroupMounts& mounts = CgroupMounts::detect());
  /// Refers to one that exists, or existed.
  static Cgroup open(const std::string& path, const CgroupMounts& mounts = CgroupMounts::detect());

  const std::string& path() const { return path_; }
  void update(const Resources& resources);  ///< only what is set; device rules stay
  /// For a group that was made without device rules, once what it may not make itself is there. Throws.
  void restrict_devices(const std::vector<DeviceRule>& rules);
  void add(pid_t pid);  ///< costs milliseconds on v1: a child that joins by itself (open_tasks) does not pay that
  std::vector<UniqueFd> open_tasks() const;  ///< v1: the `tasks` file of each hierarchy; writing "0" moves the calling thread
  UniqueFd v2_directory() const;             ///< for CLONE_INTO_CGROUP; empty on v1
  bool exists() const;
  std::vector<pid_t> processes() const;
  void signal_all(int signal) const;  ///< every process, including forks that race with it when the signal is SIGKILL
  void kill_all() const { signal_all(9); }
  void end_all() const;  ///< kills, and returns when nothing is left; gives up after some seconds
  void freeze() const;   ///< returns when the group is frozen
  void thaw() const;
  bool frozen() const;
  std::uint64_t oom_kills() const;  ///< processes killed because of the memory limit
  /// A descriptor that becomes readable when the group runs out of memory (or is removed); empty when that cannot be watched.
  /// v1 tells when the killing begins, so oom_kills() may follow a moment later.
  UniqueFd watch_oom() const;
  CgroupStats stats() const;
  /// Removes the group and its children; true when nothing is left. Processes still in it keep it alive.
  bool remove() const;
  /// Removes the group unless it has processes or children; create() copes with a parent that goes meanwhile.
  void remove_if_empty() const;

private:
  Cgroup(std::string path, CgroupMounts mounts) : path_(std::move(path)), mounts_(std::move(mounts)) {}
  std::vector<std::string> directories() const;
  std::string directory(std::string_view controller) const;  ///< empty when there is none
  std::string path_;
  CgroupMounts mounts_;
};

/// The groups that exist right under `parent` ("/stack-<instance>"), by name: what recovery compares with the records.
std::vector<std::string> child_cgroups(const std::string& parent, const CgroupMounts& mounts = CgroupMounts::detect());

}  // namespace stack::engine::runtime
