#include "cli/render/stats_row.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/render/human.hpp"

namespace stack::cli::render {

namespace api = engine::api;

namespace {

struct Traffic {
  std::uint64_t in = 0, out = 0;
};

Traffic network_traffic(const api::ContainerStats& stats) {
  Traffic traffic;
  for (const auto& [_, interface] : stats.networks) {
    traffic.in += interface.rx_bytes;
    traffic.out += interface.tx_bytes;
  }
  return traffic;
}

Traffic block_traffic(const api::ContainerStats& stats) {
  Traffic traffic;
  for (const api::BlockIoEntry& entry : stats.block_io) {
    if (entry.op == "read" || entry.op == "Read") traffic.in += entry.value;
    if (entry.op == "write" || entry.op == "Write") traffic.out += entry.value;
  }
  return traffic;
}

std::string text_of(const Traffic& traffic) {
  return fmt::format("{} / {}", human_size(static_cast<std::int64_t>(traffic.in)),
                     human_size(static_cast<std::int64_t>(traffic.out)));
}

}  // namespace

double cpu_percent(const api::CpuStats& before, const api::CpuStats& now) {
  if (now.total <= before.total || now.system <= before.system) return 0;
  const auto used = static_cast<double>(now.total - before.total);
  const auto passed = static_cast<double>(now.system - before.system);
  return used / passed * static_cast<double>(now.online_cpus) * 100;
}

std::uint64_t used_memory(const api::MemoryStats& memory) {
  // version 1 of the kernel's control groups counts children in "total_…" only, version 2 always
  for (const char* key : {"total_inactive_file", "inactive_file"}) {
    const auto found = memory.stats.find(key);
    if (found != memory.stats.end()) return found->second < memory.usage ? memory.usage - found->second : memory.usage;
  }
  return memory.usage;
}

nlohmann::json stats_object(const api::ContainerStats& before, const api::ContainerStats& now, bool full_id) {
  const std::uint64_t memory = used_memory(now.memory);
  const double share = now.memory.limit == 0 ? 0 : static_cast<double>(memory) / static_cast<double>(now.memory.limit) * 100;
  return {{"BlockIO", text_of(block_traffic(now))},
          {"CPUPerc", fmt::format("{:.2f}%", before.read ? cpu_percent(before.cpu, now.cpu) : 0)},
          {"Container", now.id},
          {"ID", full_id ? now.id : now.id.substr(0, 12)},
          {"MemPerc", fmt::format("{:.2f}%", share)},
          {"MemUsage", fmt::format("{} / {}", human_binary_size(memory), human_binary_size(now.memory.limit))},
          {"Name", now.name.substr(now.name.starts_with('/') ? 1 : 0)},
          {"NetIO", text_of(network_traffic(now))},
          {"PIDs", std::to_string(now.pids)}};
}

FieldTitles stats_titles() {
  return {{"ID", "CONTAINER ID"}, {"CPUPerc", "CPU %"},     {"MemPerc", "MEM %"},      {"MemUsage", "MEM USAGE / LIMIT"},
          {"NetIO", "NET I/O"},   {"BlockIO", "BLOCK I/O"}, {"Container", "CONTAINER"}};
}

}  // namespace stack::cli::render
