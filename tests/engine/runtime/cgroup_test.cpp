#include "engine/runtime/cgroup.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "engine/runtime/cgroup_limits.hpp"

namespace stack::engine::runtime {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return text;
}

TEST(CgroupV2, SharesBecomeWeightsByTheFormulaOfTheSpecification) {
  EXPECT_EQ(shares_to_weight(2), 1u);
  EXPECT_EQ(shares_to_weight(1024), 39u);
  EXPECT_EQ(shares_to_weight(262144), 10000u);
}

/// A directory with the files that a v2 hierarchy would have.
class FakeV2 : public ::testing::Test {
protected:
  void SetUp() override {
    for (const char* file : {"memory.max", "memory.swap.max", "memory.low", "cpu.weight", "cpu.max", "pids.max", "cpuset.cpus"})
      write(file, "");
  }
  void TearDown() override { std::filesystem::remove_all(base_); }
  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories(base_ / "p/c");
    std::ofstream(base_ / "p/c" / file) << text;
  }
  std::string value(const char* file) const { return read(base_ / "p/c" / file); }
  std::filesystem::path base_ = std::filesystem::temp_directory_path() / ("cg" + random_hex(10));
  CgroupMounts mounts_{{}, base_};
};

TEST_F(FakeV2, LimitsGoToTheFilesOfV2) {
  Resources resources;
  resources.memory_limit = 64 << 20;
  resources.memory_swap = 96 << 20;
  resources.cpu_quota = 50'000;
  resources.cpu_period = 100'000;
  resources.cpu_shares = 1024;
  resources.pids_limit = 42;
  resources.cpuset_cpus = "0-1";
  Cgroup::open("/p/c", mounts_).update(resources);
  EXPECT_EQ(value("memory.max"), "67108864");
  EXPECT_EQ(value("memory.swap.max"), "33554432");
  EXPECT_EQ(value("cpu.max"), "50000 100000");
  EXPECT_EQ(value("cpu.weight"), "39");
  EXPECT_EQ(value("pids.max"), "42");
  EXPECT_EQ(value("cpuset.cpus"), "0-1");
}

TEST_F(FakeV2, StatsAndOomKillsAreReadFromTheFilesOfV2) {
  write("cpu.stat", "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnr_periods 7\nnr_throttled 3\nthrottled_usec 20\n");
  write("memory.current", "4096\n");
  write("memory.max", "max\n");
  write("memory.stat", "anon 100\ninactive_file 50\n");
  write("memory.events", "low 0\nhigh 0\nmax 4\noom 2\noom_kill 1\n");
  write("pids.current", "5\n");
  write("io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=2\n253:1 rbytes=1 wbytes=2 rios=1 wios=1\n");
  const CgroupStats stats = Cgroup::open("/p/c", mounts_).stats();
  EXPECT_EQ(stats.cpu_total, 1'500'000u);
  EXPECT_EQ(stats.throttled_periods, 3u);
  EXPECT_EQ(stats.memory_usage, 4096u);
  EXPECT_EQ(stats.memory_limit, UINT64_MAX);
  EXPECT_EQ(stats.oom_kills, 1u);
  EXPECT_EQ(stats.pids, 5u);
  ASSERT_EQ(stats.block_io.size(), 2u);
  EXPECT_EQ(stats.block_io[1].major, 253u);
  EXPECT_EQ(stats.block_io[0].write_bytes, 20u);
}

Resources block_io() {
  Resources resources;
  resources.blkio_weight = 300;
  resources.blkio_weight_device = {{8, 0, 1000}};
  resources.throttle_read_bps = {{8, 0, 1048576}};
  resources.throttle_write_bps = {{8, 16, 2}};
  resources.throttle_read_iops = {{8, 0, 3}};
  resources.throttle_write_iops = {{8, 0, 4}};
  return resources;
}

TEST_F(FakeV2, LimitsOfBlockDevicesGoToIoMaxAndWeights) {
  const Resources all = block_io();
  const auto io_max = [&](std::vector<BlockDeviceValue> Resources::*list) {
    write("io.max", "");
    Resources one;
    one.*list = all.*list;
    Cgroup::open("/p/c", mounts_).update(one);
    return value("io.max");
  };
  EXPECT_EQ(io_max(&Resources::throttle_read_bps), "8:0 rbps=1048576");
  EXPECT_EQ(io_max(&Resources::throttle_write_bps), "8:16 wbps=2");
  EXPECT_EQ(io_max(&Resources::throttle_read_iops), "8:0 riops=3");
  EXPECT_EQ(io_max(&Resources::throttle_write_iops), "8:0 wiops=4");
  Resources weight;
  write("io.weight", "");
  weight.blkio_weight_device = all.blkio_weight_device;
  Cgroup::open("/p/c", mounts_).update(weight);
  EXPECT_EQ(value("io.weight"), "8:0 10000");
  weight = {};
  write("io.weight", "");
  weight.blkio_weight = 10;
  Cgroup::open("/p/c", mounts_).update(weight);
  EXPECT_EQ(value("io.weight"), "default 1");
}

TEST_F(FakeV2, WeightsOfBlockDevicesAreThereWithTheIoController) {
  EXPECT_FALSE(has_block_io_weights(mounts_));
  std::ofstream(base_ / "cgroup.controllers") << "cpuset cpu io memory pids\n";
  EXPECT_TRUE(has_block_io_weights(mounts_));
}

TEST_F(FakeV2, LimitsOfRdmaDevicesNameWhatIsLimited) {
  write("rdma.max", "");
  Resources resources;
  resources.rdma["mlx5_0"] = {3, 100};
  Cgroup::open("/p/c", mounts_).update(resources);
  EXPECT_EQ(value("rdma.max"), "mlx5_0 hca_handle=3 hca_object=100");
}

TEST_F(FakeV2, AMemoryLimitBelowWhatIsUsedIsRefusedOnRequest) {
  write("memory.current", "4096\n");
  Resources resources;
  resources.memory_limit = 4095;
  resources.memory_check_before_update = true;
  EXPECT_THROW(Cgroup::open("/p/c", mounts_).update(resources), Error);
  EXPECT_EQ(value("memory.max"), "");
  resources.memory_limit = 4096;
  Cgroup::open("/p/c", mounts_).update(resources);
  EXPECT_EQ(value("memory.max"), "4096");
}

TEST_F(FakeV2, WeightsOutOfTheirRangeAreRefused) {
  for (const std::uint64_t weight : {9, 1001}) {
    Resources resources;
    resources.blkio_weight = weight;
    EXPECT_THROW(Cgroup::open("/p/c", mounts_).update(resources), Error) << weight;
  }
}

/// Directories with the files that v1 hierarchies would have.
class FakeV1 : public ::testing::Test {
protected:
  void SetUp() override {
    for (const char* controller : {"cpu", "memory", "blkio"}) {
      mounts_.v1.push_back({controller, base_ / controller});
      std::filesystem::create_directories(base_ / controller / "p/c");
    }
    for (const char* file : {"cpu/p/c/cpu.rt_period_us", "cpu/p/c/cpu.rt_runtime_us", "memory/p/c/memory.oom_control",
                             "memory/p/c/memory.swappiness", "blkio/p/c/blkio.bfq.weight", "blkio/p/c/blkio.weight_device",
                             "blkio/p/c/blkio.throttle.read_bps_device", "blkio/p/c/blkio.throttle.write_bps_device",
                             "blkio/p/c/blkio.throttle.read_iops_device", "blkio/p/c/blkio.throttle.write_iops_device"})
      std::ofstream(base_ / file) << "";
  }
  void TearDown() override { std::filesystem::remove_all(base_); }
  std::string value(const char* file) const { return read(base_ / file); }
  std::filesystem::path base_ = std::filesystem::temp_directory_path() / ("cg" + random_hex(10));
  CgroupMounts mounts_;
};

TEST_F(FakeV1, LimitsOfBlockDevicesGoToTheFilesOfV1) {
  Cgroup::open("/p/c", mounts_).update(block_io());
  EXPECT_EQ(value("blkio/p/c/blkio.bfq.weight"), "300");
  EXPECT_EQ(value("blkio/p/c/blkio.weight_device"), "8:0 1000");
  EXPECT_EQ(value("blkio/p/c/blkio.throttle.read_bps_device"), "8:0 1048576");
  EXPECT_EQ(value("blkio/p/c/blkio.throttle.write_bps_device"), "8:16 2");
  EXPECT_EQ(value("blkio/p/c/blkio.throttle.read_iops_device"), "8:0 3");
  EXPECT_EQ(value("blkio/p/c/blkio.throttle.write_iops_device"), "8:0 4");
}

TEST_F(FakeV1, RealTimeAndMemoryLimitsGoToTheFilesOfV1) {
  Resources resources;
  resources.cpu_realtime_period = 100000;
  resources.cpu_realtime_runtime = 5000;
  resources.oom_kill_disable = true;
  resources.memory_swappiness = 10;
  Cgroup::open("/p/c", mounts_).update(resources);
  EXPECT_EQ(value("cpu/p/c/cpu.rt_period_us"), "100000");
  EXPECT_EQ(value("cpu/p/c/cpu.rt_runtime_us"), "5000");
  EXPECT_EQ(value("memory/p/c/memory.oom_control"), "1");
  EXPECT_EQ(value("memory/p/c/memory.swappiness"), "10");
}

/// What is left in devices.allow and devices.deny after the rules, and the exceptions to "nothing" before them.
class DeviceRules : public ::testing::Test {
protected:
  void SetUp() override {
    std::filesystem::create_directories(base_);
    for (const char* file : {"devices.allow", "devices.deny"}) std::ofstream(base_ / file) << "";
  }
  void TearDown() override { std::filesystem::remove_all(base_); }
  void write_rules(std::vector<DeviceRule> rules) {
    rules.insert(rules.begin(), {false, 'a', {}, {}, "rwm"});
    write_device_rules(base_, rules);
  }
  std::filesystem::path base_ = std::filesystem::temp_directory_path() / ("cg" + random_hex(10));
};

TEST_F(DeviceRules, AnExceptionIsTakenAwayInItsOwnWords) {
  write_rules({{true, 'c', 10, 229, "rw"}, {false, 'c', 10, {}, "rwm"}});
  EXPECT_EQ(read(base_ / "devices.deny"), "c 10:229 rw") << "the kernel passes over one that it does not have";
}

TEST_F(DeviceRules, AHoleInAnExceptionIsRefused) {
  EXPECT_THROW(write_rules({{true, 'c', 10, {}, "rw"}, {false, 'c', 10, 229, "r"}}), Error);
  EXPECT_THROW(write_rules({{true, 'c', {}, {}, "m"}, {false, 'c', 10, 229, "rwm"}}), Error);
  EXPECT_NO_THROW(write_rules({{true, 'c', 10, {}, "r"}, {false, 'c', 10, 229, "w"}})) << "nothing in common";
  EXPECT_NO_THROW(write_rules({{false, 'c', 10, 229, "rwm"}, {true, 'c', {}, {}, "m"}})) << "the later rule stands";
}

TEST_F(DeviceRules, OfTheDefaultHaveNoHoles) { EXPECT_NO_THROW(write_rules(default_device_rules())); }

TEST_F(FakeV1, LimitsOfTheProcessorsGoToTheFilesOfV1) {
  for (const char* file : {"cpu.cfs_period_us", "cpu.cfs_quota_us", "cpu.cfs_burst_us", "cpu.idle"})
    std::ofstream(base_ / "cpu/p/c" / file) << "";
  Resources resources;
  resources.cpu_period = 200000;
  resources.cpu_quota = 150000;
  resources.cpu_burst = 1000;
  resources.cpu_idle = 1;
  Cgroup::open("/p/c", mounts_).update(resources);
  EXPECT_EQ(value("cpu/p/c/cpu.cfs_period_us"), "200000");
  EXPECT_EQ(value("cpu/p/c/cpu.cfs_quota_us"), "150000");
  EXPECT_EQ(value("cpu/p/c/cpu.cfs_burst_us"), "1000");
  EXPECT_EQ(value("cpu/p/c/cpu.idle"), "1");
}

TEST(CgroupMounts, AreMovedBelowTheGroupsOfAProcess) {
  CgroupMounts mounts;
  mounts.v1 = {{"cpu", "/c/cpu"}, {"pids", "/c/pids"}};
  mounts.v2 = "/c/unified";
  const CgroupMounts moved = below(mounts, {{"pids", "/user/me"}, {"", "/two"}});
  EXPECT_EQ(moved.v1[0].mount, "/c/cpu");
  EXPECT_EQ(moved.v1[1].mount, "/c/pids/user/me");
  EXPECT_EQ(moved.v2, "/c/unified/two");
}

TEST_F(FakeV1, WeightsOfBlockDevicesAreThereWhenTheirFileIs) {
  EXPECT_FALSE(has_block_io_weights(mounts_));
  std::ofstream(base_ / "blkio/blkio.weight") << "500\n";
  EXPECT_TRUE(has_block_io_weights(mounts_));
}

TEST_F(FakeV1, ALimitWhoseControllerIsMissingIsNotDropped) {
  mounts_.v1.pop_back();
  EXPECT_THROW(Cgroup::open("/p/c", mounts_).update(block_io()), Error);
}

/// The kernel's own v2 mount, wherever it is: freeze, kill and the device filter need no controller.
class RealV2 : public ::testing::Test {
protected:
  void SetUp() override {
    if (::geteuid() != 0 || CgroupMounts::detect().v2.empty()) GTEST_SKIP() << "needs root and a cgroup v2 mount";
    mounts_.v2 = CgroupMounts::detect().v2;
  }
  void TearDown() override {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    if (!mounts_.v2.empty()) {
      EXPECT_TRUE(Cgroup::open(path_, mounts_).remove());
    }
  }
  CgroupMounts mounts_;
  std::string path_ = "/stack-test-" + random_hex(8);
  pid_t child_ = -1;
};

TEST_F(RealV2, FreezesThawsAndKills) {
  Cgroup group = Cgroup::create(path_, {}, mounts_);
  child_ = ::fork();
  if (child_ == 0) {
    for (;;) ::pause();
  }
  group.add(child_);
  EXPECT_EQ(group.processes(), std::vector<pid_t>{child_});
  group.freeze();
  EXPECT_TRUE(group.frozen());
  group.thaw();
  EXPECT_FALSE(group.frozen());
  group.kill_all();
  int status = 0;
  EXPECT_EQ(::waitpid(child_, &status, 0), child_);
  child_ = -1;
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(RealV2, EndingAllReturnsWhenEveryProcessIsGone) {
  Cgroup group = Cgroup::create(path_, {}, mounts_);
  child_ = ::fork();
  if (child_ == 0) {
    while (group.processes().empty()) ::usleep(100);  // moved by the parent
    for (int i = 0; i < 3; ++i)
      if (::fork() == 0)
        for (;;) ::pause();
    for (;;) ::pause();
  }
  group.add(child_);
  while (group.processes().size() < 4) ::usleep(100);
  group.end_all();
  EXPECT_TRUE(group.processes().empty());
  EXPECT_TRUE(group.remove());
}

TEST_F(RealV2, TheDeviceFilterDeniesWhatNoRuleAllows) {
  Resources resources;
  resources.devices = default_spec().linux_.resources.devices;
  Cgroup group = Cgroup::create(path_, resources, mounts_);
  child_ = ::fork();
  if (child_ == 0) {
    char go = 0;
    while (group.processes().empty()) ::usleep(100);  // moved by the parent
    const std::string node = "/tmp/node" + random_hex(8);
    const bool null_opens = ::open("/dev/null", O_RDWR) >= 0;
    const bool node_made = ::mknod(node.c_str(), S_IFCHR | 0600, makedev(1, 1)) == 0;  // /dev/mem: may be made, not opened
    const bool mem_refused = ::open(node.c_str(), O_RDONLY) < 0 && errno == EPERM;
    ::unlink(node.c_str());
    (void)go;
    ::_exit((null_opens ? 0 : 1) | (node_made ? 0 : 2) | (mem_refused ? 0 : 4));
  }
  group.add(child_);
  int status = 0;
  ASSERT_EQ(::waitpid(child_, &status, 0), child_);
  child_ = -1;
  EXPECT_EQ(WEXITSTATUS(status), 0) << "1: null does not open, 2: a node cannot be made, 4: a denied device opens";
}

TEST(Cgroup, APathThatLeavesTheHierarchyIsRefused) {
  EXPECT_THROW(Cgroup::create("/a/../../etc", {}), Error);
  EXPECT_THROW(Cgroup::create("relative", {}), Error);
}

}  // namespace
}  // namespace stack::engine::runtime
