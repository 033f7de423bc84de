#pragma once
// User namespaces: ids of a container and of idmapped mounts.
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "engine/runtime/spec.hpp"

namespace stack::engine::runtime {

/// Gives a process that was cloned into a new user namespace its ids. Throws.
void write_id_maps(pid_t pid, const std::vector<IdMapping>& uids, const std::vector<IdMapping>& gids);

/// A user namespace that only says which ids an idmapped mount shows. Throws.
UniqueFd mapping_namespace(const std::vector<IdMapping>& uids, const std::vector<IdMapping>& gids);

/// Does the container have ids of its own, in a new namespace or in one that it joins?
bool has_user_namespace(const Spec& spec);

/// What the container's own process may not do in a user namespace, or no longer after it left the host's mount namespace: the
/// trees of binds, idmapped where that is asked for. By index of spec.mounts; -1: left to the process. Throws.
std::vector<int> prepare_sources(const Spec& spec);

}  // namespace stack::engine::runtime
