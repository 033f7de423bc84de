#pragma once
// A container's own layer, and the container as an image. layer_changes blocks: pool thread.
#include <vector>

#include "engine/api/types.hpp"
#include "engine/image/config.hpp"
#include "engine/image/store.hpp"

namespace stack::engine::container {

/// What differs from the image, by path: what is new, what is gone, what is not as it was; and the directories above it, which
/// have changed with it.
std::vector<api::FilesystemChange> layer_changes(const image::Snapshot& snapshot);

/// What of a container's configuration an image can hold, and the other way round.
image::RunConfig to_image_config(const api::ContainerConfig& config);
api::ContainerConfig to_container_config(const image::RunConfig& image);

}  // namespace stack::engine::container
