#pragma once
// A digest of everything that makes a container, network or volume need replacing when it changes. Pure.
#include <string>

#include "engine/api/types.hpp"

namespace stack::scheduler {

/// Of a create body. Not part of it: the labels compose manages, the replica's number and names made of it.
std::string config_hash(const engine::api::ContainerCreateRequest& body);
std::string config_hash(const engine::api::NetworkCreate& body);
std::string config_hash(const engine::api::VolumeCreate& body);

}  // namespace stack::scheduler
