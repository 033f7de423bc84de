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
/// Where a secret or config appears; `kind` is "secrets" or "configs".
std::string file_target(const std::string& kind, const compose::FileReference& reference);
/// "80/tcp" of every port published or exposed
std::set<std::string> exposed_ports(const compose::Service& service);
api::PortMap port_bindings(const compose::Service& service);
/// "on-failure:3" → {on-failure, 3}; deploy.restart_policy where there is no `restart`.
api::RestartPolicy restart_policy(const compose::Service& service);

}  // namespace stack::scheduler
