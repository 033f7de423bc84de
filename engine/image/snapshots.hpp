#pragma once
// Writable layers of containers: snapshots/<container id>/{upper,work,layers}. Loop thread.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/layers.hpp"

namespace stack::engine::image {

class Snapshots {
public:
  Snapshots(std::string data_root, Layers& layers) : root_(std::move(data_root) + "/snapshots"), layers_(layers) {}

  void load();  ///< retains the layers of those on disk
  /// Layers lowest first. Makes upper and work unless they are there.
  void prepare(const std::string& id, const std::vector<std::string>& diff_ids);
  const std::vector<std::string>* layers_of(const std::string& id) const;  ///< null: no such snapshot
  void remove(const std::string& id);
  void remove_except(const std::vector<std::string>& ids);
  std::string upper(const std::string& id) const { return root_ + "/" + id + "/upper"; }
  std::string work(const std::string& id) const { return root_ + "/" + id + "/work"; }

private:
  std::string root_;
  Layers& layers_;
  std::map<std::string, std::vector<std::string>> snapshots_;  // id -> diff ids
};

}  // namespace stack::engine::image
