#pragma once
// GET /containers/{id}/stats: what a container uses. Counters count from the container's start.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/api/common_types.hpp"

namespace stack::engine::api {

struct CpuStats {
  std::uint64_t total = 0, kernel = 0, user = 0;  ///< nanoseconds used by the container
  std::uint64_t system = 0;                       ///< nanoseconds that passed on all of the host's processors together
  std::uint64_t online_cpus = 0;
  std::uint64_t periods = 0, throttled_periods = 0, throttled_time = 0;  ///< of a cpu limit; nanoseconds
};

struct MemoryStats {
  std::uint64_t usage = 0, max_usage = 0;      ///< bytes, page cache included
  std::uint64_t limit = 0;                     ///< bytes; the host's memory when there is none
  std::map<std::string, std::uint64_t> stats;  ///< memory.stat as it is
};

struct BlockIoEntry {
  std::uint64_t major = 0, minor = 0;
  std::string op;           ///< "read", "write"
  std::uint64_t value = 0;  ///< bytes
};

struct NetworkStats {
  std::uint64_t rx_bytes = 0, rx_packets = 0, rx_errors = 0, rx_dropped = 0;
  std::uint64_t tx_bytes = 0, tx_packets = 0, tx_errors = 0, tx_dropped = 0;
};

struct ContainerStats {
  std::string name, id;                    ///< name with the leading slash
  std::optional<Timestamp> read, preread;  ///< empty `read`: the container does not run, and all numbers are 0
  std::uint64_t pids = 0, pids_limit = 0;  ///< limit 0: none
  std::vector<BlockIoEntry> block_io;
  CpuStats cpu, precpu;  ///< now, and at `preread`
  MemoryStats memory;
  std::map<std::string, NetworkStats> networks;  ///< by interface
};

void to_json(nlohmann::json&, const ContainerStats&);
void from_json(const nlohmann::json&, ContainerStats&);

}  // namespace stack::engine::api
