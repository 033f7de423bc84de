#pragma once
// Inside of the store, shared by its source files.
#include <algorithm>
#include <functional>
#include <map>

#include "engine/image/layers.hpp"
#include "engine/image/snapshots.hpp"
#include "engine/image/store.hpp"

namespace stack::engine::image {

class Store::Impl {
public:
  Impl(std::string data_root, DocumentTable& table, asio::thread_pool& thread_pool)
      : root(std::move(data_root)), rows(table), pool(thread_pool), layers(root, thread_pool), snapshots(root, layers) {}

  void load();
  void load_image(const Document& row);

  ImagePtr find(const std::string& text) const;
  ImagePtr find_by_name(const Reference& reference) const;
  ImagePtr find_by_id(const std::string& hex) const;  ///< a prefix; throws invalid_argument when several match

  ImagePtr create(const std::string& document, const ImageConfig& config, const std::string& parent);
  static Document row_of(const Image& image);
  /// Makes `changed` (a copy that was altered) the current record; the row was or will be written by the caller.
  ImagePtr replace(Image changed);
  std::string blob_path(const std::string& id) const { return root + "/blobs/sha256/" + digest_hex(id); }
  void emit(const std::string& action, const std::string& id, const std::string& name) const {
    if (events) events(action, id, name);
  }
  std::vector<ImageUse> uses(const std::string& id) const { return usage ? usage(id) : std::vector<ImageUse>{}; }

  // removing (remove.cpp)
  nlohmann::json remove(const std::string& text, bool force);
  void untag(const ImagePtr& image, const Reference& name, nlohmann::json& answer);
  void erase(const ImagePtr& image, nlohmann::json& answer);

  std::string root;
  DocumentTable& rows;
  asio::thread_pool& pool;
  Layers layers;
  Snapshots snapshots;
  std::map<std::string, ImagePtr> images;      // by id
  std::map<std::string, std::string> by_name;  // Reference::full() -> id
  std::function<std::vector<ImageUse>(const std::string&)> usage;
  std::function<void(const std::string&, const std::string&, const std::string&)> events;
};

}  // namespace stack::engine::image
