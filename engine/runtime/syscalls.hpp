#pragma once
// System calls without a wrapper in glibc 2.36, and small helpers around descriptors. No exceptions: results as in the kernel,
// -1 and errno.
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

namespace stack::engine::runtime::sys {

inline int openat2(int directory, const char* path, std::uint64_t flags, std::uint64_t resolve, std::uint64_t mode = 0) {
  open_how how{};
  how.flags = flags;
  how.mode = mode;
  how.resolve = resolve;
  int fd = -1;
  do {
    fd = static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how));
  } while (fd < 0 && (errno == EAGAIN || errno == EINTR));  // EAGAIN: a rename raced with the lookup of ".."
  return fd;
}

inline pid_t clone3(clone_args& args) { return static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args)); }

inline int pivot_root(const char* new_root, const char* put_old) {
  return static_cast<int>(::syscall(SYS_pivot_root, new_root, put_old));
}

inline int execveat(int fd, char* const* argv, char* const* envp) {
  return static_cast<int>(::syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH));
}

/// Writes a small file in one write(2), as /proc and cgroup files want it. 0 or errno.
inline int write_file(int directory, const char* path, std::string_view text, int extra_flags = 0) {
  const int fd = ::openat(directory, path, O_WRONLY | O_CLOEXEC | extra_flags, 0644);
  if (fd < 0) return errno;
  const ssize_t written = ::write(fd, text.data(), text.size());
  const int error = written < 0 ? errno : 0;
  ::close(fd);
  return error;
}

/// The whole of a file, empty when it cannot be read; at most `limit` bytes.
inline std::string read_fd(int fd, std::size_t limit = 1 << 20) {
  std::string text;
  char buffer[4096];
  while (text.size() < limit) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
  }
  return text;
}
inline std::string read_file(int directory, const char* path, std::size_t limit = 1 << 20) {
  const int fd = ::openat(directory, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string text = read_fd(fd, limit);
  ::close(fd);
  return text;
}

}  // namespace stack::engine::runtime::sys
