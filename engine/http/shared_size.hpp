#pragma once
// What images have in common.
#include <cstdint>
#include <map>
#include <string>

#include "engine/image/store.hpp"

namespace stack::engine::http {

/// By layer: in how many images it is.
using LayerUsers = std::map<std::string, int>;
LayerUsers layer_users(const image::Store& images);

/// Bytes of those layers of an image that others have too.
std::uint64_t shared_size(const image::Store& images, const image::Image& image, const LayerUsers& users);

}  // namespace stack::engine::http
