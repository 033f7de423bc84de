#pragma once
// GET /images/get: images as one tar archive that is both what `docker save` writes (manifest.json) and an OCI layout
// (index.json), with uncompressed layers under the digests they came with.
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "engine/image/download.hpp"
#include "engine/image/store.hpp"

namespace stack::engine::image {

/// Writes the images that `names` stand for: by name with that tag, by id with all its tags. Throws not_found before the first
/// piece. The layers are retained meanwhile.
asio::awaitable<void> save_images(Store& store, std::vector<std::string> names, BodyWriter write);

}  // namespace stack::engine::image
