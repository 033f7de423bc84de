#include "engine/runtime/user_namespace.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "engine/runtime/mounts.hpp"
#include "engine/runtime/namespaces.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::runtime {

namespace {

void write_map(pid_t pid, const char* file, const std::vector<IdMapping>& mappings) {
  std::string text;
  for (const IdMapping& mapping : mappings)
    text += std::to_string(mapping.container) + " " + std::to_string(mapping.host) + " " + std::to_string(mapping.size) + "\n";
  const std::string path = "/proc/" + std::to_string(pid) + "/" + file;
  if (const int error = sys::write_file(AT_FDCWD, path.c_str(), text))
    throw errno_error("write \"" + text + "\" to " + path, error);
}

/// The trees differ in nothing but the ids they show.
void map_ids(const Spec& spec, const Mount& mount, const MountOptions& options, int tree) {
  const bool own = !mount.uid_mappings.empty() || !mount.gid_mappings.empty();
  const auto& uids = own ? mount.uid_mappings : spec.linux_.uid_mappings;
  const auto& gids = own ? mount.gid_mappings : spec.linux_.gid_mappings;
  if (uids.empty() || gids.empty())
    throw Error(ErrorCode::invalid_argument, "idmapped mount " + mount.destination +
                                                 " has no id mappings: give uidMappings and gidMappings, or a user namespace");
  const UniqueFd ids = mapping_namespace(uids, gids);
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(ids.get());
  const unsigned flags = AT_EMPTY_PATH | (options.idmap_recursive ? AT_RECURSIVE : 0);
  if (::mount_setattr(tree, "", flags, &attributes, sizeof attributes) != 0)
    throw errno_error("idmapped mount of " + mount.source + " at " + mount.destination);
}

}  // namespace

void write_id_maps(pid_t pid, const std::vector<IdMapping>& uids, const std::vector<IdMapping>& gids) {
  write_map(pid, "uid_map", uids);
  write_map(pid, "gid_map", gids);
}

UniqueFd mapping_namespace(const std::vector<IdMapping>& uids, const std::vector<IdMapping>& gids) {
  clone_args args{};
  args.flags = CLONE_NEWUSER;
  args.exit_signal = SIGCHLD;
  const pid_t pid = sys::clone3(args);
  if (pid < 0) throw errno_error("user namespace");
  if (pid == 0) {
    for (;;) ::pause();  // until it is killed: the namespace lives on by its descriptor
  }
  UniqueFd result;
  std::string failure;
  try {
    write_id_maps(pid, uids, gids);
    result.reset(::open(("/proc/" + std::to_string(pid) + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
    if (!result) failure = errno_error("user namespace").what();
  } catch (const Error& error) {
    failure = error.what();
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  if (!failure.empty()) throw Error(ErrorCode::invalid_argument, failure);
  return result;
}

bool has_user_namespace(const Spec& spec) { return find_namespace(spec, NamespaceType::user) != nullptr; }

std::vector<int> prepare_sources(const Spec& spec) {
  std::vector<int> trees;
  const bool all = has_user_namespace(spec);
  for (const Mount& mount : spec.mounts) {
    const MountOptions options = parse_mount_options(mount.options);
    const bool is_bind = mount.type == "bind" || options.bind;
    const bool is_mapped = options.idmap || !mount.uid_mappings.empty() || !mount.gid_mappings.empty();
    if (is_mapped && !is_bind)
      throw Error(ErrorCode::invalid_argument, "mount " + mount.destination + ": only binds can be idmapped");
    int tree = -1;
    if (is_bind && (all || is_mapped || options.propagation == MS_SHARED)) {
      MountFailure failure;
      tree = clone_source(mount, options, failure);
      if (failure) throw errno_error(failure.what, failure.error);
      if (is_mapped) map_ids(spec, mount, options, tree);
    }
    trees.push_back(tree);
  }
  return trees;
}

}  // namespace stack::engine::runtime
