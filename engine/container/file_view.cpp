#include "engine/container/file_view.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>
#include <sstream>
#include <thread>

#include "base/error.hpp"
#include "engine/runtime/mounts.hpp"

namespace stack::engine::container {

namespace {

std::string read_all_at(int directory, const char* name) {
  const UniqueFd fd(::openat(directory, name, O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 16 * 1024> buffer;
  for (ssize_t count = 0; fd && (count = ::read(fd.get(), buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(count));
  return text;
}

/// From lines like "25 30 0:23 / /proc rw,nosuid shared:5 - proc proc rw".
std::set<dev_t> kernel_devices(const std::string& mountinfo) {
  static const std::set<std::string_view> types{"proc",   "sysfs",  "cgroup",     "cgroup2",
                                                "devpts", "mqueue", "securityfs", "debugfs"};
  std::set<dev_t> devices;
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    unsigned major_number = 0, minor_number = 0;
    const auto separator = line.find(" - ");
    if (separator == std::string::npos || std::sscanf(line.c_str(), "%*u %*u %u:%u", &major_number, &minor_number) != 2)
      continue;
    const std::string_view rest = std::string_view(line).substr(separator + 3);
    if (types.contains(rest.substr(0, rest.find(' ')))) devices.insert(makedev(major_number, minor_number));
  }
  return devices;
}

void check(const runtime::MountFailure& failure) {
  if (failure) throw errno_error(failure.what, failure.error);
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

/// In a mount namespace of the calling thread's own. Propagation is what a mount has among processes; here there are none.
UniqueFd mount_and_clone(const image::Snapshot& snapshot, const std::vector<runtime::Mount>& mounts) {
  if (::unshare(CLONE_NEWNS) != 0) throw errno_error("unshare");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) throw errno_error("making mounts private");
  runtime::MountFailure failure;
  const runtime::Overlay overlay{snapshot.lower_dirs, snapshot.upper, snapshot.work};
  const UniqueFd root(runtime::make_overlay(overlay, failure));
  check(failure);
  const std::string& place = snapshot.lower_dirs.back();  // covered only in this namespace, which nobody else sees
  const UniqueFd target(::open(place.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!target) throw errno_error("open " + place);
  if (const int error = runtime::attach_mount(root.get(), target.get())) throw errno_error("mounting layers", error);
  for (runtime::Mount mount : mounts) {
    if (!exists(mount.source)) continue;
    for (auto& option : mount.options)
      if (option.ends_with("shared") || option.ends_with("slave")) option = "rprivate";
    check(runtime::mount_into(root.get(), mount));
  }
  constexpr std::uint64_t attributes = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  if (const int error = runtime::set_attributes(root.get(), attributes, 0, true)) throw errno_error("mount_setattr", error);
  UniqueFd tree(runtime::clone_tree(root.get(), "", true));
  if (!tree) throw errno_error("open_tree");
  return tree;
}

}  // namespace

FileView open_running(pid_t pid, const std::string& id) {
  // What /proc/<pid> names can change from one moment to the next, an open directory of it cannot.
  const std::string path = fmt::format("/proc/{}", pid);
  const UniqueFd process(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Error gone(ErrorCode::conflict, fmt::format("container {} is not running", id));
  if (!process || read_all_at(process.get(), "cgroup").find("/" + id) == std::string::npos) throw gone;
  UniqueFd root(::openat(process.get(), "root", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) throw gone;
  return {RootDir(std::move(root)), kernel_devices(read_all_at(process.get(), "mountinfo"))};
}

FileView mount_stopped(const image::Snapshot& snapshot, const std::vector<runtime::Mount>& mounts) {
  UniqueFd tree;
  std::exception_ptr error;
  std::thread([&] {
    try {
      tree = mount_and_clone(snapshot, mounts);
    } catch (...) {
      error = std::current_exception();
    }
  }).join();
  if (error) std::rethrow_exception(error);
  return {RootDir(std::move(tree)), {}};
}

}  // namespace stack::engine::container
