#pragma once
// Pieces of container_config.cpp: HostConfig, its mounts and ports. Private to the scheduler.
#include <set>
#include <string>

#include "compose/types.hpp"
#include "engine/api/types.hpp"

namespace stack::scheduler {

namespace api = engine::api;

/// Everything but the network.
api::HostConfig host_config(const compose::Project& project, const compose::Service& service);
/// Binds, Mounts and Tmpfs: volumes, secrets, configs.
void add_mounts(const compose::Project& project, const compose::Service& service, api::HostConfig& host);
/// "80/tcp" of every port published or exposed
std::set<std::string> exposed_ports(const compose::Service& service);
api::PortMap port_bindings(const compose::Service& service);
/// "on-failure:3" → {on-failure, 3}; deploy.restart_policy wins over `restart`.
api::RestartPolicy restart_policy(const compose::Service& service);

}  // namespace stack::scheduler
