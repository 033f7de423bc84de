#pragma once
// What is kept of a container between two runs of the program, below <root>/<id>/:
//
//   state.json     Record, written as a whole (rename)
//   start.fifo     from `create` until `start`: the container's first process reads it
//   seccomp.bpf    its filter, for `exec`
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "engine/runtime/cgroup.hpp"
#include "engine/runtime/spec.hpp"

namespace stack::engine::shim::oci {

inline constexpr const char* oci_version = "1.2.0";  ///< of the runtime specification

enum class Status { creating, created, running, paused, stopped };
const char* to_string(Status status);

struct Record {
  std::string id;
  std::string bundle;   ///< absolute
  std::string config;   ///< text of config.json as it was at `create`
  std::string created;  ///< RFC 3339
  pid_t pid = -1;
  std::uint64_t start_time = 0;  ///< of the process, clock ticks since boot: tells it from a later one with its number
  std::uint32_t owner = 0;       ///< uid of who made it
  bool complete = false;         ///< `create` has ended
  /// cgroupsPath was relative: what it is below, by controller ("" for the second version).
  std::map<std::string, std::string> parent_groups;
  /// The mount that the root's path led to before a container without a mount namespace of its own covered it; 0: it has one.
  std::uint64_t covered_mount = 0;
};

/// The directory of all containers, and of one.
class StateRoot {
public:
  explicit StateRoot(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }
  std::string directory(const std::string& id) const { return path_ + "/" + id; }
  std::string fifo(const std::string& id) const { return directory(id) + "/start.fifo"; }
  std::string filter(const std::string& id) const { return directory(id) + "/seccomp.bpf"; }

  void reserve(const std::string& id) const;  ///< makes the directory. Throws conflict when there is one.
  void save(const Record& record) const;
  Record load(const std::string& id) const;  ///< throws not_found "container does not exist"
  std::optional<Record> find(const std::string& id) const;
  void remove(const std::string& id) const;
  std::vector<std::string> ids() const;  ///< sorted

private:
  std::string path_;
};

/// $XDG_RUNTIME_DIR/stack-oci for a user, /run/stack-oci for root.
std::string default_state_root();

/// Throws invalid_argument "invalid container ID format".
void check_id(const std::string& id);

/// Opens the first process; empty: it has ended (a zombie has).
UniqueFd open_process(const Record& record);
std::uint64_t start_time_of(pid_t pid);  ///< 0: no such process, or a zombie

runtime::Spec spec_of(const Record& record);  ///< its rootfs may be gone: nothing is looked up
std::string cgroup_of(const Record& record);  ///< path of its group, below its parent groups
runtime::CgroupMounts cgroup_mounts_of(const Record& record);
runtime::Cgroup open_group(const Record& record);
Status status_of(const StateRoot& root, const Record& record);

/// The specification's state, and what runc adds.
std::string state_json(const Record& record, Status status, pid_t pid);
std::string print_state(const StateRoot& root, const Record& record, bool with_owner);

}  // namespace stack::engine::shim::oci
