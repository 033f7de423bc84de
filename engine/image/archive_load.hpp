#pragma once
// POST /images/load: images from a tar archive, as `docker save` (of every version) and OCI tools write it. The archive is read
// once, as it arrives: layers are unpacked when they come by, and what they belong to is decided at its end.
#include <boost/asio/awaitable.hpp>
#include <string>

#include "engine/image/manifest.hpp"
#include "engine/image/pull.hpp"
#include "engine/image/store.hpp"
#include "engine/image/upload.hpp"

namespace stack::engine::image {

/// Loads all images of the archive (plain, gzip, zstd or xz) that are for `platform`; of archives with one image each, whatever
/// it is for when `platform` is empty. Lines: {"stream": "Loaded image: …"}.
/// Throws invalid_argument for what is no such archive or does not have its digests: nothing is loaded then.
asio::awaitable<void> load_images(Store& store, BodyReader archive, std::string platform, Output output);

}  // namespace stack::engine::image
