#pragma once
// Images, networks and volumes as rows of docker's lists: pure functions of the engine's answers.
#include <cstdint>
#include <vector>

#include "cli/render/format.hpp"
#include "engine/api/image_types.hpp"
#include "engine/api/network_types.hpp"

namespace stack::cli::render {

/// A row for each name an image has. `digests`: also for each digest without a tag.
std::vector<Row> image_rows(const std::vector<engine::api::ImageSummary>& images, bool full, bool digests, std::int64_t now);

/// `human`: sizes and ages as people read them.
std::vector<Row> history_rows(const std::vector<engine::api::ImageHistory>& steps, bool full, bool human, std::int64_t now);

/// By name.
std::vector<Row> network_rows(std::vector<engine::api::NetworkResource> networks, bool full);
std::vector<Row> volume_rows(std::vector<engine::api::Volume> volumes);

/// "a=1,b=2"
std::string label_list(const engine::api::StringMap& labels);

}  // namespace stack::cli::render
