#pragma once
// Steps of init.cpp about cgroups and namespaces, and what the parent has to know before it clones.
#include <cstdint>

#include "engine/runtime/init.hpp"

namespace stack::engine::runtime {

int flag_of(NamespaceType type);  ///< CLONE_NEW*

/// CLONE_NEW* flags for the namespaces that `spec` wants made new (network not when a descriptor is given; cgroup never: the
/// child makes it once it is in its group; time never: its clocks are set before anybody is in it).
std::uint64_t clone_flags(const Spec& spec, bool has_netns);
const Namespace* find_namespace(const Spec& spec, NamespaceType type);
bool has_own_mounts(const Spec& spec);  ///< a new mount namespace, not one of others

int await_ids(InitConfig& config);    ///< until the parent has written those of a new user namespace
int become_root(InitConfig& config);  ///< of the user namespace
int join_cgroup(InitConfig& config);
int join_namespaces(InitConfig& config);  ///< those given by descriptor or path
int join_container(InitConfig& config);   ///< exec: all of a running container's
int set_hostname(InitConfig& config);

}  // namespace stack::engine::runtime
