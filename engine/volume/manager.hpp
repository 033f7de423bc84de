#pragma once
// Named and anonymous volumes: directories volumes/<name>/_data that outlive containers. Loop thread only; copying runs in the
// pool.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/state/document_table.hpp"

namespace stack::engine::volume {

namespace asio = boost::asio;

inline constexpr const char* anonymous_label = "com.docker.volume.anonymous";

struct Volume {
  std::string name;
  std::string created;  ///< RFC 3339
  std::string driver = "local";
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> options;
  std::string mountpoint;  ///< absolute path of _data
  bool anonymous() const { return labels.contains(anonymous_label); }
};
using VolumePtr = std::shared_ptr<const Volume>;

struct VolumeCreate {
  std::string name;    ///< empty: an anonymous one (64 hex digits, labelled)
  std::string driver;  ///< "" and "local" are served
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> options;
};

using Filters = std::map<std::string, std::vector<std::string>>;

class Manager {
public:
  /// `data_root` exists. The references must outlive the manager.
  Manager(std::string data_root, DocumentTable& table, asio::thread_pool& pool);
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  /// Reads the rows, rolls half-made and half-removed volumes back or forward. Blocking; once, at start.
  void load();

  /// Ids of the containers that use a volume; asked by remove() and the filter dangling. Default: nobody.
  void set_usage(std::function<std::vector<std::string>(const std::string& name)> usage);
  /// Told of create and destroy: (action, volume).
  void on_event(std::function<void(const std::string& action, const Volume& volume)> sink);

  /// Returns the volume that is there when the name exists with the same driver; else creates it (synchronous and short).
  /// Throws invalid_argument for a bad name, option or driver.
  VolumePtr create(const VolumeCreate& request);
  VolumePtr find(const std::string& name) const;  ///< exact name; null: none
  VolumePtr get(const std::string& name) const;   ///< throws not_found "get x: no such volume"
  /// By name order. Filters: name (substring), label, driver, dangling. Throws invalid_argument "invalid filter 'x'".
  std::vector<VolumePtr> list(const Filters& filters = {}) const;
  /// Throws conflict "remove v: volume is in use - [ID, …]"; not_found unless forced. The files go in the background.
  void remove(const std::string& name, bool force);
  /// Removes an anonymous volume of a removed container (v=1); others, used and missing ones are left alone.
  void remove_anonymous(const std::string& name);
  std::size_t count() const;

  /// First use: fills an EMPTY volume with what the image has at `path` (content, owner, mode, xattrs, times), and gives
  /// the volume's root that directory's owner and mode. Does nothing when the volume has content or the image has no such
  /// directory. `lower_dirs` as image::Store gives them. Two containers starting at once are served one after the other.
  asio::awaitable<void> fill_from_image(std::string name, std::vector<std::string> lower_dirs, std::string path);

  // ── volumes with mount options of their own (type, device, o): mounted while anybody uses them; others are always ready ──
  /// Mounts it unless somebody uses it already. `user`: whoever, a container's id; once is enough.
  asio::awaitable<void> acquire(std::string name, std::string user);
  /// The last release unmounts it. Missing volumes and users are fine.
  asio::awaitable<void> release(std::string name, std::string user);
  /// At start: `user` runs, and has had it mounted by an engine before this one.
  void adopt(const std::string& name, const std::string& user);
  /// After the adoptions: unmounts what an engine that died has left. Blocking.
  void unmount_unused();

  /// Waits until background removals so far are done. Blocking.
  void drain() const;

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

nlohmann::json to_json(const Volume& volume);  ///< the API's body

}  // namespace stack::engine::volume
