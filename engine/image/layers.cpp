#include "engine/image/layers.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/safe_path.hpp"

namespace stack::engine::image {

namespace {

namespace fs = std::filesystem;

void make_directory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) throw errno_error("mkdir " + path);
}

void make_empty_file(const std::string& path, mode_t mode = 0644) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, mode));
  if (!fd) throw errno_error("create " + path);
  ::fchmod(fd.get(), mode);
}

/// By it programs tell that they are in a container.
constexpr const char* container_mark = "/.dockerenv";

}  // namespace

struct Trash::State {
  std::mutex mutex;
  std::condition_variable idle;
  std::size_t pending = 0;
};

Trash::Trash(std::string directory, asio::thread_pool& pool)
    : directory_(std::move(directory)), pool_(&pool), state_(std::make_shared<State>()) {}

void Trash::discard(const std::string& path) const {
  const std::string gone = directory_ + "/gone-" + random_hex(16);
  if (::rename(path.c_str(), gone.c_str()) != 0) {
    if (errno == ENOENT) return;
    const int error = errno;
    if (error != ENOSPC && error != EDQUOT) throw errno_error("discard " + path, error);
    remove_tree(path);  // no room for one more name in the directory: nothing is gained by waiting
    return;
  }
  {
    const std::lock_guard lock(state_->mutex);
    ++state_->pending;
  }
  asio::post(*pool_, [state = state_, gone] {
    try {
      remove_tree(gone);
    } catch (const std::exception& error) {
      log::warning("left for the next start: {}", error.what());
    }
    const std::lock_guard lock(state->mutex);
    if (--state->pending == 0) state->idle.notify_all();
  });
}

void Trash::drain() const {
  std::unique_lock lock(state_->mutex);
  state_->idle.wait(lock, [this] { return state_->pending == 0; });
}

std::string digest_hex(const std::string& digest) {
  constexpr std::string_view prefix = "sha256:";
  std::string hex = digest.starts_with(prefix) ? digest.substr(prefix.size()) : std::string();
  if (hex.size() != 64 || hex.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw Error(ErrorCode::invalid_argument, "\"" + digest + "\" is not a sha256 digest");
  return hex;
}

Layers::Layers(std::string data_root, asio::thread_pool& pool) : root_(std::move(data_root)), trash_(root_ + "/tmp", pool) {}

void Layers::load() {
  for (const char* name : {"/blobs", "/blobs/sha256", "/layers", "/snapshots"}) make_directory(root_ + name, 0710);
  make_directory(root_ + "/tmp", 0700);
  discard_temporaries();
  make_mount_points();
  for (const auto& entry : fs::directory_iterator(root_ + "/layers")) {
    const std::string name = entry.path().filename();
    const auto size = RootDir(entry.path()).read_file("size");
    if (name.size() == 64 && size) layers_["sha256:" + name].size = std::strtoull(size->c_str(), nullptr, 10);
  }
}

/// What a crash left; in the background, because it may be much. Needs no new directory: the disk may be full.
void Layers::discard_temporaries() const {
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(root_ + "/tmp")) left.push_back(entry.path());
  for (const auto& path : left) trash_.discard(path);
}

void Layers::make_mount_points() const {
  const std::string base = root_ + "/layers/mount-points";
  if (::access((base + "/diff").c_str(), F_OK) == 0) {
    // data roots of earlier versions have none; where nothing can be written it is for a later start
    const UniqueFd mark(::open((base + "/diff" + container_mark).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
    return;
  }
  const std::string staged = make_temporary("mount-points");
  const std::string diff = staged + "/diff";
  make_directory(diff, 0755);
  for (const char* dir : {"/dev", "/dev/pts", "/dev/shm", "/proc", "/sys", "/etc"}) {
    make_directory(diff + dir, 0755);
    ::chmod((diff + dir).c_str(), 0755);
  }
  ::chmod(diff.c_str(), 0755);
  for (const char* file : {"/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/dev/console"}) make_empty_file(diff + file);
  make_empty_file(diff + container_mark, 0755);
  if (::symlink("/proc/mounts", (diff + "/etc/mtab").c_str()) != 0) throw errno_error("symlink " + diff + "/etc/mtab");
  ::chmod(staged.c_str(), 0710);
  if (::rename(staged.c_str(), base.c_str()) != 0) throw errno_error("rename " + base);
}

std::set<std::string> Layers::ids() const {
  std::set<std::string> ids;
  for (const auto& [id, layer] : layers_) ids.insert(id);
  return ids;
}

std::uint64_t Layers::size(const std::string& diff_id) const {
  const auto found = layers_.find(diff_id);
  return found == layers_.end() ? 0 : found->second.size;
}

std::uint64_t Layers::total_size() const {
  std::uint64_t sum = 0;
  for (const auto& [id, layer] : layers_) sum += layer.size;
  return sum;
}

std::string Layers::dir(const std::string& diff_id) const { return root_ + "/layers/" + digest_hex(diff_id) + "/diff"; }

std::string Layers::mount_points_dir() const { return root_ + "/layers/mount-points/diff"; }

void Layers::adopt(const std::string& staged, const std::string& diff_id, std::uint64_t size) {
  const std::string target = root_ + "/layers/" + digest_hex(diff_id);
  if (layers_.contains(diff_id)) {
    trash_.discard(staged);
  } else {
    write_file_atomically(staged + "/size", std::to_string(size));
    if (::rename(staged.c_str(), target.c_str()) != 0) throw errno_error("rename " + target);
    layers_[diff_id].size = size;
  }
  ++layers_[diff_id].users;
}

void Layers::retain(const std::string& diff_id) {
  const auto found = layers_.find(diff_id);
  if (found == layers_.end()) throw Error(ErrorCode::not_found, "layer " + diff_id + " is missing");
  ++found->second.users;
}

void Layers::release(const std::string& diff_id) {
  const auto found = layers_.find(diff_id);
  if (found == layers_.end() || found->second.users == 0) return;
  if (--found->second.users > 0) return;
  trash_.discard(root_ + "/layers/" + digest_hex(diff_id));
  layers_.erase(found);
}

void Layers::remove_unused() {
  for (auto entry = layers_.begin(); entry != layers_.end();) {
    if (entry->second.users > 0) {
      ++entry;
      continue;
    }
    trash_.discard(root_ + "/layers/" + digest_hex(entry->first));
    entry = layers_.erase(entry);
  }
}

std::string Layers::make_temporary(const std::string& purpose) const {
  std::string path = root_ + "/tmp/" + purpose + "-" + random_hex(16);
  if (::mkdir(path.c_str(), 0700) != 0) throw errno_error("mkdir " + path);
  return path;
}

}  // namespace stack::engine::image
