#include "engine/volume/fill.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/copy_tree.hpp"
#include "base/error.hpp"
#include "base/safe_path.hpp"
#include "engine/image/overlay_view.hpp"
#include "engine/volume/local_mount.hpp"

namespace stack::engine::volume {

namespace {

namespace fs = std::filesystem;

/// Moves everything of the finished copy into the volume, its root's attributes included.
void move_in(const std::string& ready, const std::string& data) {
  const UniqueFd from(::open(ready.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd to(::open(data.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!from || !to) throw errno_error("open " + (from ? data : ready));
  struct stat status {};
  if (::fstat(from.get(), &status) != 0) throw errno_error("stat " + ready);
  for (const auto& entry : fs::directory_iterator(ready)) {
    const std::string name = entry.path().filename();
    if (::renameat(from.get(), name.c_str(), to.get(), name.c_str()) != 0)
      throw errno_error("moving " + name + " into " + data);
  }
  const timespec times[2] = {status.st_atim, status.st_mtim};  // moving files out has changed it
  if (::futimens(from.get(), times) != 0) throw errno_error("utimensat " + ready);
  copy_attributes(from.get(), to.get());
  if (::rmdir(ready.c_str()) != 0) throw errno_error("rmdir " + ready);
}

}  // namespace

namespace {

/// A volume that is a mount of its own takes no finished copy by rename: it is copied into, and begun again after a crash only
/// by whoever empties it.
void fill_mounted(const std::string& data, const std::vector<std::string>& lower_dirs, const std::string& path) {
  const RootDir image = image::open_overlay(lower_dirs);
  const UniqueFd source = image.try_open(path, O_RDONLY | O_DIRECTORY);
  if (!source) return;
  const UniqueFd target(::open(data.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!target) throw errno_error("open " + data);
  copy_contents(source.get(), target.get());
  copy_attributes(source.get(), target.get());
}

}  // namespace

void fill_volume(const std::string& directory, const std::vector<std::string>& lower_dirs, const std::string& path) {
  const std::string data = directory + "/_data";
  const std::string copy = directory + "/.filling";
  const std::string ready = directory + "/.filled";
  if (::access(ready.c_str(), F_OK) == 0) {
    move_in(ready, data);
    return;
  }
  if (!fs::is_empty(data)) return;
  if (is_mounted(data)) {
    fill_mounted(data, lower_dirs, path);
    return;
  }
  const RootDir image = image::open_overlay(lower_dirs);
  const UniqueFd source = image.try_open(path, O_RDONLY | O_DIRECTORY);
  if (!source) return;
  remove_tree(copy);
  if (::mkdir(copy.c_str(), 0700) != 0) throw errno_error("mkdir " + copy);
  const UniqueFd target(::open(copy.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!target) throw errno_error("open " + copy);
  try {
    copy_contents(source.get(), target.get());
    copy_attributes(source.get(), target.get());
  } catch (...) {
    remove_tree(copy);  // a full disk, most likely: leave nothing behind
    throw;
  }
  if (::rename(copy.c_str(), ready.c_str()) != 0) throw errno_error("rename " + ready);
  move_in(ready, data);
}

}  // namespace stack::engine::volume
