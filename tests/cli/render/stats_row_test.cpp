#include "cli/render/stats_row.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace stack::cli::render {
namespace {

namespace api = engine::api;

/// What the reference engine answered for a container of ours, a second apart.
api::ContainerStats sample(std::uint64_t cpu, std::uint64_t system) {
  api::ContainerStats stats;
  stats.name = "/shop-web-1";
  stats.id = "49fe194ea335a166324ccb4c929c1f8865a90fc87e73ab762d8519b81a8fb784";
  stats.read = api::Timestamp(std::chrono::seconds(1));
  stats.cpu = {.total = cpu, .system = system, .online_cpus = 2};
  stats.memory = {.usage = 745472, .max_usage = 0, .limit = 25276502016, .stats = {{"total_inactive_file", 274432}}};
  stats.networks["eth0"] = {.rx_bytes = 1160, .tx_bytes = 126};
  stats.networks["eth1"] = {.rx_bytes = 2, .tx_bytes = 0};
  stats.block_io = {{.major = 8, .minor = 0, .op = "read", .value = 4096}, {.major = 8, .minor = 0, .op = "write", .value = 0}};
  stats.pids = 2;
  return stats;
}

TEST(StatsRow, HasTheFieldsOfDockerStats) {
  const nlohmann::json row = stats_object(sample(1'000'000'000, 10'000'000'000), sample(1'500'000'000, 12'000'000'000), false);
  EXPECT_EQ(row, (nlohmann::json{{"BlockIO", "4.1kB / 0B"},
                                 {"CPUPerc", "50.00%"},
                                 {"Container", "49fe194ea335a166324ccb4c929c1f8865a90fc87e73ab762d8519b81a8fb784"},
                                 {"ID", "49fe194ea335"},
                                 {"MemPerc", "0.00%"},
                                 {"MemUsage", "460KiB / 23.54GiB"},
                                 {"Name", "shop-web-1"},
                                 {"NetIO", "1.16kB / 126B"},
                                 {"PIDs", "2"}}));
  EXPECT_EQ(format_rows(std::vector<nlohmann::json>{row}, stats_table, stats_titles()),
            "CONTAINER ID   NAME         CPU %     MEM USAGE / LIMIT   MEM %     NET I/O         BLOCK I/O    PIDS\n"
            "49fe194ea335   shop-web-1   50.00%    460KiB / 23.54GiB   0.00%     1.16kB / 126B   4.1kB / 0B   2\n");
}

TEST(StatsRow, AStoppedContainerIsAllZero) {
  api::ContainerStats stopped;
  stopped.name = "/a";
  stopped.id = "49fe194ea335a166";
  const nlohmann::json row = stats_object(stopped, stopped, true);
  EXPECT_EQ(row["CPUPerc"], "0.00%");
  EXPECT_EQ(row["MemUsage"], "0B / 0B");
  EXPECT_EQ(row["ID"], "49fe194ea335a166");
}

TEST(CpuPercent, NeedsTimeBetweenTheSamples) {
  EXPECT_EQ(cpu_percent({}, {.total = 5, .system = 0, .online_cpus = 2}), 0);
  EXPECT_EQ(cpu_percent({.total = 9, .system = 10}, {.total = 5, .system = 20, .online_cpus = 2}), 0);  // it was restarted
}

TEST(UsedMemory, LeavesOutWhatTheKernelCanDrop) {
  EXPECT_EQ(used_memory({.usage = 100, .stats = {{"inactive_file", 30}}}), 70U);
  EXPECT_EQ(used_memory({.usage = 100, .stats = {{"inactive_file", 30}, {"total_inactive_file", 40}}}), 60U);
  EXPECT_EQ(used_memory({.usage = 100, .stats = {{"inactive_file", 300}}}), 100U);
}

}  // namespace
}  // namespace stack::cli::render
