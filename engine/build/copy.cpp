#include "engine/build/copy.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/archive.hpp"
#include "base/copy_tree.hpp"
#include "base/error.hpp"

namespace stack::engine::build {

namespace {

std::string link_of(int fd) {
  std::string text(4096, '\0');
  const ssize_t size = ::readlink(fd_path(fd).c_str(), text.data(), text.size());
  if (size < 0) throw errno_error("readlink " + fd_path(fd));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::vector<std::string> names_in(const RootDir& root, const std::string& directory) {
  std::vector<std::string> names;
  UniqueFd fd = root.try_open(directory, O_RDONLY | O_DIRECTORY);
  if (!fd) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(::fdopendir(fd.get()), ::closedir);
  if (!handle) throw errno_error("open " + directory);
  fd.release();
  while (const dirent* entry = ::readdir(handle.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool has_wildcard(const std::string& text) { return text.find_first_of("*?[\\") != std::string::npos; }

std::string join(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}

/// A directory and all directories below it.
void add_directories(const RootDir& root, const std::string& directory, std::vector<std::string>& found) {
  found.push_back(directory);
  for (const std::string& name : names_in(root, directory)) {
    const auto status = root.lstat(join(directory, name));
    if (status && S_ISDIR(status->st_mode)) add_directories(root, join(directory, name), found);
  }
}

/// What a component matches in one directory.
std::vector<std::string> matches_in(const RootDir& root, const std::string& directory, const std::string& component) {
  std::vector<std::string> found;
  if (!has_wildcard(component)) {
    if (root.lstat(join(directory, component))) found.push_back(join(directory, component));
    return found;
  }
  for (const std::string& name : names_in(root, directory))
    if (::fnmatch(component.c_str(), name.c_str(), 0) == 0) found.push_back(join(directory, name));
  return found;
}

/// Paths that match a pattern, component by component.
std::vector<std::string> glob(const RootDir& root, const std::string& pattern, bool crosses_directories) {
  std::vector<std::string> found{""};
  for (const std::string& component : clean_components(pattern)) {
    std::vector<std::string> next;
    for (const std::string& base : found) {
      if (crosses_directories && component == "**") {
        add_directories(root, base, next);
        continue;
      }
      const std::vector<std::string> matches = matches_in(root, base, component);
      next.insert(next.end(), matches.begin(), matches.end());
    }
    found = std::move(next);
  }
  return found;
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }  // npos + 1 == 0

bool climbs(const std::string& path) {
  int depth = 0;
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, end - at);
    if (part == "..")
      --depth;
    else if (!part.empty() && part != ".")
      ++depth;
    if (depth < 0) return true;
    at = end + 1;
  }
  return false;
}

/// What --parents keeps of a match's way: a file's directories, a directory with its own name.
std::string kept_parents(const RootDir& root, const std::string& match, const std::string& dropped) {
  std::string kept = dropped.empty() ? match : match.substr(std::min(match.size(), dropped.size() + 1));
  const auto status = root.stat(match);
  if (status && S_ISDIR(status->st_mode)) return kept;
  const std::size_t slash = kept.rfind('/');
  return slash == std::string::npos ? "" : kept.substr(0, slash);
}

bool is_archive(const RootDir& root, const std::string& path) {
  const UniqueFd fd = root.open(path, O_RDONLY | O_NONBLOCK);
  try {
    archive::Reader reader(archive::from_fd(fd.get()));
    return reader.next().has_value();
  } catch (const Error&) {
    return false;
  }
}

std::optional<unsigned> number(const std::string& text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(value) : std::nullopt;
}

/// The fields of the line of /etc/passwd or /etc/group that begins with the name.
std::vector<std::string> account(const RootDir& root, const std::string& file, const std::string& name) {
  const std::string text = root.read_file(file).value_or("");
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(name + ":")) continue;
    std::vector<std::string> fields;
    for (std::size_t from = 0; from <= line.size();) {
      const std::size_t to = std::min(line.find(':', from), line.size());
      fields.push_back(line.substr(from, to - from));
      from = to + 1;
    }
    return fields;
  }
  return {};
}

unsigned account_number(const std::vector<std::string>& fields, std::size_t index, const std::string& what) {
  const auto value = fields.size() > index ? number(fields[index]) : std::nullopt;
  if (!value) throw Error(ErrorCode::invalid_argument, what);
  return *value;
}

}  // namespace

RootDir::Owner resolve_owner(const RootDir& root, const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string user = text.substr(0, colon);
  const std::string group = colon == std::string::npos ? "" : text.substr(colon + 1);
  RootDir::Owner owner;
  if (const auto uid = number(user)) {
    owner = {*uid, *uid};  // an id without a group is both, as Docker documents it
  } else {
    const auto fields = account(root, "etc/passwd", user);
    owner.uid = account_number(
        fields, 2,
        "unable to convert uid/gid chown string to host mapping: can't find uid for user " + user + ": no such user: " + user);
    owner.gid = account_number(fields, 3, "user " + user + " has no group id");
  }
  if (group.empty()) return owner;
  if (const auto gid = number(group))
    owner.gid = *gid;
  else
    owner.gid = account_number(account(root, "etc/group", group), 2,
                               "unable to convert uid/gid chown string to host mapping: can't find gid for group " + group +
                                   ": no such group: " + group);
  return owner;
}

std::optional<std::string> real_path(const RootDir& root, const std::string& path) {
  const UniqueFd fd = root.try_open(path, O_PATH);
  if (!fd) return std::nullopt;
  const UniqueFd base = root.open("", O_PATH | O_DIRECTORY);
  const std::string prefix = link_of(base.get());
  const std::string full = link_of(fd.get());
  // a detached mount is its own "/"
  return clean_path(prefix == "/" ? full : full.substr(std::min(prefix.size(), full.size())));
}

std::vector<CopySource> find_sources(const RootDir& root, const std::vector<std::string>& words, const SourceOptions& options) {
  std::vector<CopySource> sources;
  for (const std::string& word : words) {
    if (climbs(word))
      throw Error(ErrorCode::invalid_argument,
                  options.instruction + " failed: forbidden path outside the build context: " + word + " ()");
    const std::vector<std::string> matches =
        has_wildcard(word) ? glob(root, word, options.parents) : std::vector<std::string>{clean_path(word)};
    const std::size_t pivot = word.find("/./");
    const std::string dropped = pivot == std::string::npos ? "" : clean_path(word.substr(0, pivot));
    for (const std::string& match : matches) {
      const auto real = real_path(root, match);
      if (!real)
        throw Error(ErrorCode::invalid_argument,
                    options.instruction + " failed: file not found in build context or excluded by .dockerignore: stat " +
                        match + ": file does not exist");
      CopySource source{*real, base_name(match), ""};
      if (options.parents) source.parents = kept_parents(root, match, dropped);
      sources.push_back(std::move(source));
    }
  }
  return sources;
}

namespace {

/// Copies sources one by one into a target.
class Copying {
public:
  Copying(const RootDir& target, const RootDir& source, const CopyTask& task) : target_(target), source_(source), task_(task) {
    if (task.chown) options_.owner = resolve_owner(target, *task.chown);
    if (task.mode)
      options_.mode = [&task](const struct stat& status) { return task.mode->apply(status.st_mode, S_ISDIR(status.st_mode)); };
    if (!task.exclude.empty())
      options_.select = [&task](const std::string& path, const struct stat&) { return !task.exclude.ignored(path); };
    directory_owner_ = options_.owner.value_or(RootDir::Owner{});
    if (task.mode) directory_mode_ = task.mode->apply(directory_mode_, true);
  }

  void copy(const CopySource& item) {
    const auto status = source_.stat(item.path);
    if (!status) throw Error(ErrorCode::conflict, item.path + " disappeared while it was copied");
    std::string destination = task_.destination;
    if (!item.parents.empty()) destination += "/" + item.parents + "/";
    if (S_ISDIR(status->st_mode))
      copy_directory(item, destination);
    else if (!task_.exclude.ignored(item.name))
      copy_file(item, destination, S_ISREG(status->st_mode));
  }

private:
  UniqueFd directory(const std::string& path) const {
    return target_.make_directories(path, directory_mode_, directory_owner_);
  }

  void copy_directory(const CopySource& item, const std::string& destination) const {
    directory(destination);
    const UniqueFd from = source_.open(item.path, O_RDONLY | O_DIRECTORY);
    const UniqueFd to = target_.open(destination, O_RDONLY | O_DIRECTORY);
    copy_contents(from.get(), to.get(), options_);
  }

  void copy_file(const CopySource& item, const std::string& destination, bool is_regular) const {
    if (task_.extract_archives && is_regular && is_archive(source_, item.path)) {
      const UniqueFd from = source_.open(item.path, O_RDONLY);
      archive::ExtractOptions extraction;
      extraction.owner = options_.owner;
      archive::extract(archive::from_fd(from.get()), RootDir(directory(destination)), extraction);
      return;
    }
    const auto there = target_.stat(destination);
    const bool into_directory = destination.ends_with('/') || (there && S_ISDIR(there->st_mode));
    std::string path = into_directory ? destination + "/" + item.name : destination;
    if (!into_directory && there) path = real_path(target_, path).value_or(path);  // a link to a file: the file is replaced
    const RootDir::Entry to = target_.make_parent_of(path, directory_mode_, directory_owner_);
    const RootDir::Entry from = source_.parent_of(item.path);
    CopyOptions options = options_;
    options.select = nullptr;  // its own name was looked at
    copy_entry(from.parent.get(), from.name, to.parent.get(), to.name, options);
  }

  const RootDir& target_;
  const RootDir& source_;
  const CopyTask& task_;
  CopyOptions options_;
  RootDir::Owner directory_owner_;
  mode_t directory_mode_ = 0755;
};

}  // namespace

void copy_into(const RootDir& target, const RootDir& source, const CopyTask& task) {
  Copying copying(target, source, task);
  for (const CopySource& item : task.sources) copying.copy(item);
}

}  // namespace stack::engine::build
