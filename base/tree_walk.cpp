#include "base/tree_walk.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace stack {

namespace {

using Visit = std::function<void(const std::string&, const struct stat&)>;

bool has_vanished(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

void walk(UniqueFd directory, const std::string& prefix, const Visit& visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(directory.get()), ::closedir);
  if (!listing) throw errno_error("read directory /" + prefix);
  const int fd = directory.release();
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string path = prefix + name;
    struct stat status {};
    if (::fstatat(fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (has_vanished(errno)) continue;
      throw errno_error("stat /" + path);
    }
    visit(path, status);
    if (!S_ISDIR(status.st_mode)) continue;
    UniqueFd below(::openat(fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (below)
      walk(std::move(below), path + "/", visit);
    else if (!has_vanished(errno))
      throw errno_error("open /" + path);
  }
}

}  // namespace

void walk_tree(const std::string& directory, const Visit& visit) {
  UniqueFd root(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root)
    walk(std::move(root), "", visit);
  else if (!has_vanished(errno))
    throw errno_error("open " + directory);
}

std::uint64_t tree_size(const std::string& directory) {
  std::uint64_t size = 0;
  std::set<std::pair<dev_t, ino_t>> counted;
  walk_tree(directory, [&](const std::string&, const struct stat& status) {
    if (!S_ISREG(status.st_mode)) return;
    if (status.st_nlink > 1 && !counted.insert({status.st_dev, status.st_ino}).second) return;
    size += static_cast<std::uint64_t>(status.st_size);
  });
  return size;
}

}  // namespace stack
