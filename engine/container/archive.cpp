#include "engine/container/archive.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "base/error.hpp"

namespace stack::engine::container {

namespace {

constexpr int most_links = 255;

/// Does the path say that it means a directory?
bool names_directory(const std::string& path) { return path.ends_with('/') || path == "." || path.ends_with("/."); }

std::string name_of(const std::string& path) {
  if (path == "." || path.ends_with("/.")) return ".";
  const auto parts = clean_components(path);
  return parts.empty() ? "/" : parts.back();
}

/// Where a link leads, as far as it leads anywhere: absolute, without further links.
std::string follow_links(const RootDir& root, const std::string& path) {
  std::vector<std::string> rest = clean_components(path);
  std::vector<std::string> reached;
  const auto text = [&] {
    std::string joined;
    for (const auto& part : reached) joined += "/" + part;
    return joined.empty() ? std::string("/") : joined;
  };
  for (int links = 0; !rest.empty();) {
    const std::string next = rest.front();
    rest.erase(rest.begin());
    if (next == "..") {
      if (!reached.empty()) reached.pop_back();
      continue;
    }
    if (next.empty() || next == ".") continue;
    reached.push_back(next);
    const auto target = root.read_link(text());
    if (!target) continue;
    if (++links > most_links) throw Error(ErrorCode::invalid_argument, "too many links in " + path);
    reached.pop_back();
    if (target->starts_with('/')) reached.clear();
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= target->size();) {
      const std::size_t end = std::min(target->find('/', at), target->size());
      parts.push_back(target->substr(at, end - at));
      at = end + 1;
    }
    rest.insert(rest.begin(), parts.begin(), parts.end());
  }
  return text();
}

struct stat stat_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw errno_error("stat");
  return status;
}

/// Leaves out what is below a mount of a kernel file system, but not the directory it is mounted on.
class SkipKernelFiles {
public:
  explicit SkipKernelFiles(const std::set<dev_t>& devices) : devices_(devices) {}
  archive::Keep operator()(const std::string& path, const struct stat& status) {
    const std::string parent = path.substr(0, path.rfind('/') + 1);
    if (!root_.empty() && parent == root_) return archive::Keep::no;  // what covers a part of it (masked paths) included
    if (!devices_.contains(status.st_dev)) return archive::Keep::yes;
    root_ = path.ends_with('/') ? path : path + "/";
    return archive::Keep::yes;
  }

private:
  const std::set<dev_t>& devices_;
  std::string root_;  ///< the one being walked, with its final '/'
};

std::uint64_t mount_id(int fd) {
  struct statx details {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &details) != 0) throw errno_error("statx");
  return details.stx_mnt_id;
}

void check_writable(const FileView& view, int directory, bool readonly_rootfs) {
  if (mount_id(view.root.fd()) == mount_id(directory)) {
    if (readonly_rootfs) throw Error(ErrorCode::invalid_argument, "container rootfs is marked read-only");
    return;
  }
  struct statvfs system {};
  if (::fstatvfs(directory, &system) == 0 && (system.f_flag & ST_RDONLY) != 0)
    throw Error(ErrorCode::invalid_argument, "mounted volume is marked read-only");
}

/// "a/../../b": is the second ".." above where it began?
bool climbs_out(std::string_view path) {
  int depth = 0;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part == "..")
      --depth;
    else if (!part.empty() && part != ".")
      ++depth;
    if (depth < 0) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace

std::optional<api::PathStat> stat_path(const FileView& view, const std::string& path) {
  const UniqueFd fd = view.root.try_open(clean_path(path), O_PATH | (names_directory(path) ? O_DIRECTORY : O_NOFOLLOW));
  if (!fd) return std::nullopt;
  const struct stat status = stat_of(fd.get());
  api::PathStat result;
  result.name = name_of(path);
  result.size = status.st_size;
  result.mode = status.st_mode;
  result.mtime = status.st_mtim;
  if (result.is_link()) result.link_target = follow_links(view.root, path);
  return result;
}

void write_path(const FileView& view, const std::string& path, const api::PathStat& stat, const archive::Sink& sink) {
  const std::string clean = clean_path(path);
  SkipKernelFiles skip(view.kernel_devices);
  const archive::Filter filter = [&skip](const std::string& name, const struct stat& status) { return skip(name, status); };
  if (stat.is_directory()) {
    const UniqueFd directory = view.root.open(clean, O_RDONLY | O_DIRECTORY | (names_directory(path) ? 0 : O_NOFOLLOW));
    // whoever asks for /proc itself gets it
    const bool of_kernel = view.kernel_devices.contains(stat_of(directory.get()).st_dev);
    archive::write_entry(directory.get(), ".", stat.name, of_kernel ? archive::Filter() : filter, sink);
  } else {
    const RootDir::Entry entry = view.root.parent_of(clean);
    archive::write_entry(entry.parent.get(), entry.name, stat.name, {}, sink);
  }
}

RootDir open_destination(const FileView& view, const ExtractRequest& request, const std::string& container) {
  UniqueFd directory = view.root.try_open(clean_path(request.path), O_PATH | O_DIRECTORY);
  if (!directory) {
    if (view.root.stat(clean_path(request.path)))
      throw Error(ErrorCode::invalid_argument, "extraction point is not a directory");
    throw Error(ErrorCode::not_found, fmt::format("Could not find the file {} in container {}", request.path, container));
  }
  check_writable(view, directory.get(), request.readonly_rootfs);
  return RootDir(std::move(directory));
}

void extract_into(const RootDir& destination, archive::Source source, const ExtractRequest& request) {
  archive::ExtractOptions options;
  options.owner = request.owner;
  options.replace_directory = request.replace_directory;
  options.edit = [](archive::Member& member) {
    if (climbs_out(member.path))
      throw Error(ErrorCode::invalid_argument, fmt::format("invalid entry name \"{}\"", member.path));
    if (member.type == archive::Member::Type::hard_link && climbs_out(member.link))
      throw Error(ErrorCode::invalid_argument, fmt::format("invalid hardlink target \"{}\"", member.link));
  };
  // "./" is where to extract, and stays what it is
  options.select = [](const std::string& path, const archive::Member& member) {
    return !path.empty() || member.type != archive::Member::Type::directory;
  };
  archive::extract(std::move(source), destination, options);
}

}  // namespace stack::engine::container
