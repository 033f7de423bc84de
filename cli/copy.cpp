#include "cli/copy.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.hpp"

namespace stack::cli {

namespace {

namespace fs = std::filesystem;

bool means_contents(std::string_view path) { return path == "." || path.ends_with("/."); }
bool means_directory(std::string_view path) { return path.ends_with('/') || means_contents(path); }

std::string clean(const std::string& path) {
  std::string text = fs::path(path).lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

/// "etc/passwd" with `from` "etc" and `to` "new": "new/passwd".
std::string renamed(const std::string& path, const std::string& from, const std::string& to) {
  if (from == "/") return to + (path.starts_with('/') ? path : "/" + path);
  if (path == from || path.starts_with(from + "/")) return to + path.substr(from.size());
  return path;
}

}  // namespace

CopyArgument parse_copy_argument(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (text.starts_with('/') || text.starts_with('.') || colon == std::string_view::npos) return {"", std::string(text)};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

CopyPlacement split_path(const std::string& path) {
  const std::string whole = clean(path);
  if (means_contents(path)) return {whole, "."};
  const std::size_t slash = whole.rfind('/');
  if (slash == std::string::npos) return {".", whole};
  const std::string name = whole.substr(slash + 1);
  return {slash == 0 ? "/" : whole.substr(0, slash), name.empty() ? "/" : name};
}

CopyPlacement place_copy(const std::string& source, bool source_is_directory, const CopyTarget& target) {
  if (target.exists && target.directory) return {target.path, source};
  if (target.exists && source_is_directory) throw Error(ErrorCode::invalid_argument, "cannot copy directory");
  if (!target.exists && !source_is_directory && means_directory(target.path))
    throw Error(ErrorCode::not_found, "no such directory");
  return split_path(target.path);
}

std::string absolute_copy_path(const std::string& path) {
  std::string text = clean(fs::absolute(path).string());
  if (means_contents(path))
    text += "/.";
  else if (path.ends_with('/') && text != "/")
    text += '/';
  return text;
}

CopyTarget local_target(const std::string& given) {
  CopyTarget target{.path = absolute_copy_path(given)};
  const std::string directory = fs::path(clean(target.path)).parent_path().string();
  if (!fs::exists(directory))
    throw Error(ErrorCode::not_found, fmt::format("invalid output path: directory \"{}\" does not exist", directory));
  std::error_code error;
  const fs::file_status status = fs::status(target.path, error);  // follows links
  target.exists = fs::exists(status);
  target.directory = fs::is_directory(status);
  if (target.exists && !target.directory && !fs::is_regular_file(status))
    throw Error(ErrorCode::invalid_argument,
                fmt::format("invalid output path: \"{}\" must be a directory or a regular file", target.path));
  if (fs::is_symlink(fs::symlink_status(clean(target.path), error))) {
    const fs::path resolved = fs::weakly_canonical(clean(target.path), error);
    if (!error) target.path = resolved.string();
  }
  return target;
}

LocalSource local_source(const std::string& given, bool follow) {
  const std::string path = absolute_copy_path(given);
  const CopyPlacement parts = split_path(path);
  LocalSource source{.parent = parts.directory, .name = parts.name, .shown = parts.name};
  if (parts.name == "/") source.name = ".";
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) throw errno_error(fmt::format("lstat {}", path));
  if (S_ISLNK(status.st_mode) && follow) {
    const std::string resolved = fs::canonical(path).string();
    if (::stat(resolved.c_str(), &status) != 0) throw errno_error(fmt::format("lstat {}", resolved));
    const CopyPlacement leads_to = split_path(resolved);
    source.parent = leads_to.directory;
    source.name = leads_to.name == "/" ? "." : leads_to.name;
  }
  source.directory = S_ISDIR(status.st_mode);
  if (source.directory && means_directory(path)) {  // "link/": the directory behind the link
    source.parent = clean(path);
    source.name = ".";
  }
  return source;
}

void write_local(const LocalSource& source, const std::string& name, const archive::Sink& sink) {
  const UniqueFd parent(::open(source.parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent) throw errno_error("open " + source.parent);
  archive::write_entry(parent.get(), source.name, name, {}, sink);
}

void extract_local(archive::Source tar, const std::string& from, const CopyPlacement& placement) {
  archive::ExtractOptions options;
  options.owner = RootDir::Owner{::geteuid(), ::getegid()};
  options.replace_directory = false;
  options.edit = [&](archive::Member& member) {
    member.path = renamed(member.path, from, placement.name);
    if (member.type == archive::Member::Type::hard_link) member.link = renamed(member.link, from, placement.name);
  };
  options.select = [](const std::string& path, const archive::Member& member) {
    return !path.empty() || member.type != archive::Member::Type::directory;  // "./" is the target, which stays as it is
  };
  archive::extract(std::move(tar), RootDir(placement.directory), options);
}

}  // namespace stack::cli
