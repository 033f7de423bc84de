#pragma once
// What a running container uses, gathered from its control group, its network namespace and the host's clock.
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "engine/api/stats_types.hpp"
#include "engine/runtime/cgroup.hpp"

namespace stack::engine::container {

/// The host's side of the numbers.
struct HostCounters {
  std::uint64_t cpu_time = 0;  ///< nanoseconds, all processors together, idle included
  std::uint64_t online_cpus = 0;
  std::uint64_t memory = 0;  ///< bytes
};
HostCounters read_host_counters();

/// The first line of /proc/stat as nanoseconds; `ticks`: a second has so many.
std::uint64_t parse_cpu_time(std::string_view proc_stat, std::uint64_t ticks);

/// /proc/PID/net/dev without the loopback; lines that are not understood are left out.
std::map<std::string, api::NetworkStats> parse_net_dev(std::string_view text);

/// Pure: the kernel's counters in the API's terms.
api::ContainerStats make_stats(const runtime::CgroupStats& group, const HostCounters& host);

/// Blocking. `pid`: a process in the network namespace to be counted; 0: none.
api::ContainerStats read_stats(const std::string& cgroup, pid_t pid);

}  // namespace stack::engine::container
