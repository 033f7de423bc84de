#include "engine/image/overlay_view.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <thread>

#include "base/error.hpp"

namespace stack::engine::image {

namespace {

/// The kernel's own explanation, which it leaves in the file system context.
std::string kernel_message(int context) {
  char text[512];
  const ssize_t size = ::read(context, text, sizeof text - 1);
  if (size <= 2) return {};
  return " (" + std::string(text + 2, static_cast<std::size_t>(size - 2)) + ")";
}

/// False when this kernel cannot name layers one by one.
bool add_layers(int context, const std::vector<std::string>& lower_dirs) {
  for (const auto& dir : lower_dirs) {
    if (::syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "lowerdir+", dir.c_str(), 0) == 0) continue;
    const int error = errno;
    const std::string message = kernel_message(context);
    if (error == EINVAL && &dir == &lower_dirs.front() && ::access(dir.c_str(), F_OK) == 0) return false;
    throw errno_error("overlay layer " + dir + message, error);
  }
  return true;
}

void set_option(int context, const char* key, const std::string& value) {
  if (::syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0) return;
  const int error = errno;
  throw errno_error(std::string("overlay option ") + key + kernel_message(context), error);
}

/// The directory that all paths are in, with its final '/': mount options name the rest, to fit into their one page.
std::string common_directory(const std::vector<std::string>& paths) {
  std::string common = paths.front();
  for (const auto& path : paths) {
    const auto differ = std::mismatch(common.begin(), common.end(), path.begin(), path.end());
    common.erase(differ.first, common.end());
  }
  return common.substr(0, common.rfind('/') + 1);
}

/// In a mount namespace of the calling thread's own.
UniqueFd mount_and_clone(const std::vector<std::string>& lower_dirs, const std::string& upper, const std::string& work) {
  std::vector<std::string> all = lower_dirs;
  if (!upper.empty()) all.insert(all.end(), {upper, work});
  const std::string directory = common_directory(all);
  std::string options = "lowerdir=";
  for (const auto& dir : lower_dirs) options += (options.back() == '=' ? "" : ":") + dir.substr(directory.size());
  if (!upper.empty()) options += ",upperdir=" + upper.substr(directory.size()) + ",workdir=" + work.substr(directory.size());
  options += ",redirect_dir=off,metacopy=off,index=off";
  constexpr std::size_t option_page = 4096;
  if (options.size() >= option_page)
    throw Error(ErrorCode::not_implemented,
                "an image with " + std::to_string(lower_dirs.size()) + " layers needs Linux 6.7 or newer");
  if (::unshare(CLONE_NEWNS) != 0) throw errno_error("unshare");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) throw errno_error("making mounts private");
  if (::chdir(directory.c_str()) != 0) throw errno_error("chdir " + directory);
  const std::string& place = lower_dirs.back();  // covered only in this namespace, which nobody else sees
  const unsigned long flags = MS_NODEV | MS_NOSUID | MS_NOEXEC | (upper.empty() ? static_cast<unsigned long>(MS_RDONLY) : 0UL);
  if (::mount("overlay", place.c_str(), "overlay", flags, options.c_str()) != 0) throw errno_error("mounting layers");
  UniqueFd tree(static_cast<int>(::syscall(SYS_open_tree, AT_FDCWD, place.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
  if (!tree) throw errno_error("open_tree");
  return tree;
}

}  // namespace

RootDir open_overlay_by_mount(const std::vector<std::string>& lower_dirs, const std::string& upper, const std::string& work) {
  UniqueFd tree;
  std::exception_ptr error;
  std::thread([&] {
    try {
      tree = mount_and_clone(lower_dirs, upper, work);
    } catch (...) {
      error = std::current_exception();
    }
  }).join();
  if (error) std::rethrow_exception(error);
  return RootDir(std::move(tree));
}

RootDir open_overlay(const std::vector<std::string>& lower_dirs) {
  // overlayfs without a writable layer wants two; one needs no overlay at all
  if (lower_dirs.size() == 1) return RootDir(lower_dirs.front());
  return open_overlay(lower_dirs, "", "");
}

RootDir open_overlay(const std::vector<std::string>& lower_dirs, const std::string& upper, const std::string& work) {
  const UniqueFd context(static_cast<int>(::syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC)));
  if (!context) throw errno_error("fsopen overlay");
  if (!add_layers(context.get(), lower_dirs)) return open_overlay_by_mount(lower_dirs, upper, work);
  if (!upper.empty()) {
    set_option(context.get(), "upperdir", upper);
    set_option(context.get(), "workdir", work);
  }
  // what lands in `upper` becomes a layer of its own: it must not refer to the directories below it
  for (const char* option : {"redirect_dir", "metacopy", "index"}) set_option(context.get(), option, "off");
  if (::syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    const int error = errno;
    if (error == EINVAL) return open_overlay_by_mount(lower_dirs, upper, work);  // Linux up to 6.4 looks at options only now
    throw errno_error("mounting layers" + kernel_message(context.get()), error);
  }
  const unsigned attributes =
      MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | (upper.empty() ? MOUNT_ATTR_RDONLY : 0U);
  UniqueFd mount(static_cast<int>(::syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, attributes)));
  if (!mount) throw errno_error("fsmount overlay");
  return RootDir(std::move(mount));
}

}  // namespace stack::engine::image
