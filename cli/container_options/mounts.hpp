#pragma once
// -v, --mount and --tmpfs.
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/container_config_types.hpp"

namespace stack::cli::container_options {

/// Of -v: "SOURCE:TARGET[:OPTIONS]" is a bind for HostConfig, a path that starts with a dot relative to where we are; "TARGET"
/// alone is an anonymous volume.
void add_volume(const std::string& text, engine::api::ContainerCreateRequest& request);

/// Of --mount. Throws UsageError naming the key.
engine::api::Mount parse_mount(std::string_view text);

/// "PATH[:OPTIONS]"
void add_tmpfs(const std::string& text, engine::api::ContainerCreateRequest& request);

}  // namespace stack::cli::container_options
