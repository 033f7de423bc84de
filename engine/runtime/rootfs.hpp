#pragma once
// Steps of init.cpp that build and enter the container's file system. Each returns 0 or an errno and fills config.detail.
#include "engine/runtime/init.hpp"

namespace stack::engine::runtime {

int make_mounts_private(InitConfig& config);
int mount_rootfs(InitConfig& config);
int mount_filesystems(InitConfig& config);
int make_devices(InitConfig& config);
int open_terminal(InitConfig& config);
int enter_rootfs(InitConfig& config);
int write_sysctls(InitConfig& config);
int hide_paths(InitConfig& config);  ///< masked and read-only paths, verified
/// Paths that a pattern with '*' names, one star a component. Nothing found is no error.
std::vector<std::string> expand_paths(const std::string& pattern);
int seal_rootfs(InitConfig& config);  ///< read-only root, propagation

}  // namespace stack::engine::runtime
