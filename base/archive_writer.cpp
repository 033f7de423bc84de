#include <dirent.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/archive.hpp"
#include "base/error.hpp"

namespace stack::archive {

namespace {

constexpr std::size_t block = 512;
constexpr std::size_t copy_buffer = 256 * 1024;

/// POSIX.1-1988 ustar, the layout every reader knows; what does not fit goes into a pax header before it.
struct Header {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link[100];
  char magic[8];
  char user[32];
  char group[32];
  char major[8];
  char minor[8];
  char prefix[155];
  char padding[12];
};
static_assert(sizeof(Header) == block);

/// Zero-padded octal with a final NUL; false when the value does not fit.
template <std::size_t N>
bool octal(char (&field)[N], std::uint64_t value) {
  field[N - 1] = '\0';
  for (std::size_t i = N - 1; i-- > 0; value >>= 3) field[i] = static_cast<char>('0' + (value & 7));
  return value == 0;
}

template <std::size_t N>
bool text(char (&field)[N], std::string_view value) {
  std::memcpy(field, value.data(), std::min(value.size(), N));
  return value.size() <= N;
}

bool set_name(Header& header, std::string_view path) {
  if (path.size() <= sizeof header.name) return text(header.name, path);
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    if (slash == 0 || slash > sizeof header.prefix) continue;
    const std::string_view rest = path.substr(slash + 1);
    if (!rest.empty() && rest.size() <= sizeof header.name)
      return text(header.prefix, path.substr(0, slash)) && text(header.name, rest);
  }
  text(header.name, path.substr(path.size() - sizeof header.name));  // what a reader without pax would show
  return false;
}

/// "length key=value\n", where length counts itself.
void pax_record(std::string& out, std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (rest + std::to_string(length).size() != length) length = rest + std::to_string(length).size();
  out += std::to_string(length);
  out += ' ';
  out += key;
  out += '=';
  out += value;
  out += '\n';
}

char type_flag(Member::Type type) {
  switch (type) {
    case Member::Type::file: return '0';
    case Member::Type::hard_link: return '1';
    case Member::Type::symlink: return '2';
    case Member::Type::character_device: return '3';
    case Member::Type::block_device: return '4';
    case Member::Type::directory: return '5';
    case Member::Type::fifo: return '6';
  }
  return '0';
}

void write_header(const Sink& sink, Header& header) {
  std::memcpy(header.magic,
              "ustar\0"
              "00",
              sizeof header.magic);
  std::memset(header.checksum, ' ', sizeof header.checksum);
  unsigned sum = 0;
  for (const char byte : std::string_view(reinterpret_cast<const char*>(&header), sizeof header))
    sum += static_cast<unsigned char>(byte);
  char digits[7];
  octal(digits, sum);
  std::memcpy(header.checksum, digits, sizeof digits);
  sink({reinterpret_cast<const char*>(&header), sizeof header});
}

void zeros_up_to_block(const Sink& sink, std::uint64_t written) {
  static constexpr std::array<char, block> zeros{};
  const std::size_t partial = static_cast<std::size_t>(written % block);
  if (partial != 0) sink({zeros.data(), block - partial});
}

/// Walks a tree in the order of names and writes it.
class TreeWriter {
public:
  TreeWriter(const Filter& filter, const Sink& sink, const WriteOptions& options)
      : filter_(filter), options_(options), writer_(sink) {}

  void directory(int fd, const std::string& path) {
    for (const std::string& name : sorted_names(fd)) entry(fd, name, path.empty() ? name : with_slash(path) + name);
  }
  void finish() { writer_.finish(); }

  void entry(int parent, const std::string& name, const std::string& path) {
    struct stat status {};
    if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return;  // gone meanwhile
      throw errno_error("stat " + path);
    }
    const Keep keep = filter_ ? filter_(path, status) : Keep::yes;
    if (keep == Keep::no || (keep == Keep::descend && !S_ISDIR(status.st_mode)) || S_ISSOCK(status.st_mode)) return;
    if (S_ISDIR(status.st_mode)) {
      subdirectory(parent, name, path, status, keep);
      return;
    }
    if (options_.whiteouts == Whiteouts::overlay && S_ISCHR(status.st_mode) && status.st_rdev == 0) {
      whiteout(path);
      return;
    }
    Member member = describe(path, status);
    if (status.st_nlink > 1) {
      const auto [first, inserted] = links_.try_emplace({status.st_dev, status.st_ino}, path);
      if (!inserted) {
        member.type = Member::Type::hard_link;
        member.link = first->second;
        member.size = 0;
        writer_.add(member);
        return;
      }
    }
    if (S_ISREG(status.st_mode)) {
      file(parent, name, member);
      return;
    }
    if (S_ISLNK(status.st_mode)) member.link = link_target(parent, name, path);
    writer_.add(member);
  }

private:
  static std::string with_slash(const std::string& path) { return path.ends_with('/') ? path : path + "/"; }

  static std::vector<std::string> sorted_names(int fd) {
    UniqueFd readable(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!readable) throw errno_error("open directory");
    const std::unique_ptr<DIR, int (*)(DIR*)> handle(::fdopendir(readable.get()), ::closedir);
    if (!handle) throw errno_error("open directory");
    readable.release();
    std::vector<std::string> names;
    for (errno = 0;; errno = 0) {
      const dirent* found = ::readdir(handle.get());
      if (found == nullptr && errno != 0) throw errno_error("read directory");
      if (found == nullptr) break;
      const std::string_view name = found->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  void subdirectory(int parent, const std::string& name, const std::string& path, const struct stat& status, Keep keep) {
    const UniqueFd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) throw errno_error("open " + path);
    if (keep == Keep::yes) {
      Member member = describe(with_slash(path), status);
      read_xattrs(fd.get(), member);
      writer_.add(member);
      char value = 0;
      if (options_.whiteouts == Whiteouts::overlay && ::fgetxattr(fd.get(), "trusted.overlay.opaque", &value, 1) == 1 &&
          value == 'y')
        whiteout(with_slash(path) + ".wh..opq");
    }
    directory(fd.get(), path);
  }

  Member describe(const std::string& path, const struct stat& status) const {
    Member member;
    member.path = path;
    member.mode = status.st_mode & 07777;
    member.uid = options_.owner ? options_.owner->uid : status.st_uid;
    member.gid = options_.owner ? options_.owner->gid : status.st_gid;
    member.mtime = status.st_mtim;
    member.device = status.st_rdev;
    switch (status.st_mode & S_IFMT) {
      case S_IFDIR: member.type = Member::Type::directory; break;
      case S_IFLNK: member.type = Member::Type::symlink; break;
      case S_IFCHR: member.type = Member::Type::character_device; break;
      case S_IFBLK: member.type = Member::Type::block_device; break;
      case S_IFIFO: member.type = Member::Type::fifo; break;
      default: member.size = static_cast<std::uint64_t>(status.st_size);
    }
    return member;
  }

  static std::string link_target(int parent, const std::string& name, const std::string& path) {
    std::string target(4096, '\0');
    const ssize_t size = ::readlinkat(parent, name.c_str(), target.data(), target.size());
    if (size < 0) throw errno_error("readlink " + path);
    target.resize(static_cast<std::size_t>(size));
    return target;
  }

  void read_xattrs(int fd, Member& member) const {
    if (!options_.xattrs) return;
    char names[4096];
    const ssize_t length = ::flistxattr(fd, names, sizeof names);
    for (ssize_t at = 0; at < length;) {
      const std::string name = names + at;
      at += static_cast<ssize_t>(name.size()) + 1;
      if (name != "security.capability" && (!name.starts_with("user.") || name.starts_with("user.overlay."))) continue;
      std::string value(65536, '\0');
      const ssize_t size = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
      if (size < 0) continue;
      value.resize(static_cast<std::size_t>(size));
      member.xattrs[name] = std::move(value);
    }
  }

  void file(int parent, const std::string& name, Member& member) {
    const UniqueFd fd(::openat(parent, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd) throw errno_error("open " + member.path);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) throw errno_error("stat " + member.path);
    if (!S_ISREG(status.st_mode)) throw Error(ErrorCode::conflict, member.path + " changed while it was read");
    member.size = static_cast<std::uint64_t>(status.st_size);
    read_xattrs(fd.get(), member);
    writer_.add(member);
    buffer_.resize(copy_buffer);
    for (std::uint64_t left = member.size; left > 0;) {
      const ssize_t got =
          ::read(fd.get(), buffer_.data(), static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer_.size())));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw errno_error("read " + member.path);
      std::size_t count = static_cast<std::size_t>(got);
      if (count == 0) {  // shrunk while we read: the header has promised more
        count = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer_.size()));
        std::memset(buffer_.data(), 0, count);
      }
      writer_.content({buffer_.data(), count});
      left -= count;
    }
  }

  void whiteout(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    Member member;
    member.path = slash == std::string::npos ? ".wh." + path : path.substr(0, slash + 1) + ".wh." + path.substr(slash + 1);
    member.mode = 0600;
    writer_.add(member);
  }

  const Filter& filter_;
  const WriteOptions& options_;
  Writer writer_;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;
  std::string buffer_;
};

}  // namespace

void Writer::add(const Member& member) {
  pad();
  Header header{};
  std::string pax;
  if (!set_name(header, member.path)) pax_record(pax, "path", member.path);
  if (!text(header.link, member.link)) pax_record(pax, "linkpath", member.link);
  octal(header.mode, member.mode & 07777);
  if (!octal(header.uid, member.uid)) pax_record(pax, "uid", std::to_string(member.uid));
  if (!octal(header.gid, member.gid)) pax_record(pax, "gid", std::to_string(member.gid));
  const bool has_content = member.type == Member::Type::file;
  if (!octal(header.size, has_content ? member.size : 0)) pax_record(pax, "size", std::to_string(member.size));
  const bool time_fits = member.mtime.tv_sec >= 0 && octal(header.mtime, static_cast<std::uint64_t>(member.mtime.tv_sec));
  if (!time_fits) pax_record(pax, "mtime", std::to_string(member.mtime.tv_sec));
  if (member.type == Member::Type::character_device || member.type == Member::Type::block_device) {
    octal(header.major, major(member.device));
    octal(header.minor, minor(member.device));
  }
  for (const auto& [name, value] : member.xattrs) pax_record(pax, "SCHILY.xattr." + name, value);
  if (!pax.empty()) {
    Header extension{};
    text(extension.name, "PaxHeaders/" + member.path.substr(0, 80));
    octal(extension.mode, 0644);
    octal(extension.uid, 0);
    octal(extension.gid, 0);
    octal(extension.size, pax.size());
    octal(extension.mtime, 0);
    extension.type = 'x';
    write_header(sink_, extension);
    sink_(pax);
    zeros_up_to_block(sink_, pax.size());
  }
  header.type = type_flag(member.type);
  write_header(sink_, header);
  written_ = 0;
}

void Writer::content(std::string_view bytes) {
  sink_(bytes);
  written_ += bytes.size();
}

void Writer::pad() {
  zeros_up_to_block(sink_, written_);
  written_ = 0;
}

void Writer::finish() {
  pad();
  static constexpr std::array<char, 2 * block> end{};
  sink_({end.data(), end.size()});
}

void write_directory(int directory_fd, const Filter& filter, const Sink& sink, const WriteOptions& options) {
  TreeWriter writer(filter, sink, options);
  writer.directory(directory_fd, "");
  writer.finish();
}

void write_entry(int parent_fd, const std::string& name, const std::string& path, const Filter& filter, const Sink& sink,
                 const WriteOptions& options) {
  TreeWriter writer(filter, sink, options);
  writer.entry(parent_fd, name, path);
  writer.finish();
}

void write_directory(const std::string& directory, const Filter& filter, const Sink& sink, const WriteOptions& options) {
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw errno_error("open " + directory);
  write_directory(fd.get(), filter, sink, options);
}

}  // namespace stack::archive
