#include "engine/runtime/namespaces.hpp"

#include <sched.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/unique_fd.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::runtime {

namespace {

int fail(InitConfig& config, std::string what, int error = errno) {
  config.detail = std::move(what);
  return error == 0 ? EIO : error;
}

}  // namespace

int flag_of(NamespaceType type) {
  switch (type) {
    case NamespaceType::mount: return CLONE_NEWNS;
    case NamespaceType::pid: return CLONE_NEWPID;
    case NamespaceType::network: return CLONE_NEWNET;
    case NamespaceType::ipc: return CLONE_NEWIPC;
    case NamespaceType::uts: return CLONE_NEWUTS;
    case NamespaceType::cgroup: return CLONE_NEWCGROUP;
    case NamespaceType::user: return CLONE_NEWUSER;
    case NamespaceType::time: return CLONE_NEWTIME;
  }
  return 0;
}

const Namespace* find_namespace(const Spec& spec, NamespaceType type) {
  const auto& all = spec.linux_.namespaces;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Namespace& ns) { return ns.type == type; });
  return found == all.end() ? nullptr : &*found;
}

bool has_own_mounts(const Spec& spec) {
  const Namespace* mounts = find_namespace(spec, NamespaceType::mount);
  return mounts != nullptr && mounts->path.empty();
}

std::uint64_t clone_flags(const Spec& spec, bool has_netns) {
  std::uint64_t flags = 0;
  for (const Namespace& ns : spec.linux_.namespaces) {
    if (!ns.path.empty() || ns.type == NamespaceType::cgroup || ns.type == NamespaceType::time ||
        (ns.type == NamespaceType::network && has_netns))
      continue;
    flags |= static_cast<std::uint64_t>(flag_of(ns.type));
  }
  return flags;
}

int join_cgroup(InitConfig& config) {
  // Through `tasks` with "0": moving just the calling thread spares the kernel's global lock, which costs up to 16 ms.
  for (const int tasks : config.cgroup_tasks) {
    if (::write(tasks, "0", 1) < 0) return fail(config, "join cgroup");
    ::close(tasks);
  }
  config.cgroup_tasks.clear();
  if (config.unshare_cgroup && ::unshare(CLONE_NEWCGROUP) != 0) return fail(config, "cgroup namespace");
  return 0;
}

int join_namespaces(InitConfig& config) {
  if (config.netns_fd >= 0) {
    if (::setns(config.netns_fd, CLONE_NEWNET) != 0) return fail(config, "network namespace");
    ::close(config.netns_fd);
    config.netns_fd = -1;
  }
  for (const Namespace& ns : config.spec->linux_.namespaces) {
    // a process is born into its pid namespace, and into a user namespace before all that belongs to it
    if (ns.path.empty() || ns.type == NamespaceType::pid || ns.type == NamespaceType::user) continue;
    const auto& done = config.already_joined;
    if (std::find(done.begin(), done.end(), ns.type) != done.end()) continue;
    const UniqueFd fd(::open(ns.path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd || ::setns(fd.get(), flag_of(ns.type)) != 0) return fail(config, "namespace " + ns.path);
  }
  return 0;
}

int join_container(InitConfig& config) {
  constexpr int all = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP;
  if (::setns(config.target_pidfd, all | config.join_also) != 0) return fail(config, "join the container's namespaces");
  ::close(config.target_pidfd);
  config.target_pidfd = -1;
  // joining led to the root of the whole mount namespace
  if (config.container_root >= 0 && (::fchdir(config.container_root) != 0 || ::chroot(".") != 0))
    return fail(config, "root of the container");
  return 0;
}

int await_ids(InitConfig& config) {
  if (!config.waits_for_ids) return 0;
  const int error = wait_for_go(config.sync_fd);
  return error == 0 ? 0 : fail(config, "ids of the user namespace", error);
}

int become_root(InitConfig& config) {
  if (!config.in_user_namespace) return 0;
  if (::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0) return fail(config, "root of the user namespace");
  return 0;
}

int set_hostname(InitConfig& config) {
  const Spec& spec = *config.spec;
  if (!spec.hostname.empty() && ::sethostname(spec.hostname.c_str(), spec.hostname.size()) != 0)
    return fail(config, "hostname " + spec.hostname);
  if (!spec.domainname.empty() && ::setdomainname(spec.domainname.c_str(), spec.domainname.size()) != 0) {
    return fail(config, "domainname " + spec.domainname);
  }
  return 0;
}

}  // namespace stack::engine::runtime
