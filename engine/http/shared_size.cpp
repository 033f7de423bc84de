#include "engine/http/shared_size.hpp"

#include <set>

namespace stack::engine::http {

namespace {

/// An image may have one layer twice.
std::set<std::string> layers_of(const image::Image& image) {
  return {image.config.diff_ids.begin(), image.config.diff_ids.end()};
}

}  // namespace

LayerUsers layer_users(const image::Store& images) {
  LayerUsers users;
  for (const auto& image : images.list())
    for (const std::string& layer : layers_of(*image)) ++users[layer];
  return users;
}

std::uint64_t shared_size(const image::Store& images, const image::Image& image, const LayerUsers& users) {
  std::uint64_t size = 0;
  for (const std::string& layer : layers_of(image))
    if (const auto found = users.find(layer); found != users.end() && found->second > 1) size += images.layer_size(layer);
  return size;
}

}  // namespace stack::engine::http
