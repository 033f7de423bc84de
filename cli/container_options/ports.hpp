#pragma once
// --publish and --expose.
#include <string>
#include <vector>

#include "engine/api/container_config_types.hpp"

namespace stack::cli::container_options {

/// Throws invalid_argument naming the flag and its number among them.
void set_ports(const std::vector<std::string>& publish, const std::vector<std::string>& expose,
               engine::api::ContainerCreateRequest& request);

}  // namespace stack::cli::container_options
