#pragma once
// What tells an up-to-date container, network or volume from an obsolete one: the label com.docker.compose.config-hash, the
// same that docker compose computes, so that either tool leaves alone what the other one made.
#include <string>

#include "compose/types.hpp"

namespace stack::scheduler {

/// `service` as docker compose has it when it creates containers: env_file merged in, "service:db" resolved to a container.
std::string config_hash(const compose::Service& service);
std::string config_hash(const compose::Network& network);
std::string config_hash(const compose::Volume& volume);

}  // namespace stack::scheduler
