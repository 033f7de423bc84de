#include "engine/build/cache_mounts.hpp"

#include <boost/asio/this_coro.hpp>
#include <filesystem>

#include "base/digest.hpp"
#include "base/safe_path.hpp"

namespace stack::engine::build {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using Sharing = RunMount::Sharing;

namespace {

std::uint64_t size_of(const fs::path& directory) {
  std::uint64_t size = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, fs::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error))
    if (at->is_regular_file(error) && !at->is_symlink(error)) size += at->file_size(error);
  return size;
}

}  // namespace

bool CacheMounts::is_free(const std::string& name, Sharing sharing) const {
  const auto use = in_use_.find(name);
  if (use == in_use_.end()) return true;
  return sharing == Sharing::shared && !use->second.locked;
}

asio::awaitable<std::shared_ptr<CacheMounts::Lease>> CacheMounts::acquire(std::string id, Sharing sharing) {
  const std::string base = sha256_hex(id).substr(0, 32);
  std::string name = base;
  for (int number = 2; !is_free(name, sharing);) {
    if (sharing == Sharing::private_) {
      name = base + "-" + std::to_string(number++);
      continue;
    }
    if (!released_) released_ = std::make_unique<Notifier>(co_await asio::this_coro::executor);
    co_await released_->wait();
  }
  Use& use = in_use_[name];
  ++use.users;
  use.locked = sharing != Sharing::shared;
  co_return std::make_shared<Lease>(*this, name);
}

void CacheMounts::release(const std::string& name) {
  const auto use = in_use_.find(name);
  if (--use->second.users == 0) in_use_.erase(use);
  if (released_) released_->notify_all();
}

std::uint64_t CacheMounts::prune() {
  std::uint64_t freed = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory_, error)) {
    if (in_use_.contains(entry.path().filename().string())) continue;
    freed += size_of(entry.path());
    remove_tree(entry.path().string());
  }
  return freed;
}

}  // namespace stack::engine::build
