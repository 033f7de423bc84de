#include "engine/container/stats.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "tests/support/temp_dir.hpp"

namespace stack::engine::container {
namespace {

TEST(HostCpuTime, CountsEveryKindOfTimeOnce) {
  // user nice system idle iowait irq softirq | steal guest guest_nice
  EXPECT_EQ(parse_cpu_time("cpu  1 2 3 4 5 6 7 100 100 100\ncpu0 9 9 9 9 9 9 9\n", 100), 28 * 10'000'000ULL);
  EXPECT_EQ(parse_cpu_time("", 100), 0U);
  EXPECT_EQ(parse_cpu_time("intr 5\n", 100), 0U);
}

TEST(NetDev, IsReadWithoutTheLoopback) {
  const auto interfaces = parse_net_dev(
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier "
      "compressed\n"
      "    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0         "
      " 0\n"
      "  eth0:    1160      14    1    2    0     0          0         0      126       3    4    5    0     0       0         "
      " 0\n"
      "broken: 1 2 3\n");
  ASSERT_EQ(interfaces.size(), 1U);
  const api::NetworkStats& eth0 = interfaces.at("eth0");
  EXPECT_EQ(eth0.rx_bytes, 1160U);
  EXPECT_EQ(eth0.rx_packets, 14U);
  EXPECT_EQ(eth0.rx_errors, 1U);
  EXPECT_EQ(eth0.rx_dropped, 2U);
  EXPECT_EQ(eth0.tx_bytes, 126U);
  EXPECT_EQ(eth0.tx_packets, 3U);
  EXPECT_EQ(eth0.tx_errors, 4U);
  EXPECT_EQ(eth0.tx_dropped, 5U);
}

TEST(Stats, AMemoryLimitAboveTheHostsMemoryIsNone) {
  runtime::CgroupStats group;
  group.memory_limit = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(make_stats(group, {.cpu_time = 0, .online_cpus = 2, .memory = 1 << 30}).memory.limit, 1U << 30);
  group.memory_limit = 64 << 20;
  EXPECT_EQ(make_stats(group, {.cpu_time = 0, .online_cpus = 2, .memory = 1 << 30}).memory.limit, 64U << 20);
}

/// A directory with the files of a version 2 hierarchy.
class StatsOfV2 : public testing::Test {
protected:
  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories(base_ / "p/c");
    test::write_file(base_ / ("p/c/" + file), text);
  }
  test::TempDir base_;
};

TEST_F(StatsOfV2, AreReadFromItsFiles) {
  write("cpu.stat", "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnr_periods 4\nnr_throttled 3\nthrottled_usec 2\n");
  write("memory.current", "745472\n");
  write("memory.peak", "800000\n");
  write("memory.max", "max\n");
  write("memory.stat", "anon 106496\ninactive_file 4096\n");
  write("memory.events", "oom_kill 0\n");
  write("io.stat", "8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n");
  write("pids.current", "2\n");
  write("pids.max", "42\n");
  const runtime::CgroupMounts mounts{{}, base_.path()};
  const runtime::CgroupStats group = runtime::Cgroup::open("/p/c", mounts).stats();
  const api::ContainerStats stats = make_stats(group, {.cpu_time = 7, .online_cpus = 2, .memory = 1 << 30});
  EXPECT_EQ(stats.cpu.total, 1'500'000U);
  EXPECT_EQ(stats.cpu.user, 1'000'000U);
  EXPECT_EQ(stats.cpu.kernel, 500'000U);
  EXPECT_EQ(stats.cpu.throttled_periods, 3U);
  EXPECT_EQ(stats.cpu.throttled_time, 2'000U);
  EXPECT_EQ(stats.cpu.system, 7U);
  EXPECT_EQ(stats.memory.usage, 745472U);
  EXPECT_EQ(stats.memory.limit, 1U << 30);
  EXPECT_EQ(stats.memory.stats.at("inactive_file"), 4096U);
  ASSERT_EQ(stats.block_io.size(), 2U);
  EXPECT_EQ(stats.block_io[0].op, "read");
  EXPECT_EQ(stats.block_io[0].value, 4096U);
  EXPECT_EQ(stats.block_io[1].value, 8192U);
  EXPECT_EQ(stats.pids, 2U);
  EXPECT_EQ(stats.pids_limit, 42U);
}

}  // namespace
}  // namespace stack::engine::container
