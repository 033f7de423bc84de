#pragma once
// Directories of RUN --mount=type=cache: kept between builds, shared by all that name the same id. Loop thread.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "engine/build/run_mount.hpp"
#include "engine/state/async.hpp"

namespace stack::engine::build {

class CacheMounts {
public:
  explicit CacheMounts(std::string directory) : directory_(std::move(directory)) {}
  CacheMounts(const CacheMounts&) = delete;
  CacheMounts& operator=(const CacheMounts&) = delete;

  /// A directory in use; given back when it goes. Must not outlive the CacheMounts.
  class Lease {
  public:
    Lease(CacheMounts& owner, std::string name) : owner_(owner), name_(std::move(name)) {}
    ~Lease() { owner_.release(name_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    /// Where it is; whoever finds it missing makes it.
    std::string path() const { return owner_.directory_ + "/" + name_; }

  private:
    CacheMounts& owner_;
    std::string name_;
  };

  /// shared: at once, unless somebody has it locked. locked: when nobody uses it. private: the first of the directories
  /// of that id that nobody uses.
  boost::asio::awaitable<std::shared_ptr<Lease>> acquire(std::string id, RunMount::Sharing sharing);

  /// Removes the directories that nobody uses; returns their size in bytes.
  std::uint64_t prune();

private:
  struct Use {
    int users = 0;
    bool locked = false;
  };
  bool is_free(const std::string& name, RunMount::Sharing sharing) const;
  void release(const std::string& name);

  std::string directory_;
  std::map<std::string, Use> in_use_;
  std::unique_ptr<Notifier> released_;  // made by the first who waits: it needs the loop's executor
};

}  // namespace stack::engine::build
