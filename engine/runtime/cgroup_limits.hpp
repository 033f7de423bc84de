#pragma once
// Resources → cgroup files; and the counters back.
#include <string>

#include "engine/runtime/cgroup.hpp"

namespace stack::engine::runtime {

void enable_v2_controllers(const std::string& directory);  ///< for its children, as many as the kernel allows
/// All but the device rules. Throws Error naming file and value.
void apply_limits(const CgroupMounts& mounts, const std::string& path, const Resources& resources);
/// Of a new group. Throws, also for rules that this version of cgroups cannot keep.
void restrict_devices(const CgroupMounts& mounts, const std::string& path, const std::vector<DeviceRule>& rules);
/// v1: the files devices.allow and devices.deny.
void write_device_rules(const std::string& directory, const std::vector<DeviceRule>& rules);
/// v2: attaches a BPF program that decides about device access. Throws.
void attach_device_filter(const std::string& directory, const std::vector<DeviceRule>& rules);
/// cpu.shares (2..262144) → cpu.weight (1..10000), the formula of the OCI runtime specification.
std::uint64_t shares_to_weight(std::uint64_t shares);

}  // namespace stack::engine::runtime
