#pragma once
// Work inside a directory that outsiders fill (a root filesystem, a build context) without ever leaving it. Names are
// resolved by the kernel with openat2(2), so no link and no race leads out.
#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"

namespace stack {

/// A directory taken as '/': absolute links and ".." are resolved as after chroot(2). Every path argument may be absolute or
/// relative ("/a", "a", "../a" name the same file). All throw Error on system errors that their comment does not mention.
class RootDir {
public:
  struct Owner {
    uid_t uid = 0;
    gid_t gid = 0;
  };
  /// The directory that holds a name, and that name (one component, never empty, "." or "..").
  struct Entry {
    UniqueFd parent;
    std::string name;
  };

  explicit RootDir(UniqueFd directory) : fd_(std::move(directory)) {}
  explicit RootDir(const std::string& path);  ///< throws not_found when it is missing
  int fd() const noexcept { return fd_.get(); }

  /// open(2) inside the root, links followed. O_CLOEXEC is added.
  UniqueFd open(std::string_view path, int flags, mode_t mode = 0) const;
  /// The same; an invalid descriptor when the name does not exist (ENOENT, ENOTDIR, or a link that loops).
  UniqueFd try_open(std::string_view path, int flags, mode_t mode = 0) const;

  /// Resolves all but the last component (links followed). Throws not_found when a directory is missing, invalid_argument for
  /// a path without a last component ("/", "a/..").
  Entry parent_of(std::string_view path) const;
  /// parent_of, creating missing directories with that mode and owner. A dangling link on the way is refused.
  Entry make_parent_of(std::string_view path, mode_t mode, Owner owner) const;
  /// mkdir -p; returns the directory. Existing directories keep their mode and owner.
  UniqueFd make_directories(std::string_view path, mode_t mode, Owner owner) const;

  std::optional<struct stat> lstat(std::string_view path) const;      ///< empty: no such name
  std::optional<struct stat> stat(std::string_view path) const;       ///< the last component followed, inside the root
  std::optional<std::string> read_link(std::string_view path) const;  ///< empty: no such name or no link
  std::optional<std::string> read_file(std::string_view path, std::size_t max_bytes = 64 << 20) const;  ///< empty: no such file

private:
  UniqueFd fd_;
};

/// "a//b/./../c" -> {"a", "c"}: components of a name taken inside a root; ".." never climbs above it. No link is read.
std::vector<std::string> clean_components(std::string_view path);
/// The same as one text without a leading '/': "a/c"; empty for the root itself.
std::string clean_path(std::string_view path);

/// A file descriptor's path for system calls that take only paths and no AT_EMPTY_PATH: "/proc/self/fd/N".
std::string fd_path(int fd);

/// Removes a whole tree below (and with) `path`, never following links. Missing is fine.
void remove_tree(const std::string& path);
void remove_tree_at(int parent, const std::string& name);

/// Writes a whole file: temporary name beside it, then rename, so that readers see the old or the new content.
void write_file_atomically(const std::string& path, std::string_view content, mode_t mode = 0600);

}  // namespace stack
