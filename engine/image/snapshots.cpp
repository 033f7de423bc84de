#include "engine/image/snapshots.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/safe_path.hpp"

namespace stack::engine::image {

namespace {

void check_id(const std::string& id) {
  if (id.empty() || id.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz-") != std::string::npos)
    throw Error(ErrorCode::internal, "\"" + id + "\" cannot name a snapshot");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

void Snapshots::load() {
  for (const auto& entry : std::filesystem::directory_iterator(root_)) {
    const std::string id = entry.path().filename();
    const std::vector<std::string> diff_ids = lines_of(RootDir(entry.path()).read_file("layers").value_or(""));
    for (const auto& diff_id : diff_ids) {
      try {
        layers_.retain(diff_id);
      } catch (const Error& error) {
        log::error("snapshot {}: {}", id, error.what());
      }
    }
    snapshots_[id] = diff_ids;
  }
}

void Snapshots::prepare(const std::string& id, const std::vector<std::string>& diff_ids) {
  if (snapshots_.contains(id)) return;
  check_id(id);
  const std::string staged = layers_.make_temporary("snapshot");
  std::string text;
  for (const auto& diff_id : diff_ids) text += diff_id + "\n";
  write_file_atomically(staged + "/layers", text);
  if (::mkdir((staged + "/upper").c_str(), 0755) != 0 || ::mkdir((staged + "/work").c_str(), 0700) != 0)
    throw errno_error("mkdir " + staged);
  // the root directory of the merged view is that of the topmost layer, which the upper one would hide
  const std::string top = diff_ids.empty() ? layers_.mount_points_dir() : layers_.dir(diff_ids.back());
  struct stat status {};
  if (::stat(top.c_str(), &status) != 0) throw errno_error("stat " + top);
  if (::chown((staged + "/upper").c_str(), status.st_uid, status.st_gid) != 0 ||
      ::chmod((staged + "/upper").c_str(), status.st_mode & 07777) != 0)
    throw errno_error("chmod " + staged);
  for (const auto& diff_id : diff_ids) layers_.retain(diff_id);
  if (::rename(staged.c_str(), (root_ + "/" + id).c_str()) != 0) {
    const int error = errno;
    for (const auto& diff_id : diff_ids) layers_.release(diff_id);
    throw errno_error("rename " + root_ + "/" + id, error);
  }
  snapshots_[id] = diff_ids;
}

const std::vector<std::string>* Snapshots::layers_of(const std::string& id) const {
  const auto found = snapshots_.find(id);
  return found == snapshots_.end() ? nullptr : &found->second;
}

void Snapshots::remove(const std::string& id) {
  const auto found = snapshots_.find(id);
  if (found == snapshots_.end()) return;
  layers_.trash().discard(root_ + "/" + id);
  const std::vector<std::string> diff_ids = std::move(found->second);
  snapshots_.erase(found);
  for (const auto& diff_id : diff_ids) layers_.release(diff_id);
}

void Snapshots::remove_except(const std::vector<std::string>& ids) {
  std::vector<std::string> gone;
  for (const auto& [id, layers] : snapshots_)
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) gone.push_back(id);
  for (const auto& id : gone) remove(id);
}

}  // namespace stack::engine::image
