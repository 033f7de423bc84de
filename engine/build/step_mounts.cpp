#include "engine/build/step_mounts.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/copy_tree.hpp"
#include "base/error.hpp"
#include "engine/build/copy.hpp"
#include "engine/image/overlay_view.hpp"

namespace stack::engine::build {

namespace {

using Kind = RunRequest::Mount::Kind;
using Type = RunMount::Type;

std::string find_source(const RootDir& root, const std::string& source, const char* where) {
  const auto real = real_path(root, source);
  if (!real) throw Error(ErrorCode::invalid_argument, "RUN --mount: there is no " + source + " in " + where);
  return *real;
}

/// Copies a file or a directory's content to `target`, which does not exist yet, or is an empty directory.
void copy_source(const RootDir& root, const std::string& path, const std::string& target) {
  const auto status = root.stat(path);
  if (status && S_ISDIR(status->st_mode)) {
    std::filesystem::create_directories(target);
    const UniqueFd from = root.open(path, O_RDONLY | O_DIRECTORY);
    const UniqueFd to(::open(target.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!to) throw errno_error("open " + target);
    copy_contents(from.get(), to.get());
    copy_attributes(from.get(), to.get());
    return;
  }
  const RootDir::Entry from = root.parent_of(path);
  const std::filesystem::path file(target);
  const RootDir to(file.parent_path().string());
  copy_entry(from.parent.get(), from.name, to.fd(), file.filename().string());
}

std::string stage_bind(const PlannedMount& planned, const Context& context, const std::string& copy) {
  const RunMount& mount = planned.mount;
  if (!planned.source_dirs.empty()) {
    const RootDir view = image::open_overlay(planned.source_dirs);
    copy_source(view, find_source(view, mount.source, "the stage or image it comes from"), copy);
    return copy;
  }
  const std::string path = find_source(context.root(), mount.source, "the build context");
  if (mount.read_only) return path.empty() ? context.directory() : context.directory() + "/" + path;
  copy_source(context.root(), path, copy);  // what is written there is dropped
  return copy;
}

std::string stage_cache(const PlannedMount& planned) {
  const RunMount& mount = planned.mount;
  std::string path = planned.cache->path();
  if (std::filesystem::exists(path)) return path;
  std::filesystem::create_directories(path);
  if (!planned.source_dirs.empty()) {
    const RootDir view = image::open_overlay(planned.source_dirs);
    copy_source(view, find_source(view, mount.source, "the stage or image it comes from"), path);
  }
  constexpr mode_t usual = 0755;
  if (::chown(path.c_str(), mount.uid, mount.gid) != 0 || ::chmod(path.c_str(), mount.mode.value_or(usual)) != 0)
    throw errno_error("prepare " + path);
  return path;
}

std::string stage_secret(const PlannedMount& planned, const std::string& path) {
  constexpr mode_t usual = 0400;
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  std::filesystem::create_directories(directory);
  std::filesystem::permissions(directory.parent_path(), std::filesystem::perms::owner_all);
  write_file_atomically(path, planned.secret, 0600);
  const RunMount& mount = planned.mount;
  if (::chown(path.c_str(), mount.uid, mount.gid) != 0 || ::chmod(path.c_str(), mount.mode.value_or(usual)) != 0)
    throw errno_error("prepare " + path);
  return path;
}

}  // namespace

std::vector<RunRequest::Mount> stage_mounts(const std::vector<PlannedMount>& mounts, const Context& context,
                                            const Staging& staging) {
  std::vector<RunRequest::Mount> staged;
  for (const PlannedMount& planned : mounts) {
    if (planned.mount.target.empty()) continue;  // a secret that is only a variable
    const std::string own = "/" + std::to_string(staged.size());
    RunRequest::Mount made;
    made.target = planned.mount.target;
    made.read_only = planned.mount.read_only;
    switch (planned.mount.type) {
      case Type::bind: made.source = stage_bind(planned, context, staging.files + own); break;
      case Type::cache: made.source = stage_cache(planned); break;
      case Type::secret:
        made.source = stage_secret(planned, staging.secrets + own);
        made.read_only = true;
        break;
      case Type::tmpfs:
        made.kind = Kind::tmpfs;
        made.size = planned.mount.size;
        break;
    }
    staged.push_back(std::move(made));
  }
  return staged;
}

std::vector<std::string> missing_targets(const RootDir& root, const std::vector<RunRequest::Mount>& mounts) {
  std::vector<std::string> missing;
  for (const RunRequest::Mount& mount : mounts) {
    std::string path;
    for (const std::string& component : clean_components(mount.target)) {
      path += "/" + component;
      if (!root.stat(path) && std::find(missing.begin(), missing.end(), path) == missing.end()) missing.push_back(path);
    }
  }
  return missing;
}

void remove_targets(const RootDir& root, const std::vector<std::string>& made) {
  // deepest first; what is not empty is the command's
  for (auto path = made.rbegin(); path != made.rend(); ++path) {
    const auto status = root.lstat(*path);
    if (!status) continue;
    const RootDir::Entry entry = root.parent_of(*path);
    if (S_ISDIR(status->st_mode))
      ::unlinkat(entry.parent.get(), entry.name.c_str(), AT_REMOVEDIR);
    else if (S_ISREG(status->st_mode) && status->st_size == 0)
      ::unlinkat(entry.parent.get(), entry.name.c_str(), 0);
  }
}

}  // namespace stack::engine::build
