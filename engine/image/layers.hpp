#pragma once
// The unpacked layers on disk and who still needs them. Loop thread, except where a function says otherwise.
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace stack::engine::image {

namespace asio = boost::asio;

/// Directories that disappear later: renamed away at once, removed by the pool. Thread-safe.
class Trash {
public:
  Trash(std::string directory, asio::thread_pool& pool);
  void discard(const std::string& path) const;  ///< missing is fine
  void drain() const;                           ///< waits until what was discarded so far is removed

private:
  struct State;
  std::string directory_;
  asio::thread_pool* pool_;
  std::shared_ptr<State> state_;
};

class Layers {
public:
  Layers(std::string data_root, asio::thread_pool& pool);

  void load();  ///< makes the directories, empties tmp/, lists what is there

  bool has(const std::string& diff_id) const { return layers_.contains(diff_id); }
  std::set<std::string> ids() const;
  std::uint64_t size(const std::string& diff_id) const;
  std::uint64_t total_size() const;
  std::string dir(const std::string& diff_id) const;  ///< …/diff; throws invalid_argument for what is no digest
  std::string mount_points_dir() const;  ///< the lowest layer of every container: empty files and directories to mount on

  /// Takes a staged directory (holding diff/) into the store; a layer that is there already wins. Retained once for the caller.
  void adopt(const std::string& staged, const std::string& diff_id, std::uint64_t size);
  void retain(const std::string& diff_id);   ///< throws not_found
  void release(const std::string& diff_id);  ///< removes the layer when nobody retains it any more
  void remove_unused();

  /// <data root>/tmp/<purpose>-<random>, made. Thread-safe.
  std::string make_temporary(const std::string& purpose) const;
  const Trash& trash() const { return trash_; }

private:
  struct Entry {
    std::uint64_t size = 0;
    std::size_t users = 0;
  };
  void discard_temporaries() const;
  void make_mount_points() const;

  std::string root_;
  Trash trash_;
  std::map<std::string, Entry> layers_;
};

/// "sha256:<64 hex>" -> "<64 hex>"; throws invalid_argument for anything else (it becomes a directory's name).
std::string digest_hex(const std::string& digest);

}  // namespace stack::engine::image
