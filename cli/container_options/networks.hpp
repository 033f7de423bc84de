#pragma once
// --network and the flags about a container's place on it.
#include "cli/container_options/options.hpp"

namespace stack::cli::container_options {

/// Fills HostConfig.NetworkMode, Links and EndpointsConfig. --ip, --network-alias and the like are about the first network.
/// Throws UsageError, also for what contradicts itself.
void set_networks(const ContainerOptions& options, engine::api::ContainerCreateRequest& request);

}  // namespace stack::cli::container_options
