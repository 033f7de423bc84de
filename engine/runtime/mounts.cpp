#include "engine/runtime/mounts.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>

#include "base/copy_tree.hpp"
#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::runtime {

namespace {

/// What the kernel says about a failed fsconfig, e.g. "e overlay: failed to resolve".
std::string context_message(int context) {
  char buffer[512];
  const ssize_t n = ::read(context, buffer, sizeof buffer);
  if (n <= 2) return {};
  return std::string(buffer + 2, static_cast<std::size_t>(n) - 2);
}

MountFailure failed(std::string what) { return {errno == 0 ? EIO : errno, std::move(what)}; }
MountFailure failed(int error, std::string what) { return {error, std::move(what)}; }

int set_propagation(int mount, const MountOptions& options) {
  if (options.propagation == 0) return 0;
  mount_attr attributes{};
  attributes.propagation = options.propagation;
  const unsigned flags = AT_EMPTY_PATH | (options.propagation_recursive ? AT_RECURSIVE : 0);
  return ::mount_setattr(mount, "", flags, &attributes, sizeof attributes) != 0 ? errno : 0;
}

/// A clone of the bind's source, which may be in another mount namespace. -1 and errno.
int clone_source_tree(const Mount& mount, const MountOptions& options) {
  if (mount.source_namespace.empty()) return clone_tree(AT_FDCWD, mount.source.c_str(), options.bind_recursive);
  const UniqueFd own(::open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC));
  const UniqueFd other(::open(mount.source_namespace.c_str(), O_RDONLY | O_CLOEXEC));
  if (!own || !other || ::setns(other.get(), CLONE_NEWNS) != 0) return -1;
  UniqueFd tree(clone_tree(AT_FDCWD, mount.source.c_str(), options.bind_recursive));
  const int error = tree ? 0 : errno;
  if (::setns(own.get(), CLONE_NEWNS) != 0) return -1;
  errno = error;
  return tree.release();
}

/// A part of a directory that is somebody else's: no link in it leads out.
UniqueFd open_part(int directory, const std::string& part) {
  return UniqueFd(sys::openat2(directory, part.c_str(), O_PATH | O_CLOEXEC, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS));
}

MountFailure mount_bind(int root, const Mount& mount, const MountOptions& options, int source_tree) {
  MountFailure no_source;
  const UniqueFd tree(source_tree >= 0 ? source_tree : clone_source(mount, options, no_source));
  if (!tree) return no_source;
  struct stat info {};
  if (::fstat(tree.get(), &info) != 0) return failed("bind source " + mount.source);
  const UniqueFd target(open_or_make_in_root(root, mount.destination, S_ISDIR(info.st_mode)));
  if (!target) return failed("mount point " + mount.destination);
  struct stat target_info {};
  if (::fstat(target.get(), &target_info) == 0 && S_ISDIR(info.st_mode) != S_ISDIR(target_info.st_mode)) {
    return failed(ENOTDIR, "Are you trying to mount a directory onto a file (or vice-versa)? mount " + mount.source + " to " +
                               mount.destination);
  }
  if (const int error = set_attributes(tree.get(), options.set, options.clear, false))
    return failed(error, "options of " + mount.destination);
  if (const int error = set_attributes(tree.get(), options.recursive_set, options.recursive_clear, true))
    return failed(error, "options of " + mount.destination);
  if (const int error = attach_mount(tree.get(), target.get()))
    return failed(error, "mount " + mount.source + " to " + mount.destination);
  if (const int error = set_propagation(tree.get(), options)) return failed(error, "propagation of " + mount.destination);
  return {};
}

bool has_option(const std::vector<std::string>& data, std::string_view prefix) {
  return std::any_of(data.begin(), data.end(), [&](const std::string& item) { return item.starts_with(prefix); });
}

/// Writes through a symbolic link of the image would make /proc or /sys something else than what it seems.
bool must_be_real(std::string_view destination) {
  return destination == "/proc" || destination == "/sys" || destination == "/dev";
}

}  // namespace

int clone_source(const Mount& mount, const MountOptions& options, MountFailure& failure) {
  int tree = -1;
  if (options.subpath.empty()) {
    tree = clone_source_tree(mount, options);
    if (tree < 0) failure = failed("bind source " + mount.source);
    return tree;
  }
  const UniqueFd whole(::open(mount.source.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd part(whole ? open_part(whole.get(), options.subpath) : UniqueFd());
  if (part) tree = clone_tree(part.get(), "", options.bind_recursive);
  if (tree < 0) failure = failed("cannot access path " + mount.source + "/" + options.subpath);
  return tree;
}

namespace {

constexpr std::uint64_t inside = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
constexpr int max_links = 40;  ///< as many as the kernel follows

int open_or_make(int root, std::string_view path, bool directory, int links_left) {
  const std::string whole = "/" + std::string(path);
  int fd = sys::openat2(root, whole.c_str(), O_PATH | O_CLOEXEC, inside);
  if (fd >= 0 || errno != ENOENT) return fd;
  // Component by component: each step is resolved from the root again, so links that exist are followed inside it.
  std::string reached;
  std::size_t at = 0;
  while (at < whole.size()) {
    const std::size_t start = whole.find_first_not_of('/', at);
    if (start == std::string::npos) break;
    at = std::min(whole.find('/', start), whole.size());
    const std::string name = whole.substr(start, at - start);
    const bool last = whole.find_first_not_of('/', at) == std::string::npos;
    const UniqueFd parent(
        sys::openat2(root, reached.empty() ? "/" : reached.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC, inside));
    if (!parent) return -1;
    reached += "/" + name;
    const UniqueFd existing(sys::openat2(root, reached.c_str(), O_PATH | O_CLOEXEC, inside));
    if (existing) continue;
    if (errno != ENOENT || name == "..") return -1;
    if (last && !directory) {
      const UniqueFd file(::openat(parent.get(), name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0755));
      if (!file) return -1;
    } else if (::mkdirat(parent.get(), name.c_str(), 0755) != 0) {
      if (errno != EEXIST) return -1;
      // a link to what does not exist yet: what it names is made, inside the root
      char target[PATH_MAX];
      const ssize_t length = ::readlinkat(parent.get(), name.c_str(), target, sizeof target);
      if (length <= 0 || length == sizeof target || links_left == 0) return -1;
      const std::string before = target[0] == '/' ? "" : reached.substr(0, reached.size() - name.size());
      return open_or_make(root, before + std::string(target, static_cast<std::size_t>(length)) + whole.substr(at), directory,
                          links_left - 1);
    }
  }
  return sys::openat2(root, whole.c_str(), O_PATH | O_CLOEXEC, inside);
}

}  // namespace

int open_or_make_in_root(int root, std::string_view path, bool directory) {
  return open_or_make(root, path, directory, max_links);
}

int clone_tree(int directory, const char* path, bool recursive) {
  const unsigned flags =
      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0) | (*path == '\0' ? AT_EMPTY_PATH : 0);
  return ::open_tree(directory, path, flags);
}

int set_attributes(int mount, std::uint64_t set, std::uint64_t clear, bool recursive) {
  if (set == 0 && clear == 0) return 0;
  mount_attr attributes{};
  attributes.attr_set = set;
  attributes.attr_clr = clear;
  // the kernel wants the whole field of access-time modes cleared before one of them is set
  if (((set | clear) & MOUNT_ATTR__ATIME) != 0) attributes.attr_clr |= MOUNT_ATTR__ATIME;
  return ::mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes, sizeof attributes) != 0 ? errno
                                                                                                                         : 0;
}

int attach_mount(int mount, int target) {
  return ::move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0 ? errno : 0;
}

int make_mount(const char* type, const char* source, const std::vector<std::string>& data, std::uint64_t attributes,
               std::string* message) {
  const UniqueFd context(::fsopen(type, FSOPEN_CLOEXEC));
  if (!context) return -1;
  const auto give_up = [&] {
    const int error = errno;
    if (message != nullptr) *message = context_message(context.get());
    errno = error;
    return -1;
  };
  if (source != nullptr && ::fsconfig(context.get(), FSCONFIG_SET_STRING, "source", source, 0) != 0) return give_up();
  for (const auto& item : data) {
    const auto equals = item.find('=');
    const int result = equals == std::string::npos ? ::fsconfig(context.get(), FSCONFIG_SET_FLAG, item.c_str(), nullptr, 0)
                                                   : ::fsconfig(context.get(), FSCONFIG_SET_STRING,
                                                                item.substr(0, equals).c_str(), item.c_str() + equals + 1, 0);
    if (result != 0) return give_up();
  }
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return give_up();
  const int mount = ::fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes));
  return mount >= 0 ? mount : give_up();
}

int make_overlay(const Overlay& overlay, MountFailure& failure) {
  const UniqueFd context(::fsopen("overlay", FSOPEN_CLOEXEC));
  const auto set = [&](const char* key, const std::string& value) {
    if (::fsconfig(context.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0) return true;
    const int error = errno;
    failure = {error, "overlay " + std::string(key) + "=" + value + ": " + context_message(context.get())};
    return false;
  };
  if (!context) {
    failure = {errno, "overlay file system"};
    return -1;
  }
  ::fsconfig(context.get(), FSCONFIG_SET_STRING, "source", "overlay", 0);
  // one layer per call: no limit by the size of one option string (kernel 6.7)
  bool appended = true;
  for (const auto& lower : overlay.lower) {
    if (!set("lowerdir+", lower)) {
      appended = false;
      break;
    }
  }
  if (!appended) {
    std::string all;
    for (const auto& lower : overlay.lower) all += (all.empty() ? "" : ":") + lower;
    if (all.find('\\') != std::string::npos || !set("lowerdir", all)) return -1;
    failure = {};
  }
  if (!overlay.upper.empty() && (!set("upperdir", overlay.upper) || !set("workdir", overlay.work))) return -1;
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    const int error = errno;
    failure = {error, "overlay: " + context_message(context.get())};
    return -1;
  }
  const int mount = ::fsmount(context.get(), FSMOUNT_CLOEXEC, 0);
  if (mount < 0) failure = {errno, "overlay"};
  return mount;
}

namespace {

/// The mount point of a tmpfs. One that has to be made gets the mode of a temporary directory, which the tmpfs takes over here
/// and at every later start.
int open_or_make_tmpfs_target(int root, const std::string& path) {
  const int existing = sys::openat2(root, path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC, RESOLVE_IN_ROOT);
  if (existing >= 0) return existing;
  UniqueFd made(open_or_make_in_root(root, path, true));
  const UniqueFd writable(made ? sys::openat2(root, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, RESOLVE_IN_ROOT) : -1);
  if (!writable || ::fchmod(writable.get(), 01777) != 0) return -1;
  return made.release();
}

/// The mode of the directory below, when the options name none.
void inherit_mode(int target, MountOptions& options) {
  struct stat info {};
  char mode[32];
  if (has_option(options.data, "mode=") || ::fstat(target, &info) != 0) return;
  std::snprintf(mode, sizeof mode, "mode=%o", info.st_mode & 07777);
  options.data.emplace_back(mode);
}

}  // namespace

namespace {

/// A part of an overlay can be cloned only where the overlay is attached: over one of its layers, for a moment, in this mount
/// namespace.
UniqueFd part_of_overlay(int overlay, const std::string& place, const std::string& part) {
  const UniqueFd cover(::open(place.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!cover || attach_mount(overlay, cover.get()) != 0) return UniqueFd();
  const UniqueFd inside = open_part(overlay, part);
  UniqueFd tree(inside ? clone_tree(inside.get(), "", false) : -1);
  const int error = errno;
  ::umount2(place.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  errno = error;
  return tree;
}

/// The files of an image, to look at only.
MountFailure mount_layers(int root, const Mount& mount, const MountOptions& options) {
  Overlay overlay;
  for (const auto& item : options.data)
    if (constexpr std::string_view lower = "lowerdir="; item.starts_with(lower))
      overlay.lower.push_back(item.substr(lower.size()));
  if (overlay.lower.empty()) return failed(EINVAL, "mount at " + mount.destination + " has no layer");
  MountOptions read_only = options;
  read_only.set |= MOUNT_ATTR_RDONLY;
  Mount bind = mount;
  bind.source = overlay.lower.front();
  if (overlay.lower.size() == 1) return mount_bind(root, bind, read_only, -1);  // overlayfs wants two
  MountFailure failure;
  UniqueFd tree(make_overlay(overlay, failure));
  if (!tree) return failure;
  if (!options.subpath.empty()) tree = part_of_overlay(tree.get(), overlay.lower.back(), options.subpath);
  if (!tree) return failed("cannot access path " + options.subpath + " of " + mount.source);
  return mount_bind(root, bind, read_only, tree.release());
}

}  // namespace

namespace {

/// "remount": other options for what is mounted there already.
MountFailure remount(int root, const Mount& mount, const MountOptions& options) {
  const UniqueFd target(sys::openat2(root, mount.destination.c_str(), O_PATH | O_CLOEXEC, RESOLVE_IN_ROOT));
  if (!target) return failed("remount " + mount.destination);
  if (const int error = set_attributes(target.get(), options.set, options.clear, false))
    return failed(error, "remount " + mount.destination);
  return {};
}

/// With "tmpcopyup": what the image has there, copied into the new file system before it covers it.
MountFailure copy_up(int made, const UniqueFd& target, const Mount& mount) {
  try {
    copy_contents(target.get(), made);
    return {};
  } catch (const Error& error) {
    return failed(EIO, "copy " + mount.destination + " into its tmpfs: " + error.what());
  }
}

}  // namespace

MountFailure mount_into(int root, const Mount& mount, int source_tree) {
  MountOptions options = parse_mount_options(mount.options);
  if (options.remount) return remount(root, mount, options);
  if (options.bind || mount.type == "bind") return mount_bind(root, mount, options, source_tree);
  if (mount.type == layers_type) return mount_layers(root, mount, options);
  const bool is_tmpfs = mount.type == "tmpfs";
  const UniqueFd target(is_tmpfs ? open_or_make_tmpfs_target(root, mount.destination)
                                 : open_or_make_in_root(root, mount.destination, true));
  if (!target) return failed("mount point " + mount.destination);
  if (must_be_real(mount.destination)) {
    const UniqueFd direct(sys::openat2(root, mount.destination.c_str() + 1, O_PATH | O_DIRECTORY | O_CLOEXEC,
                                       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS));
    if (!direct) return failed("mount point " + mount.destination + " must be a directory, not a link");
  }
  if (is_tmpfs) inherit_mode(target.get(), options);
  options.data.insert(options.data.end(), options.superblock.begin(), options.superblock.end());
  std::string message;
  const char* source = mount.source.empty() ? mount.type.c_str() : mount.source.c_str();
  const std::uint64_t attributes = options.set | options.recursive_set;
  const std::uint64_t read_only = attributes & MOUNT_ATTR_RDONLY;  // not before it is filled
  const UniqueFd made(make_mount(mount.type.c_str(), source, options.data, attributes & ~read_only, &message));
  if (!made) return failed("mount " + mount.type + " at " + mount.destination + (message.empty() ? "" : " (" + message + ")"));
  if (options.copy_up)
    if (MountFailure failure = copy_up(made.get(), target, mount)) return failure;
  if (const int error = set_attributes(made.get(), read_only, 0, false))
    return failed(error, "options of " + mount.destination);
  if (const int error = attach_mount(made.get(), target.get()))
    return failed(error, "mount " + mount.type + " at " + mount.destination);
  if (const int error = set_propagation(made.get(), options)) return failed(error, "propagation of " + mount.destination);
  return {};
}

}  // namespace stack::engine::runtime
