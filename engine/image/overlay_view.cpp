#include "engine/image/overlay_view.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

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

void set_option(int context, const char* key, const std::string& value) {
  if (::syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0) return;
  const int error = errno;
  throw errno_error(std::string("overlay option ") + key + kernel_message(context), error);
}

}  // namespace

RootDir open_overlay(const std::vector<std::string>& lower_dirs) {
  // overlayfs without a writable layer wants two; one needs no overlay at all
  if (lower_dirs.size() == 1) return RootDir(lower_dirs.front());
  return open_overlay(lower_dirs, "", "");
}

RootDir open_overlay(const std::vector<std::string>& lower_dirs, const std::string& upper, const std::string& work) {
  const UniqueFd context(static_cast<int>(::syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC)));
  if (!context) throw errno_error("fsopen overlay");
  for (const auto& dir : lower_dirs) set_option(context.get(), "lowerdir+", dir);
  if (!upper.empty()) {
    set_option(context.get(), "upperdir", upper);
    set_option(context.get(), "workdir", work);
  }
  // what lands in `upper` becomes a layer of its own: it must not refer to the directories below it
  for (const char* option : {"redirect_dir", "metacopy", "index"}) set_option(context.get(), option, "off");
  if (::syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    const int error = errno;
    throw errno_error("mounting layers" + kernel_message(context.get()), error);
  }
  const unsigned attributes = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | (upper.empty() ? MOUNT_ATTR_RDONLY : 0U);
  UniqueFd mount(static_cast<int>(::syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, attributes)));
  if (!mount) throw errno_error("fsmount overlay");
  return RootDir(std::move(mount));
}

}  // namespace stack::engine::image
