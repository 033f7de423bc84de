#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <limits>

#include "engine/runtime/cgroup.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::runtime {

namespace {

constexpr std::uint64_t ns_per_us = 1000;

std::string read(const std::string& directory, const char* file) {
  return directory.empty() ? std::string() : sys::read_file(AT_FDCWD, (directory + "/" + file).c_str());
}

std::uint64_t number(std::string_view text, std::uint64_t otherwise = 0) {
  std::uint64_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}
std::uint64_t read_number(const std::string& directory, const char* file) { return number(read(directory, file)); }

/// "key value" lines.
std::vector<std::pair<std::string, std::uint64_t>> read_table(const std::string& directory, const char* file) {
  std::vector<std::pair<std::string, std::uint64_t>> table;
  const std::string text = read(directory, file);
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto blank = text.find(' ', at);
    if (blank < end)
      table.emplace_back(text.substr(at, blank - at), number(std::string_view(text).substr(blank + 1, end - blank - 1)));
    at = end + 1;
  }
  return table;
}

std::uint64_t value_of(const std::vector<std::pair<std::string, std::uint64_t>>& table, std::string_view key) {
  for (const auto& [name, value] : table) {
    if (name == key) return value;
  }
  return 0;
}

void read_cpu_v1(const std::string& cpu, const std::string& cpuacct, CgroupStats& stats) {
  stats.cpu_total = read_number(cpuacct, "cpuacct.usage");
  stats.cpu_user = read_number(cpuacct, "cpuacct.usage_user");
  stats.cpu_system = read_number(cpuacct, "cpuacct.usage_sys");
  const auto table = read_table(cpu, "cpu.stat");
  stats.periods = value_of(table, "nr_periods");
  stats.throttled_periods = value_of(table, "nr_throttled");
  stats.throttled_time = value_of(table, "throttled_time");
}

void read_memory_v1(const std::string& memory, CgroupStats& stats) {
  stats.memory_usage = read_number(memory, "memory.usage_in_bytes");
  stats.memory_max_usage = read_number(memory, "memory.max_usage_in_bytes");
  stats.memory_limit = read_number(memory, "memory.limit_in_bytes");
  stats.memory_stat = read_table(memory, "memory.stat");
}

/// "8:0 Read 4096" lines.
void read_blkio_v1(const std::string& blkio, CgroupStats& stats) {
  std::string text = read(blkio, "blkio.throttle.io_service_bytes_recursive");
  if (text.empty()) text = read(blkio, "blkio.throttle.io_service_bytes");
  const char* at = text.c_str();
  unsigned long long major = 0, minor = 0, bytes = 0;
  char kind[16];
  int length = 0;
  while (std::sscanf(at, "%llu:%llu %15s %llu%n", &major, &minor, kind, &bytes, &length) == 4) {
    at += length + 1;
    auto& list = stats.block_io;
    if (list.empty() || list.back().major != major || list.back().minor != minor) list.push_back({major, minor, 0, 0});
    if (std::string_view(kind) == "Read") list.back().read_bytes = bytes;
    if (std::string_view(kind) == "Write") list.back().write_bytes = bytes;
  }
}

void read_v2(const std::string& directory, CgroupStats& stats) {
  const auto cpu = read_table(directory, "cpu.stat");
  stats.cpu_total = value_of(cpu, "usage_usec") * ns_per_us;
  stats.cpu_user = value_of(cpu, "user_usec") * ns_per_us;
  stats.cpu_system = value_of(cpu, "system_usec") * ns_per_us;
  stats.periods = value_of(cpu, "nr_periods");
  stats.throttled_periods = value_of(cpu, "nr_throttled");
  stats.throttled_time = value_of(cpu, "throttled_usec") * ns_per_us;
  stats.memory_usage = read_number(directory, "memory.current");
  stats.memory_max_usage = read_number(directory, "memory.peak");
  stats.memory_limit = number(read(directory, "memory.max"), std::numeric_limits<std::uint64_t>::max());
  stats.memory_stat = read_table(directory, "memory.stat");
  const std::string io = read(directory, "io.stat");
  std::size_t at = 0;
  while (at < io.size()) {
    const auto end = std::min(io.find('\n', at), io.size());
    const std::string line = io.substr(at, end - at);
    BlockIo entry;
    unsigned long long major = 0, minor = 0;
    if (std::sscanf(line.c_str(), "%llu:%llu", &major, &minor) == 2) {
      entry.major = major;
      entry.minor = minor;
      if (const auto r = line.find("rbytes="); r != std::string::npos)
        entry.read_bytes = number(std::string_view(line).substr(r + 7));
      if (const auto w = line.find("wbytes="); w != std::string::npos)
        entry.write_bytes = number(std::string_view(line).substr(w + 7));
      stats.block_io.push_back(entry);
    }
    at = end + 1;
  }
}

}  // namespace

std::uint64_t Cgroup::oom_kills() const {
  if (mounts_.unified()) return value_of(read_table(mounts_.v2 + path_, "memory.events"), "oom_kill");
  return value_of(read_table(directory("memory"), "memory.oom_control"), "oom_kill");
}

CgroupStats Cgroup::stats() const {
  CgroupStats stats;
  if (mounts_.unified()) {
    read_v2(mounts_.v2 + path_, stats);
  } else {
    read_cpu_v1(directory("cpu"), directory("cpuacct"), stats);
    read_memory_v1(directory("memory"), stats);
    read_blkio_v1(directory("blkio"), stats);
  }
  stats.pids = read_number(directory("pids"), "pids.current");
  stats.pids_limit = read_number(directory("pids"), "pids.max");
  stats.oom_kills = oom_kills();
  return stats;
}

}  // namespace stack::engine::runtime
