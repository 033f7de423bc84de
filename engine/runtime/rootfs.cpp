#include "engine/runtime/rootfs.hpp"

#include <linux/magic.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <filesystem>

#include "base/unique_fd.hpp"
#include "engine/runtime/cgroup.hpp"
#include "engine/runtime/mounts.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::runtime {

namespace {

int fail(InitConfig& config, std::string what, int error = errno) {
  config.detail = std::move(what);
  return error == 0 ? EIO : error;
}

/// /sys/fs/cgroup: on v2 the tree itself (its own root in a private cgroup namespace), on v1 a tmpfs with our directories.
MountFailure mount_cgroups(const InitConfig& config, const Mount& mount) {
  const CgroupMounts& mounts = config.cgroup_mounts != nullptr ? *config.cgroup_mounts : CgroupMounts::detect();
  const MountOptions options = parse_mount_options(mount.options);
  const UniqueFd target(open_or_make_in_root(config.root_fd, mount.destination, true));
  if (!target) return {errno, "mount point " + mount.destination};
  if (mounts.unified()) {
    // in a cgroup namespace of its own the group is the root; in the host's, everything is there, as /proc/self/cgroup says it
    UniqueFd tree(make_mount("cgroup2", "cgroup", options.data, options.set));
    if (!tree && !config.unshare_cgroup) tree.reset(clone_tree(AT_FDCWD, CgroupMounts::detect().v2.c_str(), false));
    if (!tree) return {errno, "cgroup2"};
    if (const int error = set_attributes(tree.get(), options.set, 0, false)) return {error, "cgroup2"};
    return {attach_mount(tree.get(), target.get()), "cgroup2"};
  }
  const UniqueFd holder(
      make_mount("tmpfs", "cgroup", {"mode=755", "size=64k"}, options.set & ~static_cast<std::uint64_t>(MOUNT_ATTR_RDONLY)));
  if (!holder) return {errno, "tmpfs for cgroups"};
  if (const int error = attach_mount(holder.get(), target.get())) return {error, "tmpfs for cgroups"};
  for (std::size_t i = 0; i < mounts.v1.size(); ++i) {
    const CgroupMounts::V1& hierarchy = mounts.v1[i];
    const std::string& mounted = CgroupMounts::detect().v1[i].mount;
    const std::string name = mounted.substr(mounted.rfind('/') + 1);
    const UniqueFd tree(clone_tree(AT_FDCWD, (hierarchy.mount + config.spec->linux_.cgroups_path).c_str(), false));
    if (!tree) continue;  // a controller that this container does not use
    if (const int error = set_attributes(tree.get(), options.set, 0, false)) return {error, "cgroup " + name};
    if (::mkdirat(holder.get(), name.c_str(), 0755) != 0) return {errno, "cgroup " + name};
    const UniqueFd point(::openat(holder.get(), name.c_str(), O_PATH | O_CLOEXEC));
    if (const int error = attach_mount(tree.get(), point.get())) return {error, "cgroup " + name};
  }
  return {set_attributes(holder.get(), options.set, 0, false), "tmpfs for cgroups"};
}

int make_device(int root, const Device& device) {
  const UniqueFd existing(sys::openat2(root, device.path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC, RESOLVE_IN_ROOT));
  if (existing) return 0;  // a bind put something there
  const auto slash = device.path.rfind('/');
  const std::string parent_path = slash == 0 ? "/" : device.path.substr(0, slash);
  const UniqueFd parent(open_or_make_in_root(root, parent_path, true));
  if (!parent) return errno;
  const char* name = device.path.c_str() + slash + 1;
  const mode_t kind = device.type == 'b' ? S_IFBLK : device.type == 'p' ? S_IFIFO : S_IFCHR;
  if (::mknodat(parent.get(), name, kind | (device.mode & 07777),
                ::makedev(static_cast<unsigned>(device.major), static_cast<unsigned>(device.minor))) != 0) {
    return errno;
  }
  // the umask is 0 here, so the mode is exact
  return ::fchownat(parent.get(), name, device.uid, device.gid, AT_SYMLINK_NOFOLLOW) != 0 ? errno : 0;
}

/// Nodes cannot be made in a user namespace: the host's stands for it.
int bind_device(int root, const Device& device) {
  const UniqueFd tree(clone_tree(AT_FDCWD, device.path.c_str(), false));
  if (!tree) return errno;
  const UniqueFd target(open_or_make_in_root(root, device.path, false));
  return target ? attach_mount(tree.get(), target.get()) : errno;
}

UniqueFd open_inside(const std::string& path) {
  return UniqueFd(sys::openat2(AT_FDCWD, path.c_str(), O_PATH | O_CLOEXEC, RESOLVE_NO_MAGICLINKS));
}

bool is_masked(const std::string& path, bool directory, const struct stat& null_device) {
  const UniqueFd now = open_inside(path);
  struct stat info {};
  if (!now || ::fstat(now.get(), &info) != 0) return false;
  if (!directory) return S_ISCHR(info.st_mode) && info.st_rdev == null_device.st_rdev;
  struct statfs system {};
  return ::fstatfs(now.get(), &system) == 0 && system.f_type == TMPFS_MAGIC && (system.f_flags & ST_RDONLY) != 0;
}

int mask(InitConfig& config, const std::string& path, int null_fd, const struct stat& null_device) {
  const UniqueFd target = open_inside(path);
  if (!target) return errno == ENOENT ? 0 : fail(config, "masked path " + path);
  struct stat info {};
  if (::fstat(target.get(), &info) != 0) return fail(config, "masked path " + path);
  const bool directory = S_ISDIR(info.st_mode);
  const UniqueFd cover(directory ? make_mount("tmpfs", "tmpfs", {"nr_blocks=1", "nr_inodes=1", "mode=0755"}, MOUNT_ATTR_RDONLY)
                                 : clone_tree(null_fd, "", false));
  if (!cover) return fail(config, "cover of masked path " + path);
  if (const int error = attach_mount(cover.get(), target.get())) return fail(config, "masked path " + path, error);
  if (!is_masked(path, directory, null_device)) return fail(config, "masked path " + path + " is still visible", EPERM);
  return 0;
}

int make_readonly(InitConfig& config, const std::string& path) {
  const UniqueFd target = open_inside(path);
  if (!target) return errno == ENOENT ? 0 : fail(config, "read-only path " + path);
  const UniqueFd tree(clone_tree(target.get(), "", true));
  if (!tree) return fail(config, "read-only path " + path);
  if (const int error = set_attributes(tree.get(), MOUNT_ATTR_RDONLY, 0, true))
    return fail(config, "read-only path " + path, error);
  if (const int error = attach_mount(tree.get(), target.get())) return fail(config, "read-only path " + path, error);
  struct statfs system {};
  const UniqueFd now = open_inside(path);
  if (!now || ::fstatfs(now.get(), &system) != 0 || (system.f_flags & ST_RDONLY) == 0) {
    return fail(config, "read-only path " + path + " is still writable", EPERM);
  }
  return 0;
}

}  // namespace

namespace {

MountFailure mount_one(InitConfig& config, std::size_t index) {
  const Mount& mount = config.spec->mounts[index];
  if (mount.type == "cgroup" && !parse_mount_options(mount.options).bind) return mount_cgroups(config, mount);
  return mount_into(config.root_fd, mount, index < config.sources.size() ? config.sources[index] : -1);
}

/// Is /dev the host's, or another directory full of devices? Then nothing is made in it.
bool has_bound_dev(const Spec& spec) {
  return std::any_of(spec.mounts.begin(), spec.mounts.end(), [](const Mount& mount) {
    const bool is_dev = mount.destination == "/dev" || mount.destination == "/dev/";
    return is_dev && (mount.type == "bind" || parse_mount_options(mount.options).bind);
  });
}

/// What a container mounts below a shared bind is to appear on the host: the bind must come from the host's own peer group,
/// which this namespace leaves next.
int clone_shared_sources(InitConfig& config) {
  if (!config.sources.empty()) return 0;  // the parent did it
  for (const Mount& mount : config.spec->mounts) {
    int tree = -1;
    const MountOptions options = parse_mount_options(mount.options);
    if (mount.type == "bind" && options.propagation == MS_SHARED) {
      MountFailure failure;
      tree = clone_source(mount, options, failure);
      if (failure) return fail(config, failure.what, failure.error);
    }
    config.sources.push_back(tree);
  }
  return 0;
}

}  // namespace

std::vector<std::string> expand_paths(const std::string& pattern) {
  const auto star = pattern.find('*');
  if (star == std::string::npos) return {pattern};
  const auto begin = pattern.rfind('/', star);
  const auto end = std::min(pattern.find('/', star), pattern.size());
  const std::string prefix = pattern.substr(begin + 1, star - begin - 1);
  const std::string suffix = pattern.substr(star + 1, end - star - 1);
  std::vector<std::string> result;
  const std::string directory = pattern.substr(0, begin);
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    const std::string name = entry.path().filename();
    if (name.size() < prefix.size() + suffix.size() || !name.starts_with(prefix) || !name.ends_with(suffix)) continue;
    for (auto& path : expand_paths(directory + "/" + name + pattern.substr(end))) result.push_back(std::move(path));
  }
  return result;
}

int make_mounts_private(InitConfig& config) {
  if (const int error = clone_shared_sources(config)) return error;
  if (!config.own_mounts) return 0;
  // slave: what the host mounts later under a propagating bind still arrives, nothing of ours goes back
  const std::string& wanted = config.spec->linux_.rootfs_propagation;
  // "shared" and "unbindable" are for the container's root alone, once it is in place
  const unsigned long flag = wanted == "private" || wanted == "rprivate" ? MS_PRIVATE : MS_SLAVE;
  if (::mount(nullptr, "/", nullptr, MS_REC | flag, nullptr) != 0) return fail(config, "propagation of /");
  return 0;
}

int mount_rootfs(InitConfig& config) {
  const Root& root = config.spec->root;
  UniqueFd mount;
  std::string place = root.path;
  if (root.overlay) {
    MountFailure failure;
    mount.reset(make_overlay(*root.overlay, failure));
    if (!mount) return fail(config, failure.what, failure.error);
    // any directory does as a place: nobody outside this mount namespace sees what covers it
    if (place.empty()) place = root.overlay->upper.empty() ? root.overlay->lower.front() : root.overlay->upper;
  } else {
    mount.reset(config.root_tree >= 0 ? config.root_tree : clone_tree(AT_FDCWD, place.c_str(), true));
    if (!mount) return fail(config, "rootfs " + place);
    // the root of a user namespace may not even see the place: over "/" does as well
    if (config.root_tree >= 0) place = "/";
  }
  const UniqueFd target(::open(place.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!target) return fail(config, "rootfs " + place);
  if (const int error = attach_mount(mount.get(), target.get())) return fail(config, "rootfs " + place, error);
  if (root.overlay) send_descriptor(config.sync_fd, 'M', mount.get());
  config.root_fd = mount.release();
  return 0;
}

int mount_filesystems(InitConfig& config) {
  for (std::size_t i = 0; i < config.spec->mounts.size(); ++i) {
    const MountFailure failure = mount_one(config, i);
    if (failure) return fail(config, failure.what, failure.error);
  }
  return 0;
}

int make_devices(InitConfig& config) {
  if (has_bound_dev(*config.spec)) return 0;
  for (const Device& device : config.spec->linux_.devices) {
    const int error = config.in_user_namespace ? bind_device(config.root_fd, device) : make_device(config.root_fd, device);
    if (error != 0) return fail(config, "device " + device.path, error);
  }
  const UniqueFd dev(sys::openat2(config.root_fd, "dev", O_PATH | O_DIRECTORY | O_CLOEXEC, RESOLVE_IN_ROOT));
  if (!dev) return 0;  // a rootfs of a bundle may do without
  constexpr std::pair<const char*, const char*> links[] = {{"/proc/self/fd", "fd"},       {"/proc/self/fd/0", "stdin"},
                                                           {"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"},
                                                           {"/proc/kcore", "core"},       {"pts/ptmx", "ptmx"}};
  for (const auto& [target, name] : links) {
    if (::symlinkat(target, dev.get(), name) != 0 && errno != EEXIST) return fail(config, std::string("link /dev/") + name);
  }
  return 0;
}

namespace {

/// Where nothing can be pivoted away from (a ramdisk): the root is moved over the old one.
int move_rootfs(InitConfig& config) {
  if (::move_mount(config.root_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) != 0) return fail(config, "move rootfs to /");
  if (::fchdir(config.root_fd) != 0 || ::chroot(".") != 0 || ::chdir("/") != 0) return fail(config, "chroot");
  return 0;
}

}  // namespace

int enter_rootfs(InitConfig& config) {
  if (!config.own_mounts) {
    const bool entered = ::fchdir(config.root_fd) == 0 && ::chroot(".") == 0;
    return entered ? 0 : fail(config, "chroot");
  }
  if (!config.pivots) return move_rootfs(config);
  const UniqueFd old_root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!old_root || ::fchdir(config.root_fd) != 0) return fail(config, "change to rootfs");
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return fail(config, "pivot_root");
  // The old root now lies over the new one; private, so that unmounting it here reaches nobody else. "." must be the old root
  // itself: of the new one, shared binds stay shared.
  if (::fchdir(old_root.get()) != 0) return fail(config, "change to old root");
  if (::mount(nullptr, ".", nullptr, MS_SLAVE | MS_REC, nullptr) != 0) return fail(config, "propagation of old root");
  if (::umount2(".", MNT_DETACH) != 0) return fail(config, "unmount old root");
  if (::chdir("/") != 0) return fail(config, "chdir /");
  return 0;
}

int write_sysctls(InitConfig& config) {
  for (const auto& [key, value] : config.spec->linux_.sysctl) {
    std::string path = "proc/sys/" + key;
    // "net.ipv4.ip_forward"; a name that holds a dot is written with slashes
    if (key.find('/') == std::string::npos) std::replace(path.begin() + 9, path.end(), '.', '/');
    const UniqueFd file(sys::openat2(AT_FDCWD, path.c_str(), O_WRONLY | O_CLOEXEC, RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH));
    struct statfs system {};
    if (!file) return fail(config, "sysctl " + key);
    if (::fstatfs(file.get(), &system) != 0 || system.f_type != PROC_SUPER_MAGIC) return fail(config, "sysctl " + key, EPERM);
    if (::write(file.get(), value.data(), value.size()) < 0) return fail(config, "sysctl " + key + "=" + value);
  }
  return 0;
}

int hide_paths(InitConfig& config) {
  for (const auto& path : config.spec->linux_.readonly_paths) {
    if (const int error = make_readonly(config, path)) return error;
  }
  if (config.spec->linux_.masked_paths.empty()) return 0;
  struct stat null_device {};
  const UniqueFd null(sys::openat2(AT_FDCWD, "/dev/null", O_PATH | O_CLOEXEC, RESOLVE_NO_SYMLINKS));
  if (!null || ::fstat(null.get(), &null_device) != 0 || !S_ISCHR(null_device.st_mode) ||
      null_device.st_rdev != ::makedev(1, 3)) {
    return fail(config, "/dev/null of the container is not the null device", EINVAL);
  }
  for (const auto& pattern : config.spec->linux_.masked_paths) {
    for (const auto& path : expand_paths(pattern)) {
      if (const int error = mask(config, path, null.get(), null_device)) return error;
    }
  }
  return 0;
}

namespace {

/// Only now: what the steps before did was to reach nobody.
int set_root_propagation(InitConfig& config, int root) {
  const std::string& wanted = config.spec->linux_.rootfs_propagation;
  if (wanted.empty()) return 0;
  const MountOptions options = parse_mount_options({wanted});
  if (options.propagation == 0) return fail(config, "rootfsPropagation=" + wanted + " is not supported", EINVAL);
  mount_attr attributes{};
  attributes.propagation = options.propagation;
  const unsigned flags = AT_EMPTY_PATH | (options.propagation_recursive ? AT_RECURSIVE : 0);
  if (::mount_setattr(root, "", flags, &attributes, sizeof attributes) != 0) return fail(config, "propagation of the rootfs");
  return 0;
}

}  // namespace

int seal_rootfs(InitConfig& config) {
  const UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (config.spec->root.readonly) {
    if (const int error = set_attributes(root.get(), MOUNT_ATTR_RDONLY, 0, false))
      return fail(config, "read-only rootfs", error);
  }
  if (const int error = set_root_propagation(config, root.get())) return error;
  ::close(config.root_fd);
  config.root_fd = -1;
  return 0;
}

}  // namespace stack::engine::runtime
