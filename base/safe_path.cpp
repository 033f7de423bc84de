#include "base/safe_path.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "base/digest.hpp"
#include "base/error.hpp"

namespace stack {

namespace {

/// openat2(2) below a root; -1 and errno on failure.
int open_in_root(int root, const std::string& path, int flags, mode_t mode) {
  struct open_how how {};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? mode : 0;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: a rename raced with a ".."; bounded, because whoever renames may never stop
  for (int attempt = 0; attempt < 128; ++attempt) {
    const long fd = ::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return static_cast<int>(fd);
  }
  return -1;
}

bool is_absence(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

std::string joined(const std::vector<std::string>& parts, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += '/';
    text += parts[i];
  }
  return text;
}

std::string checked(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) throw Error(ErrorCode::invalid_argument, "a path must not contain a NUL byte");
  return std::string(path);
}

}  // namespace

RootDir::RootDir(const std::string& path) : fd_(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
  if (!fd_) throw errno_error("open " + path);
}

UniqueFd RootDir::open(std::string_view path, int flags, mode_t mode) const {
  UniqueFd fd(open_in_root(fd_.get(), checked(path), flags, mode));
  if (!fd) throw errno_error("open " + std::string(path));
  return fd;
}

UniqueFd RootDir::try_open(std::string_view path, int flags, mode_t mode) const {
  UniqueFd fd(open_in_root(fd_.get(), checked(path), flags, mode));
  if (!fd && !is_absence(errno)) throw errno_error("open " + std::string(path));
  return fd;
}

RootDir::Entry RootDir::parent_of(std::string_view path) const {
  std::vector<std::string> parts = clean_components(checked(path));
  if (parts.empty()) throw Error(ErrorCode::invalid_argument, "\"" + std::string(path) + "\" names the root directory itself");
  return {open(joined(parts, parts.size() - 1), O_PATH | O_DIRECTORY), parts.back()};
}

UniqueFd RootDir::make_directories(std::string_view path, mode_t mode, Owner owner) const {
  const std::vector<std::string> parts = clean_components(checked(path));
  UniqueFd whole(open_in_root(fd_.get(), joined(parts, parts.size()), O_PATH | O_DIRECTORY, 0));
  if (whole) return whole;
  if (errno != ENOENT) throw errno_error("open directory " + std::string(path));
  UniqueFd parent = open("", O_PATH | O_DIRECTORY);
  for (std::size_t count = 1; count <= parts.size(); ++count) {
    UniqueFd next(open_in_root(fd_.get(), joined(parts, count), O_PATH | O_DIRECTORY, 0));
    if (!next) {
      if (errno != ENOENT) throw errno_error("open directory " + joined(parts, count));
      const std::string& name = parts[count - 1];
      if (::mkdirat(parent.get(), name.c_str(), mode) != 0) throw errno_error("mkdir " + joined(parts, count));
      next = UniqueFd(::openat(parent.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!next) throw errno_error("open directory " + joined(parts, count));
      if (::fchownat(next.get(), "", owner.uid, owner.gid, AT_EMPTY_PATH) != 0)
        throw errno_error("chown " + joined(parts, count));
      if (::chmod(fd_path(next.get()).c_str(), mode) != 0)
        throw errno_error("chmod " + joined(parts, count));  // without the umask
    }
    parent = std::move(next);
  }
  return parent;
}

RootDir::Entry RootDir::make_parent_of(std::string_view path, mode_t mode, Owner owner) const {
  std::vector<std::string> parts = clean_components(checked(path));
  if (parts.empty()) throw Error(ErrorCode::invalid_argument, "\"" + std::string(path) + "\" names the root directory itself");
  return {make_directories(joined(parts, parts.size() - 1), mode, owner), parts.back()};
}

std::optional<struct stat> RootDir::lstat(std::string_view path) const {
  const UniqueFd fd = try_open(path, O_PATH | O_NOFOLLOW);
  struct stat status {};
  if (!fd) return std::nullopt;
  if (::fstat(fd.get(), &status) != 0) throw errno_error("stat " + std::string(path));
  return status;
}

std::optional<struct stat> RootDir::stat(std::string_view path) const {
  const UniqueFd fd = try_open(path, O_PATH);
  struct stat status {};
  if (!fd) return std::nullopt;
  if (::fstat(fd.get(), &status) != 0) throw errno_error("stat " + std::string(path));
  return status;
}

std::optional<std::string> RootDir::read_link(std::string_view path) const {
  const UniqueFd fd = try_open(path, O_PATH | O_NOFOLLOW);
  if (!fd) return std::nullopt;
  std::string target(4096, '\0');
  const ssize_t size = ::readlinkat(fd.get(), "", target.data(), target.size());
  if (size < 0) return std::nullopt;  // not a link
  target.resize(static_cast<std::size_t>(size));
  return target;
}

std::optional<std::string> RootDir::read_file(std::string_view path, std::size_t max_bytes) const {
  // O_NONBLOCK: a FIFO planted under this name must not block us
  const UniqueFd fd = try_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd) return std::nullopt;
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw errno_error("stat " + std::string(path));
  if (!S_ISREG(status.st_mode)) throw Error(ErrorCode::invalid_argument, std::string(path) + " is not a regular file");
  std::string content;
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw errno_error("read " + std::string(path));
    if (got == 0) return content;
    content.append(buffer, static_cast<std::size_t>(got));
    if (content.size() > max_bytes) throw Error(ErrorCode::invalid_argument, std::string(path) + " is too large");
  }
}

std::vector<std::string> clean_components(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part != "..")
      parts.emplace_back(part);
    else if (!parts.empty())
      parts.pop_back();
  }
  return parts;
}

std::string clean_path(std::string_view path) {
  const std::vector<std::string> parts = clean_components(path);
  return joined(parts, parts.size());
}

std::string fd_path(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

void remove_tree_at(int parent, const std::string& name) {
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return;
  if (errno != EISDIR && errno != EPERM) throw errno_error("remove " + name);
  UniqueFd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) throw errno_error("remove " + name);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(fd.get()), ::closedir);
  if (!directory) throw errno_error("remove " + name);
  fd.release();
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view child = entry->d_name;
    if (child != "." && child != "..") remove_tree_at(::dirfd(directory.get()), std::string(child));
  }
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) throw errno_error("remove " + name);
}

void remove_tree(const std::string& path) { remove_tree_at(AT_FDCWD, path); }

void write_file_atomically(const std::string& path, std::string_view content, mode_t mode) {
  const std::string temporary = path + "." + random_hex(8) + ".tmp";
  const UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd) throw errno_error("create " + temporary);
  while (!content.empty()) {
    const ssize_t written = ::write(fd.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      ::unlink(temporary.c_str());
      throw errno_error("write " + path, error);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    throw errno_error("rename " + path, error);
  }
}

}  // namespace stack
