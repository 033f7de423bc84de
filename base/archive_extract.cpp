#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/archive.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"

namespace stack::archive {

namespace {

constexpr std::string_view whiteout_prefix = ".wh.";
constexpr std::string_view opaque_name = ".wh..wh..opq";
constexpr const char* opaque_xattr = "trusted.overlay.opaque";

/// Attributes an archive may set. Never trusted.*: those steer overlayfs itself.
bool allowed_xattr(std::string_view name) {
  if (name.starts_with("user.overlay.")) return false;
  return name.starts_with("user.") || name == "security.capability" || name.starts_with("system.posix_acl_");
}

class Extractor {
public:
  Extractor(const RootDir& root, const ExtractOptions& options) : root_(root), options_(options) {}

  void run(Reader& reader) {
    while (auto member = reader.next()) {
      if (++result_.members > options_.max_members) throw Error(ErrorCode::invalid_argument, "archive has too many members");
      if (member->type == Member::Type::file) {
        result_.content_bytes += member->size;
        if (member->size > options_.max_bytes || result_.content_bytes > options_.max_bytes)
          throw Error(ErrorCode::invalid_argument, "archive has too much content at \"" + member->path + "\"");
      }
      if (options_.owner) {
        member->uid = options_.owner->uid;
        member->gid = options_.owner->gid;
      }
      if (options_.edit) options_.edit(*member);
      const std::string path = clean_path(member->path);
      if (options_.select && !options_.select(path, *member)) continue;
      try {
        member_(reader, path, *member);
      } catch (const Error& error) {
        throw Error(error.code(), "extracting \"" + member->path + "\": " + error.what());
      }
    }
    set_directory_times();
  }

  ExtractResult result_;

private:
  void member_(Reader& reader, const std::string& path, const Member& member) {
    if (path.empty()) {
      if (member.type != Member::Type::directory) throw Error(ErrorCode::invalid_argument, "only a directory can be the root");
      const UniqueFd root = root_.open("", O_PATH | O_DIRECTORY);
      set_attributes(root.get(), member, true);
      directory_times_.emplace_back(path, member.mtime);
      return;
    }
    const std::size_t slash = path.rfind('/');
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    const int parent = parent_directory(slash == std::string::npos ? std::string() : path.substr(0, slash));
    if (options_.whiteouts == Whiteouts::overlay && name.starts_with(whiteout_prefix)) {
      whiteout(parent, name);
      return;
    }
    std::string digest;
    const bool exists = make_room(parent, name, member);
    switch (member.type) {
      case Member::Type::directory: directory(parent, name, path, member, exists); break;
      case Member::Type::file: digest = file(reader, parent, name, member); break;
      case Member::Type::symlink: symlink(parent, name, member); break;
      case Member::Type::hard_link: hard_link(parent, name, member); break;
      case Member::Type::character_device:
      case Member::Type::block_device:
      case Member::Type::fifo: node(parent, name, member); break;
    }
    if (options_.extracted) options_.extracted(path, member, digest);
  }

  /// Members come in runs of one directory: its descriptor is kept until a name may have come to mean something else.
  int parent_directory(const std::string& path) {
    if (!parent_ || parent_path_ != path) {
      constexpr mode_t implied_mode = 0755;  // of directories the archive forgot to mention
      parent_ = root_.make_directories(path, implied_mode, options_.owner.value_or(RootDir::Owner{}));
      parent_path_ = path;
    }
    return parent_.get();
  }

  /// Removes what is in the way. True when a directory is there already that a directory member may use.
  bool make_room(int parent, const std::string& name, const Member& member) {
    struct stat there {};
    if (::fstatat(parent, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno != ENOENT) throw errno_error("stat");
      return false;
    }
    const bool is_directory = S_ISDIR(there.st_mode);
    if (is_directory && member.type == Member::Type::directory) return true;
    if (is_directory != (member.type == Member::Type::directory) && !options_.replace_directory)
      throw Error(ErrorCode::conflict, is_directory ? "cannot overwrite directory with non-directory"
                                                    : "cannot overwrite non-directory with directory");
    if (S_ISREG(there.st_mode)) {
      if (::unlinkat(parent, name.c_str(), 0) != 0) throw errno_error("remove");
      return false;
    }
    remove_tree_at(parent, name);
    // the cached directory may have been reached through what is gone now; `parent` itself stays open until the next member
    parent_path_.assign(1, '\0');
    return false;
  }

  void set_attributes(int fd, const Member& member, bool is_directory) {
    const std::string path = fd_path(fd);
    if (::fchownat(fd, "", member.uid, member.gid, AT_EMPTY_PATH) != 0) throw errno_error("chown");
    if (::chmod(path.c_str(), member.mode) != 0) throw errno_error("chmod");  // after chown, which clears setuid
    if (options_.xattrs) {
      for (const auto& [name, value] : member.xattrs) {
        if (!allowed_xattr(name)) continue;
        if (::setxattr(path.c_str(), name.c_str(), value.data(), value.size(), 0) != 0 && errno != ENOTSUP && errno != EPERM)
          throw errno_error("setxattr " + name);
      }
    }
    if (!is_directory) set_times(path, member.mtime);
  }

  static void set_times(const std::string& path, timespec mtime) {
    mtime.tv_nsec = std::clamp(mtime.tv_nsec, 0L, 999'999'999L);
    const timespec times[2] = {mtime, mtime};
    if (::utimensat(AT_FDCWD, path.c_str(), times, 0) != 0 && errno != EINVAL) throw errno_error("utimensat");
  }

  void directory(int parent, const std::string& name, const std::string& path, const Member& member, bool exists) {
    if (!exists && ::mkdirat(parent, name.c_str(), 0700) != 0) throw errno_error("mkdir");
    const UniqueFd fd(::openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) throw errno_error("open");
    set_attributes(fd.get(), member, true);
    directory_times_.emplace_back(path, member.mtime);
  }

  std::string file(Reader& reader, int parent, const std::string& name, const Member& member) {
    const UniqueFd fd(::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) throw errno_error("create");
    std::optional<Sha256> hash;
    if (options_.hash_files) hash.emplace();
    std::string_view bytes;
    std::uint64_t offset = 0;
    std::uint64_t end = 0;
    while (reader.read(bytes, offset)) {
      if (bytes.empty()) continue;
      if (offset < end || offset + bytes.size() > member.size)
        throw Error(ErrorCode::invalid_argument, "content does not fit the size");
      if (hash) hash_hole(*hash, offset - end);
      if (hash) hash->update(bytes);
      end = offset + bytes.size();
      write_all(fd.get(), bytes, offset);
    }
    if (end < member.size) {
      if (hash) hash_hole(*hash, member.size - end);
      if (::ftruncate(fd.get(), static_cast<off_t>(member.size)) != 0) throw errno_error("ftruncate");
    }
    set_attributes(fd.get(), member, false);
    return hash ? hash->hex() : std::string();
  }

  static void hash_hole(Sha256& hash, std::uint64_t size) {
    static const std::string zeros(64 * 1024, '\0');
    while (size > 0) {
      const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(size, zeros.size()));
      hash.update({zeros.data(), count});
      size -= count;
    }
  }

  static void write_all(int fd, std::string_view bytes, std::uint64_t offset) {
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw errno_error("write");
      bytes.remove_prefix(static_cast<std::size_t>(written));
      offset += static_cast<std::uint64_t>(written);
    }
  }

  void symlink(int parent, const std::string& name, const Member& member) {
    if (member.link.empty()) throw Error(ErrorCode::invalid_argument, "symbolic link without a target");
    if (::symlinkat(member.link.c_str(), parent, name.c_str()) != 0) throw errno_error("symlink");
    if (::fchownat(parent, name.c_str(), member.uid, member.gid, AT_SYMLINK_NOFOLLOW) != 0) throw errno_error("chown");
    timespec mtime = member.mtime;
    mtime.tv_nsec = std::clamp(mtime.tv_nsec, 0L, 999'999'999L);
    const timespec times[2] = {mtime, mtime};
    ::utimensat(parent, name.c_str(), times, AT_SYMLINK_NOFOLLOW);
  }

  void hard_link(int parent, const std::string& name, const Member& member) {
    const RootDir::Entry target = root_.parent_of(member.link);
    // flags 0: the target itself is linked, should it be a symbolic link
    if (::linkat(target.parent.get(), target.name.c_str(), parent, name.c_str(), 0) != 0)
      throw errno_error("link to \"" + member.link + "\"");
  }

  void node(int parent, const std::string& name, const Member& member) {
    mode_t type = S_IFIFO;
    if (member.type == Member::Type::character_device) type = S_IFCHR;
    if (member.type == Member::Type::block_device) type = S_IFBLK;
    if (type != S_IFIFO && !options_.devices) throw Error(ErrorCode::invalid_argument, "device nodes are not allowed here");
    if (type == S_IFCHR && member.device == 0)
      throw Error(ErrorCode::invalid_argument, "character device 0:0 has a meaning of its own to overlayfs");
    if (::mknodat(parent, name.c_str(), type | 0600, member.device) != 0) throw errno_error("mknod");
    const UniqueFd fd(::openat(parent, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) throw errno_error("open");
    set_attributes(fd.get(), member, false);
  }

  void whiteout(int parent, const std::string& name) {
    if (name == opaque_name) {
      if (::setxattr(fd_path(parent).c_str(), opaque_xattr, "y", 1, 0) != 0) throw errno_error("setxattr");
      return;
    }
    if (name.starts_with(".wh..wh.")) return;  // left-overs of aufs
    const std::string hidden = name.substr(whiteout_prefix.size());
    if (hidden.empty() || hidden == "." || hidden == "..") throw Error(ErrorCode::invalid_argument, "whiteout of no name");
    // EEXIST: this very layer has the name, which wins over what it removes from the layers below
    if (::mknodat(parent, hidden.c_str(), S_IFCHR, 0) != 0 && errno != EEXIST) throw errno_error("mknod");
  }

  /// At the end, because extracting into a directory changes its time.
  void set_directory_times() {
    for (auto entry = directory_times_.rbegin(); entry != directory_times_.rend(); ++entry) {
      const UniqueFd fd = root_.try_open(entry->first, O_PATH | O_DIRECTORY | O_NOFOLLOW);
      if (fd) set_times(fd_path(fd.get()), entry->second);
    }
  }

  const RootDir& root_;
  const ExtractOptions& options_;
  UniqueFd parent_;
  std::string parent_path_;
  std::vector<std::pair<std::string, timespec>> directory_times_;
};

}  // namespace

ExtractResult extract(Source source, const RootDir& root, const ExtractOptions& options) {
  Sha256 whole;
  Source plain = decompress(std::move(source));
  Source hashed = [&whole, &plain, &options](char* buffer, std::size_t size) {
    const std::size_t got = plain(buffer, size);
    whole.update({buffer, got});
    if (options.tap) options.tap({buffer, got});
    return got;
  };
  Extractor extractor(root, options);
  Reader reader(hashed, Reader::Plain{});
  extractor.run(reader);
  // what follows the end marker belongs to the stream that is hashed
  std::string rest(64 * 1024, '\0');
  while (hashed(rest.data(), rest.size()) > 0) {
  }
  extractor.result_.digest = "sha256:" + whole.hex();
  return extractor.result_;
}

}  // namespace stack::archive
