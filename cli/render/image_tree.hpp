#pragma once
// `image ls --tree`: a line for each name, and what belongs to an image on the last of its names.
#include <set>
#include <string>
#include <vector>

#include "engine/api/types.hpp"

namespace stack::cli::render {

/// `used`: ids of images that containers were made of.
std::string image_tree(const std::vector<engine::api::ImageSummary>& images, const std::set<std::string>& used);

}  // namespace stack::cli::render
