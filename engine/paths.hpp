#pragma once
// Where one engine instance keeps its things, and the id that tells its kernel objects from another instance's.
#include <functional>
#include <optional>
#include <string>

namespace stack::engine {

/// Everything is derived from the data root: two commands that name the same data root find the same engine.
struct Paths {
  std::string data_root;  ///< absolute, no trailing slash: what survives a reboot
  std::string run_root;   ///< absolute: sockets, lock, a directory per shim; may vanish at a reboot
  std::string instance;   ///< 8 hex digits of the data root's hash; part of every name the kernel shares

  std::string socket() const { return run_root + "/engine.sock"; }
  std::string lock() const { return run_root + "/engine.lock"; }
  std::string shims() const { return run_root + "/shims"; }
  std::string shim_dir(const std::string& container_id) const { return shims() + "/" + container_id; }
  std::string database() const { return data_root + "/state.db"; }
  std::string engine_log() const { return data_root + "/engine.log"; }
  std::string containers() const { return data_root + "/containers"; }
  std::string container_dir(const std::string& id) const { return containers() + "/" + id; }
  std::string layers() const { return data_root + "/layers"; }
  std::string blobs() const { return data_root + "/blobs/sha256"; }
  std::string volumes() const { return data_root + "/volumes"; }
  std::string cgroup_parent() const { return "/stack-" + instance; }
};

struct PathRequest {
  std::optional<std::string> root;                                     ///< --root
  std::optional<std::string> run;                                      ///< --run
  bool is_root = true;                                                 ///< effective uid 0
  std::function<std::optional<std::string>(const char*)> environment;  ///< looks a variable up
};

/// The data root is --root, else STACK_ROOT, else /var/lib/stack; with STACK_ROOTLESS=1 and no uid 0, $XDG_DATA_HOME/stack.
/// The run root is --run, else STACK_RUN, else /run/stack for the default data root and /run/stack-<instance> for any other
/// (rootless: the same names in $XDG_RUNTIME_DIR). A user who is not root means root's engine unless told otherwise:
/// its socket has a group for that. Throws invalid_argument for an empty or relative-with-no-cwd path.
Paths resolve_paths(const PathRequest& request);

/// With this process's uid and environment.
Paths resolve_paths(std::optional<std::string> root = {}, std::optional<std::string> run = {});

}  // namespace stack::engine
