#include "base/disk_room.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>

#include <cstdint>

#include "base/unique_fd.hpp"
#include "base/units.hpp"

namespace stack {

namespace {

constexpr off_t least_bytes = 1 << 20;
constexpr std::uint64_t least_inodes = 32;

/// Finds out by taking it: what statvfs(2) calls available leaves out what root may use.
bool can_take(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  return file && ::posix_fallocate(file.get(), 0, least_bytes) == 0;
}

}  // namespace

std::string disk_shortage(const std::string& path) {
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0) return {};
  if ((status.f_flag & ST_RDONLY) != 0) return "read-only file system: " + path + " is mounted read-only";
  const std::uint64_t free_bytes = std::uint64_t{status.f_bavail} * status.f_frsize;
  const std::uint64_t all_bytes = std::uint64_t{status.f_blocks} * status.f_frsize;
  if (all_bytes > 0 && free_bytes < least_bytes)  // some file systems (a FUSE one, say) do not tell
    return fmt::format("no space left on device: {} is full (free: {} of {})", path,
                       format_size(static_cast<double>(free_bytes)), format_size(static_cast<double>(all_bytes)));
  if (status.f_files > 0 && status.f_favail < least_inodes)  // others make inodes as they need them
    return fmt::format("no space left on device: {} has no inodes left (free: {} of {})", path, std::uint64_t{status.f_favail},
                       std::uint64_t{status.f_files});
  return {};
}

void require_disk_room(const std::string& path) {
  const std::string shortage = disk_shortage(path);
  if (!shortage.empty() && !can_take(path)) throw Error(ErrorCode::unavailable, shortage);
}

std::string with_disk_shortage(const std::string& message, const std::string& path) {
  const std::string shortage = disk_shortage(path);
  // compared without the figures, which may differ by now
  if (shortage.empty() || message.find(shortage.substr(0, shortage.find(" (free"))) != std::string::npos) return message;
  return shortage + ": " + message;
}

}  // namespace stack
