#include "engine/runtime/cgroup_limits.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::runtime {

namespace {

constexpr std::uint64_t default_period_us = 100'000;

void set(const std::string& directory, const char* file, const std::string& value) {
  const std::string path = directory + "/" + file;
  if (const int error = sys::write_file(AT_FDCWD, path.c_str(), value))
    throw errno_error("write \"" + value + "\" to " + path, error);
}
/// For what a kernel may be built without.
void set_if_present(const std::string& directory, const char* file, const std::string& value) {
  if (::access((directory + "/" + file).c_str(), F_OK) == 0) set(directory, file, value);
}

std::string directory_of(const CgroupMounts& mounts, const std::string& path, std::string_view controller) {
  for (const auto& hierarchy : mounts.v1) {
    if (hierarchy.controller == controller) return hierarchy.mount + path;
  }
  return {};
}

/// A limit that is asked for and cannot be kept must not be dropped silently.
std::string required(const CgroupMounts& mounts, const std::string& path, std::string_view controller) {
  std::string directory = directory_of(mounts, path, controller);
  if (directory.empty()) {
    throw Error(ErrorCode::not_implemented, "this kernel offers no cgroup controller \"" + std::string(controller) +
                                                "\", which a limit of the container needs");
  }
  return directory;
}

/// A limit below what is in use already would end processes.
void check_usage(const std::string& directory, const char* file, const Resources& resources) {
  if (!resources.memory_check_before_update || !resources.memory_limit || *resources.memory_limit < 0) return;
  const std::string text = sys::read_file(AT_FDCWD, (directory + "/" + file).c_str());
  const std::int64_t used = std::strtoll(text.c_str(), nullptr, 10);
  if (*resources.memory_limit < used)
    throw Error(ErrorCode::invalid_argument, "memory limit " + std::to_string(*resources.memory_limit) +
                                                 " is below what is used already, " + std::to_string(used));
}

void limit_memory_v1(const std::string& directory, const Resources& resources) {
  check_usage(directory, "memory.usage_in_bytes", resources);
  const auto memory = resources.memory_limit;
  const auto swap = resources.memory_swap;
  const auto set_memory = [&] { set(directory, "memory.limit_in_bytes", std::to_string(*memory)); };
  const auto set_swap = [&] { set_if_present(directory, "memory.memsw.limit_in_bytes", std::to_string(*swap)); };
  if (memory && swap) {
    // memory may never exceed memory+swap: the one that grows goes first
    const std::string now = sys::read_file(AT_FDCWD, (directory + "/memory.memsw.limit_in_bytes").c_str());
    const bool swap_first = *swap == -1 || now.empty() || *memory > std::strtoll(now.c_str(), nullptr, 10);
    if (swap_first) set_swap();
    set_memory();
    if (!swap_first || *swap != -1) set_swap();
  } else if (memory) {
    set_memory();
  } else if (swap) {
    set_swap();
  }
  if (resources.memory_reservation) set(directory, "memory.soft_limit_in_bytes", std::to_string(*resources.memory_reservation));
  if (resources.memory_swappiness) set(directory, "memory.swappiness", std::to_string(*resources.memory_swappiness));
  if (resources.oom_kill_disable) set(directory, "memory.oom_control", "1");
}

void limit_cpu_v1(const CgroupMounts& mounts, const std::string& path, const Resources& resources) {
  if (!resources.cpu_shares && !resources.cpu_period && !resources.cpu_quota && !resources.cpu_idle && !resources.cpu_burst)
    return;
  const std::string directory = required(mounts, path, "cpu");
  if (resources.cpu_shares) set(directory, "cpu.shares", std::to_string(*resources.cpu_shares));
  const auto set_period = [&] {
    if (resources.cpu_period) set(directory, "cpu.cfs_period_us", std::to_string(*resources.cpu_period));
  };
  // the kernel looks at what both are meanwhile: a longer period goes first with a larger quota, a shorter one last
  const std::string now = sys::read_file(AT_FDCWD, (directory + "/cpu.cfs_period_us").c_str());
  const bool shorter =
      resources.cpu_quota && resources.cpu_period && *resources.cpu_period < std::strtoull(now.c_str(), nullptr, 10);
  if (!shorter) set_period();
  if (resources.cpu_quota) set(directory, "cpu.cfs_quota_us", std::to_string(*resources.cpu_quota));
  if (shorter) set_period();
  if (resources.cpu_burst) set(directory, "cpu.cfs_burst_us", std::to_string(*resources.cpu_burst));
  if (resources.cpu_idle) set(directory, "cpu.idle", std::to_string(*resources.cpu_idle));
}

/// Before a process is in the group, and the period first: a runtime must fit into it.
void limit_realtime_v1(const CgroupMounts& mounts, const std::string& path, const Resources& resources) {
  if (!resources.cpu_realtime_period && !resources.cpu_realtime_runtime) return;
  const std::string directory = required(mounts, path, "cpu");
  if (resources.cpu_realtime_period) set(directory, "cpu.rt_period_us", std::to_string(*resources.cpu_realtime_period));
  if (resources.cpu_realtime_runtime) set(directory, "cpu.rt_runtime_us", std::to_string(*resources.cpu_realtime_runtime));
}

std::string device_name(const BlockDeviceValue& device) {
  return std::to_string(device.major) + ":" + std::to_string(device.minor);
}

bool limits_block_io(const Resources& resources) {
  return resources.blkio_weight || !resources.blkio_weight_device.empty() || !resources.throttle_read_bps.empty() ||
         !resources.throttle_write_bps.empty() || !resources.throttle_read_iops.empty() ||
         !resources.throttle_write_iops.empty();
}

/// The range of both versions' files before they are scaled.
void check_weight(std::uint64_t weight) {
  constexpr std::uint64_t least = 10, most = 1000;
  if (weight < least || weight > most)
    throw Error(ErrorCode::invalid_argument, "block I/O weight " + std::to_string(weight) + " is not from 10 to 1000");
}

void check_weights(const Resources& resources) {
  if (resources.blkio_weight) check_weight(*resources.blkio_weight);
  for (const BlockDeviceValue& device : resources.blkio_weight_device) check_weight(device.value);
}

void limit_block_io_v1(const CgroupMounts& mounts, const std::string& path, const Resources& resources) {
  if (!limits_block_io(resources)) return;
  check_weights(resources);
  const std::string directory = required(mounts, path, "blkio");
  const auto set_each = [&](const char* file, const std::vector<BlockDeviceValue>& devices) {
    for (const BlockDeviceValue& device : devices)
      set(directory, file, device_name(device) + " " + std::to_string(device.value));
  };
  if (resources.blkio_weight) {
    set_if_present(directory, "blkio.weight", std::to_string(*resources.blkio_weight));
    set_if_present(directory, "blkio.bfq.weight", std::to_string(*resources.blkio_weight));
  }
  for (const BlockDeviceValue& device : resources.blkio_weight_device) {
    const std::string text = device_name(device) + " " + std::to_string(device.value);
    set_if_present(directory, "blkio.weight_device", text);
    set_if_present(directory, "blkio.bfq.weight_device", text);
  }
  set_each("blkio.throttle.read_bps_device", resources.throttle_read_bps);
  set_each("blkio.throttle.write_bps_device", resources.throttle_write_bps);
  set_each("blkio.throttle.read_iops_device", resources.throttle_read_iops);
  set_each("blkio.throttle.write_iops_device", resources.throttle_write_iops);
}

/// A v1 cpuset starts empty and takes nobody until both files are set, at every level.
void inherit_cpuset(const std::string& mount, const std::string& path) {
  std::size_t at = 0;
  std::string parent = mount;
  while (at < path.size()) {
    at = std::min(path.find('/', at + 1), path.size());
    const std::string directory = mount + path.substr(0, at);
    for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
      const std::string now = sys::read_file(AT_FDCWD, (directory + "/" + file).c_str());
      if (now.find_first_not_of(" \n") == std::string::npos)
        set(directory, file, sys::read_file(AT_FDCWD, (parent + "/" + file).c_str()));
    }
    parent = directory;
  }
}

void limit_cpuset_v1(const CgroupMounts& mounts, const std::string& path, const Resources& resources) {
  if (resources.cpuset_cpus.empty() && resources.cpuset_mems.empty()) return;
  const std::string directory = required(mounts, path, "cpuset");
  inherit_cpuset(directory.substr(0, directory.size() - path.size()), path);
  if (!resources.cpuset_cpus.empty()) set(directory, "cpuset.cpus", resources.cpuset_cpus);
  if (!resources.cpuset_mems.empty()) set(directory, "cpuset.mems", resources.cpuset_mems);
}

void set_rdma(const std::string& directory, const Resources& resources) {
  for (const auto& [device, limit] : resources.rdma) {
    std::string text = device;
    if (limit.handles) text += " hca_handle=" + std::to_string(*limit.handles);
    if (limit.objects) text += " hca_object=" + std::to_string(*limit.objects);
    set(directory, "rdma.max", text);
  }
}

void limit_others_v1(const CgroupMounts& mounts, const std::string& path, const Resources& resources) {
  for (const HugepageLimit& limit : resources.hugepage_limits)
    set(required(mounts, path, "hugetlb"), ("hugetlb." + limit.page_size + ".limit_in_bytes").c_str(),
        std::to_string(limit.limit));
  if (resources.network_class)
    set(required(mounts, path, "net_cls"), "net_cls.classid", std::to_string(*resources.network_class));
  set_rdma(resources.rdma.empty() ? std::string() : required(mounts, path, "rdma"), resources);
  for (const auto& [interface, priority] : resources.network_priorities)
    set(required(mounts, path, "net_prio"), "net_prio.ifpriomap", interface + " " + std::to_string(priority));
}

std::string pids_text(std::int64_t limit) { return limit <= 0 ? "max" : std::to_string(limit); }

void limit_v1(const CgroupMounts& mounts, const std::string& path, const Resources& resources) {
  if (resources.memory_limit || resources.memory_swap || resources.memory_reservation || resources.memory_swappiness ||
      resources.oom_kill_disable) {
    limit_memory_v1(required(mounts, path, "memory"), resources);
  }
  limit_cpu_v1(mounts, path, resources);
  limit_realtime_v1(mounts, path, resources);
  limit_cpuset_v1(mounts, path, resources);
  if (resources.pids_limit) set(required(mounts, path, "pids"), "pids.max", pids_text(*resources.pids_limit));
  limit_block_io_v1(mounts, path, resources);
  limit_others_v1(mounts, path, resources);
}

/// Weights go from 10 to 1000 in v1 and in what users write, from 1 to 10000 in v2.
std::uint64_t v2_weight(std::uint64_t weight) { return 1 + (weight - 10) * 9999 / 990; }

void limit_block_io_v2(const std::string& directory, const Resources& resources) {
  check_weights(resources);
  if (resources.blkio_weight) {
    set_if_present(directory, "io.bfq.weight", std::to_string(*resources.blkio_weight));
    set_if_present(directory, "io.weight", "default " + std::to_string(v2_weight(*resources.blkio_weight)));
  }
  for (const BlockDeviceValue& device : resources.blkio_weight_device) {
    set_if_present(directory, "io.bfq.weight", device_name(device) + " " + std::to_string(device.value));
    set_if_present(directory, "io.weight", device_name(device) + " " + std::to_string(v2_weight(device.value)));
  }
  const auto set_each = [&](const char* key, const std::vector<BlockDeviceValue>& devices) {
    for (const BlockDeviceValue& device : devices)
      set(directory, "io.max", device_name(device) + " " + key + "=" + std::to_string(device.value));
  };
  set_each("rbps", resources.throttle_read_bps);
  set_each("wbps", resources.throttle_write_bps);
  set_each("riops", resources.throttle_read_iops);
  set_each("wiops", resources.throttle_write_iops);
}

void limit_memory_v2(const std::string& directory, const Resources& resources) {
  check_usage(directory, "memory.current", resources);
  const auto text = [](std::int64_t value) { return value < 0 ? std::string("max") : std::to_string(value); };
  if (resources.memory_limit) set(directory, "memory.max", text(*resources.memory_limit));
  if (resources.memory_swap) {
    const std::int64_t swap = *resources.memory_swap;
    const std::int64_t memory = resources.memory_limit.value_or(0);
    if (swap >= 0 && swap < memory) throw Error(ErrorCode::invalid_argument, "memory+swap limit is below the memory limit");
    set_if_present(directory, "memory.swap.max", swap < 0 ? "max" : std::to_string(swap - memory));
  }
  if (resources.memory_reservation) set(directory, "memory.low", text(*resources.memory_reservation));
}

void limit_v2(const std::string& directory, const Resources& resources) {
  limit_memory_v2(directory, resources);
  if (resources.cpu_shares && *resources.cpu_shares != 0)
    set(directory, "cpu.weight", std::to_string(shares_to_weight(*resources.cpu_shares)));
  if (resources.cpu_quota || resources.cpu_period) {
    const std::int64_t quota = resources.cpu_quota.value_or(-1);
    set(directory, "cpu.max",
        (quota <= 0 ? std::string("max") : std::to_string(quota)) + " " +
            std::to_string(resources.cpu_period.value_or(default_period_us)));
  }
  if (resources.cpu_burst) set(directory, "cpu.max.burst", std::to_string(*resources.cpu_burst));
  if (resources.cpu_idle) set(directory, "cpu.idle", std::to_string(*resources.cpu_idle));
  if (!resources.cpuset_cpus.empty()) set(directory, "cpuset.cpus", resources.cpuset_cpus);
  if (!resources.cpuset_mems.empty()) set(directory, "cpuset.mems", resources.cpuset_mems);
  for (const HugepageLimit& limit : resources.hugepage_limits)
    set(directory, ("hugetlb." + limit.page_size + ".max").c_str(), std::to_string(limit.limit));
  if (resources.pids_limit) set(directory, "pids.max", pids_text(*resources.pids_limit));
  limit_block_io_v2(directory, resources);
  set_rdma(directory, resources);
  for (const auto& [file, value] : resources.unified) {
    if (file.find('/') != std::string::npos)
      throw Error(ErrorCode::invalid_argument, "unified resource \"" + file + "\" must be a file name (no slashes)");
    set(directory, file.c_str(), value);
  }
}

}  // namespace

std::uint64_t shares_to_weight(std::uint64_t shares) {
  const std::uint64_t bounded = std::clamp<std::uint64_t>(shares, 2, 262144);
  return 1 + (bounded - 2) * 9999 / 262142;
}

void enable_v2_controllers(const std::string& directory) {
  const std::string available = sys::read_file(AT_FDCWD, (directory + "/cgroup.controllers").c_str());
  for (const char* controller : {"cpu", "memory", "pids", "cpuset", "io", "hugetlb", "rdma", "misc"}) {
    if (available.find(controller) == std::string::npos) continue;
    // one by one: a controller that is refused (in use elsewhere) must not keep the others off
    sys::write_file(AT_FDCWD, (directory + "/cgroup.subtree_control").c_str(), std::string("+") + controller);
  }
}

void apply_limits(const CgroupMounts& mounts, const std::string& path, const Resources& resources) {
  if (mounts.unified())
    limit_v2(mounts.v2 + path, resources);
  else
    limit_v1(mounts, path, resources);
}

void restrict_devices(const CgroupMounts& mounts, const std::string& path, const std::vector<DeviceRule>& rules) {
  if (rules.empty()) return;
  if (mounts.unified())
    attach_device_filter(mounts.v2 + path, rules);
  else
    write_device_rules(required(mounts, path, "devices"), rules);
}

}  // namespace stack::engine::runtime
