#include "base/copy_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "base/error.hpp"

namespace stack {

namespace {

bool copied_xattr(std::string_view name, bool overlay_layer) {
  if (name == "trusted.overlay.opaque") return overlay_layer;
  if (name.starts_with("user.overlay.")) return false;
  return name.starts_with("user.") || name == "security.capability" || name.starts_with("system.posix_acl_");
}

void copy_xattrs(const std::string& from, const std::string& to, bool overlay_layer) {
  char names[8192];
  const ssize_t length = ::listxattr(from.c_str(), names, sizeof names);
  for (ssize_t at = 0; at < length;) {
    const std::string name = names + at;
    at += static_cast<ssize_t>(name.size()) + 1;
    if (!copied_xattr(name, overlay_layer)) continue;
    std::string value(65536, '\0');
    const ssize_t size = ::getxattr(from.c_str(), name.c_str(), value.data(), value.size());
    if (size < 0) continue;
    if (::setxattr(to.c_str(), name.c_str(), value.data(), static_cast<std::size_t>(size), 0) != 0 && errno != ENOTSUP &&
        errno != EPERM)
      throw errno_error("setxattr " + name);
  }
}

void copy_bytes(int from, int to) {
  if (::ioctl(to, FICLONE, from) == 0) return;
  bool in_kernel = true;
  std::string buffer;
  for (;;) {
    ssize_t got = 0;
    if (in_kernel) {
      got = ::copy_file_range(from, nullptr, to, nullptr, 64 << 20, 0);
      if (got < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS)) {
        in_kernel = false;
        buffer.resize(256 * 1024);
        continue;
      }
      if (got < 0 && errno != EINTR) throw errno_error("copy");
    } else {
      got = ::read(from, buffer.data(), buffer.size());
      if (got < 0 && errno != EINTR) throw errno_error("read");
      for (ssize_t done = 0; done < got;) {
        const ssize_t written = ::write(to, buffer.data() + done, static_cast<std::size_t>(got - done));
        if (written < 0 && errno != EINTR) throw errno_error("write");
        if (written > 0) done += written;
      }
    }
    if (got == 0) return;
  }
}

std::vector<std::string> names_in(int directory) {
  UniqueFd readable(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!readable) throw errno_error("open directory");
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(::fdopendir(readable.get()), ::closedir);
  if (!handle) throw errno_error("open directory");
  readable.release();
  std::vector<std::string> names;
  while (const dirent* found = ::readdir(handle.get())) {
    const std::string_view name = found->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

class Copier {
public:
  explicit Copier(const CopyOptions& options) : options_(options) {}

  void contents(int from, int to, const std::string& path) {
    for (const std::string& name : names_in(from)) entry(from, name, to, name, path.empty() ? name : path + "/" + name);
  }

  void entry(int from, const std::string& name, int to, const std::string& target, const std::string& path) {
    struct stat status {};
    if (::fstatat(from, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) throw errno_error("stat " + name);
    const bool wanted = !options_.select || options_.select(path, status);
    if (S_ISDIR(status.st_mode)) {
      directory(from, name, to, target, path, wanted);
      return;
    }
    if (!wanted || S_ISSOCK(status.st_mode)) return;
    make_room(to, target);
    if (status.st_nlink > 1 && link_to_copy(status, to, target)) return;
    if (S_ISREG(status.st_mode))
      file(from, name, to, target, status);
    else
      special(from, name, to, target, status);
    if (status.st_nlink > 1) links_[{status.st_dev, status.st_ino}] = {to, target};
  }

  void attributes(int from, int to, const struct stat& status) const {
    const std::string source = fd_path(from);
    const std::string target = fd_path(to);
    const RootDir::Owner owner = options_.owner.value_or(RootDir::Owner{status.st_uid, status.st_gid});
    if (::fchownat(to, "", owner.uid, owner.gid, AT_EMPTY_PATH) != 0) throw errno_error("chown");
    if (::chmod(target.c_str(), mode_of(status)) != 0) throw errno_error("chmod");
    copy_xattrs(source, target, options_.overlay_layer);
    set_times(target, status);
  }

private:
  mode_t mode_of(const struct stat& status) const { return options_.mode ? options_.mode(status) : status.st_mode & 07777; }

  void set_times(const std::string& target, const struct stat& status) const {
    if (!options_.times) return;
    const timespec times[2] = {status.st_atim, status.st_mtim};
    if (::utimensat(AT_FDCWD, target.c_str(), times, 0) != 0) throw errno_error("utimensat");
  }

  void directory(int from, const std::string& name, int to, const std::string& target, const std::string& path, bool wanted) {
    const UniqueFd source(::openat(from, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!source) throw errno_error("open " + name);
    struct stat status {};
    if (::fstat(source.get(), &status) != 0) throw errno_error("stat " + name);
    if (!wanted) {  // something below may be wanted: then the directory appears with it
      if (!anything_wanted(source.get(), path)) return;
    }
    if (::mkdirat(to, target.c_str(), 0700) != 0) {
      if (errno != EEXIST) throw errno_error("mkdir " + target);
      struct stat there {};
      if (::fstatat(to, target.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(there.st_mode))
        throw Error(ErrorCode::conflict, "cannot copy to non-directory: " + target);
    }
    const UniqueFd made(::openat(to, target.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made) throw errno_error("open " + target);
    contents(source.get(), made.get(), path);
    attributes(source.get(), made.get(), status);
  }

  bool anything_wanted(int directory, const std::string& path) {
    for (const std::string& name : names_in(directory)) {
      struct stat status {};
      if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      const std::string below = path.empty() ? name : path + "/" + name;
      if (options_.select(below, status)) return true;
      if (!S_ISDIR(status.st_mode)) continue;
      const UniqueFd fd(::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (fd && anything_wanted(fd.get(), below)) return true;
    }
    return false;
  }

  static void make_room(int to, const std::string& target) {
    if (::unlinkat(to, target.c_str(), 0) == 0 || errno == ENOENT) return;
    if (errno == EISDIR || errno == EPERM)
      throw Error(ErrorCode::conflict, "cannot overwrite directory with non-directory: " + target);
    throw errno_error("remove " + target);
  }

  /// The directory of the first copy is open only while it is being walked; elsewhere the file is copied once more.
  bool link_to_copy(const struct stat& status, int to, const std::string& target) {
    const auto first = links_.find({status.st_dev, status.st_ino});
    return first != links_.end() && first->second.first == to &&
           ::linkat(to, first->second.second.c_str(), to, target.c_str(), 0) == 0;
  }

  void file(int from, const std::string& name, int to, const std::string& target, const struct stat& status) {
    const UniqueFd source(::openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!source) throw errno_error("open " + name);
    const UniqueFd made(::openat(to, target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!made) throw errno_error("create " + target);
    copy_bytes(source.get(), made.get());
    attributes(source.get(), made.get(), status);
  }

  void special(int from, const std::string& name, int to, const std::string& target, const struct stat& status) {
    const RootDir::Owner owner = options_.owner.value_or(RootDir::Owner{status.st_uid, status.st_gid});
    if (S_ISLNK(status.st_mode)) {
      char link[4096];
      const ssize_t size = ::readlinkat(from, name.c_str(), link, sizeof link - 1);
      if (size < 0) throw errno_error("readlink " + name);
      link[size] = '\0';
      if (::symlinkat(link, to, target.c_str()) != 0) throw errno_error("symlink " + target);
    } else {
      if (::mknodat(to, target.c_str(), status.st_mode, status.st_rdev) != 0) throw errno_error("mknod " + target);
    }
    if (::fchownat(to, target.c_str(), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) != 0) throw errno_error("chown " + target);
    if (!S_ISLNK(status.st_mode)) {
      const UniqueFd fd(::openat(to, target.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
      if (!fd || ::chmod(fd_path(fd.get()).c_str(), status.st_mode & 07777) != 0) throw errno_error("chmod " + target);
    }
    const timespec times[2] = {status.st_atim, status.st_mtim};
    if (options_.times) ::utimensat(to, target.c_str(), times, AT_SYMLINK_NOFOLLOW);
  }

  const CopyOptions& options_;
  std::map<std::pair<dev_t, ino_t>, std::pair<int, std::string>> links_;
};

}  // namespace

void copy_entry(int source_directory, const std::string& source_name, int target_directory, const std::string& target_name,
                const CopyOptions& options) {
  Copier(options).entry(source_directory, source_name, target_directory, target_name, "");
}

void copy_contents(int source_directory, int target_directory, const CopyOptions& options) {
  Copier(options).contents(source_directory, target_directory, "");
}

void copy_attributes(int source, int target, const CopyOptions& options) {
  struct stat status {};
  if (::fstat(source, &status) != 0) throw errno_error("stat");
  Copier(options).attributes(source, target, status);
}

}  // namespace stack
