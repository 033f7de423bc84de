#include "engine/container/spec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/container/mounts.hpp"
#include "engine/container/settings.hpp"

namespace stack::engine::container {
namespace {

using runtime::NamespaceType;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

Record record_of(const char* json) {
  const auto request = nlohmann::json::parse(json).get<api::ContainerCreateRequest>();
  Settings settings = resolve_settings(request, {}, {2, false, "host"});
  Record record;
  record.id = std::string(64, 'a');
  record.config = settings.config;
  record.config.hostname = "box";
  record.host_config = settings.host_config;
  record.mounts = resolve_mounts(record.config, record.host_config);
  auto argv = command_line(record.config);
  record.path = argv.front();
  record.args.assign(argv.begin() + 1, argv.end());
  return record;
}

runtime::Spec spec_of(const char* json) {
  const Record record = record_of(json);
  SpecInput input{record, {{"/top", "/base"}, "/upper", "/work"}, "/stack-0/id", "/c/hosts", "/c/hostname", "/c/resolv.conf", 0,
                  0};
  return build_spec(input);
}

std::vector<std::string> destinations(const runtime::Spec& spec) {
  std::vector<std::string> result;
  for (const auto& mount : spec.mounts) result.push_back(mount.destination);
  return result;
}

const runtime::Mount& mount_at(const runtime::Spec& spec, const std::string& destination) {
  for (const auto& mount : spec.mounts)
    if (mount.destination == destination) return mount;
  throw std::out_of_range(destination);
}

bool has_namespace(const runtime::Spec& spec, NamespaceType type) {
  return std::any_of(spec.linux_.namespaces.begin(), spec.linux_.namespaces.end(),
                     [&](const auto& entry) { return entry.type == type; });
}

TEST(Spec, APlainContainerHasDockersDefaults) {
  const runtime::Spec spec = spec_of(R"({"Cmd":["echo","a b"]})");
  EXPECT_THAT(spec.process.args, ElementsAre("echo", "a b"));
  EXPECT_THAT(spec.process.env,
              ElementsAre("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=box"));
  EXPECT_EQ(spec.process.cwd, "/");
  EXPECT_EQ(spec.process.capabilities.bounding.size(), 14U);
  EXPECT_EQ(spec.process.capabilities.effective, spec.process.capabilities.bounding);
  EXPECT_TRUE(spec.process.capabilities.inheritable.empty());
  EXPECT_FALSE(spec.process.no_new_privileges);
  EXPECT_EQ(spec.hostname, "box");
  EXPECT_THAT(spec.root.overlay->lower, ElementsAre("/top", "/base"));
  EXPECT_EQ(spec.linux_.cgroups_path, "/stack-0/id");
  for (const auto type :
       {NamespaceType::mount, NamespaceType::pid, NamespaceType::network, NamespaceType::ipc, NamespaceType::uts})
    EXPECT_TRUE(has_namespace(spec, type));
  EXPECT_THAT(destinations(spec), Contains("/etc/hosts"));
  EXPECT_THAT(mount_at(spec, "/dev/shm").options, Contains("size=67108864"));
}

TEST(Spec, TheEnvironmentIsTheUsersOverTheDefaults) {
  const runtime::Spec spec = spec_of(R"({"Cmd":["a"],"Tty":true,"Env":["PATH=/own","EMPTY=","HOSTNAME"]})");
  EXPECT_THAT(spec.process.env, ElementsAre("PATH=/own", "TERM=xterm", "EMPTY="));
}

TEST(Spec, LimitsBecomeResources) {
  const auto resources =
      spec_of(
          R"({"Cmd":["a"],"HostConfig":{"Memory":20000000,"NanoCpus":500000000,"PidsLimit":5,"CpuShares":512,"CpusetCpus":"0"}})")
          .linux_.resources;
  EXPECT_EQ(resources.memory_limit, 20000000);
  EXPECT_EQ(resources.memory_swap, 40000000);
  EXPECT_EQ(resources.cpu_period, 100000U);
  EXPECT_EQ(resources.cpu_quota, 50000);
  EXPECT_EQ(resources.pids_limit, 5);
  EXPECT_EQ(resources.cpu_shares, 512U);
  EXPECT_EQ(resources.cpuset_cpus, "0");
}

TEST(Spec, AUsersMountReplacesTheDefaultOfTheSamePlace) {
  const runtime::Spec spec = spec_of(R"({"Cmd":["a"],"HostConfig":{"Binds":["/own:/etc/hosts:ro","/sh:/dev/shm"]}})");
  EXPECT_EQ(mount_at(spec, "/etc/hosts").source, "/own");
  EXPECT_THAT(mount_at(spec, "/etc/hosts").options, Contains("rro"));
  EXPECT_EQ(mount_at(spec, "/dev/shm").type, "bind");
  const auto places = destinations(spec);
  EXPECT_EQ(std::count(places.begin(), places.end(), "/dev/shm"), 1);
  EXPECT_THAT(destinations(spec_of(R"({"Cmd":["a"],"HostConfig":{"Binds":["/dev:/dev"]}})")), Not(Contains("/dev/pts")));
}

TEST(Spec, AVolumeBelowEtcComesBeforeTheFilesInIt) {
  const auto places = destinations(spec_of(R"({"Cmd":["a"],"HostConfig":{"Binds":["/own:/etc"]}})"));
  EXPECT_LT(std::find(places.begin(), places.end(), "/etc"), std::find(places.begin(), places.end(), "/etc/hosts"));
}

TEST(Spec, HostModesShareTheNamespace) {
  EXPECT_FALSE(has_namespace(spec_of(R"({"Cmd":["a"],"HostConfig":{"NetworkMode":"host"}})"), NamespaceType::network));
  EXPECT_FALSE(has_namespace(spec_of(R"({"Cmd":["a"],"HostConfig":{"PidMode":"host"}})"), NamespaceType::pid));
  const runtime::Spec uts = spec_of(R"({"Cmd":["a"],"HostConfig":{"UTSMode":"host"}})");
  EXPECT_FALSE(has_namespace(uts, NamespaceType::uts));
  EXPECT_EQ(uts.hostname, "");
  EXPECT_TRUE(has_namespace(spec_of(R"({"Cmd":["a"],"HostConfig":{"CgroupnsMode":"private"}})"), NamespaceType::cgroup));
}

TEST(Spec, SecurityOptionsAreTakenOrRefused) {
  EXPECT_TRUE(spec_of(R"({"Cmd":["a"],"HostConfig":{"SecurityOpt":["no-new-privileges:true"]}})").process.no_new_privileges);
  EXPECT_FALSE(spec_of(R"({"Cmd":["a"],"HostConfig":{"SecurityOpt":["no-new-privileges=false"]}})").process.no_new_privileges);
  EXPECT_THROW(spec_of(R"({"Cmd":["a"],"HostConfig":{"SecurityOpt":["zz"]}})"), Error);
}

TEST(Spec, SystemPathsAndControlGroupsCanBeOpened) {
  const auto unmasked = spec_of(R"({"Cmd":["a"],"HostConfig":{"MaskedPaths":[],"ReadonlyPaths":[]}})").linux_;
  EXPECT_TRUE(unmasked.masked_paths.empty() && unmasked.readonly_paths.empty());
  const auto plain = spec_of(R"({"Cmd":["a"]})");
  EXPECT_THAT(mount_at(plain, "/sys/fs/cgroup").options, Contains("ro"));
  const auto writable = spec_of(R"({"Cmd":["a"],"HostConfig":{"SecurityOpt":["writable-cgroups=true"]}})");
  EXPECT_THAT(mount_at(writable, "/sys/fs/cgroup").options, Not(Contains("ro")));
}

TEST(Spec, AnAppArmorProfileIsSetWhereTheKernelHasIt) {
  const Record record = record_of(R"({"Cmd":["a"],"HostConfig":{"SecurityOpt":["apparmor=mine"]}})");
  const Record unconfined = record_of(R"({"Cmd":["a"],"HostConfig":{"SecurityOpt":["apparmor=unconfined"]}})");
  EXPECT_EQ(build_spec({record, {}, "/g", {}, {}, {}, 0, 0, {}, true}).process.apparmor_profile, "mine");
  EXPECT_EQ(build_spec({record, {}, "/g", {}, {}, {}, 0, 0, {}, false}).process.apparmor_profile, "");
  EXPECT_EQ(build_spec({unconfined, {}, "/g", {}, {}, {}, 0, 0, {}, true}).process.apparmor_profile, "");
}

TEST(Spec, SharedMemoryGoesWithTheIpcNamespace) {
  const auto places = destinations(spec_of(R"({"Cmd":["a"],"HostConfig":{"IpcMode":"none"}})"));
  EXPECT_THAT(places, Not(Contains("/dev/shm")));
  EXPECT_EQ(mount_at(spec_of(R"({"Cmd":["a"],"HostConfig":{"IpcMode":"host"}})"), "/dev/shm").source, "/dev/shm");
  const Record joins = record_of(R"({"Cmd":["a"],"HostConfig":{"IpcMode":"container:b"}})");
  const runtime::Spec joined = build_spec({joins, {}, "/g", {}, {}, {}, 0, 77});
  EXPECT_EQ(mount_at(joined, "/dev/shm").source_namespace, "/proc/77/ns/mnt");
  EXPECT_EQ(mount_at(joined, "/dev/shm").type, "bind");
  EXPECT_THAT(mount_at(spec_of(R"({"Cmd":["a"],"HostConfig":{"ShmSize":4096}})"), "/dev/shm").options, Contains("size=4096"));
}

TEST(Spec, RealTimeLimitsBecomeResources) {
  const auto resources =
      spec_of(R"({"Cmd":["a"],"HostConfig":{"CpuRealtimePeriod":100000,"CpuRealtimeRuntime":5000}})").linux_.resources;
  EXPECT_EQ(resources.cpu_realtime_period, 100000U);
  EXPECT_EQ(resources.cpu_realtime_runtime, 5000);
}

TEST(Spec, LimitsOfBlockDevicesNeedBlockDevices) {
  const auto refusal = [](const char* path) {
    const std::string json =
        std::string(R"({"Cmd":["a"],"HostConfig":{"BlkioDeviceReadBps":[{"Path":")") + path + R"(","Rate":5}]}})";
    try {
      spec_of(json.c_str());
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refusal("/dev/no-such"), "stat /dev/no-such: no such file or directory");
  EXPECT_EQ(refusal("/dev/null"), "/dev/null is no block device: its speed cannot be limited");
}

TEST(Spec, PrivilegedHasEverythingAndMasksNothing) {
  const runtime::Spec spec = spec_of(R"({"Cmd":["a"],"HostConfig":{"Privileged":true}})");
  EXPECT_GT(spec.process.capabilities.bounding.size(), 14U);
  EXPECT_TRUE(spec.linux_.masked_paths.empty());
  EXPECT_TRUE(spec.linux_.readonly_paths.empty());
}

TEST(Spec, DevicesArePassedThroughWithTheirRule) {
  const runtime::Spec plain = spec_of(R"({"Cmd":["a"]})");
  const runtime::Spec spec = spec_of(
      R"({"Cmd":["a"],"HostConfig":{"Devices":[{"PathOnHost":"/dev/null","PathInContainer":"/dev/nil","CgroupPermissions":"r"}],"DeviceCgroupRules":["c 10:* rw"]}})");
  ASSERT_EQ(spec.linux_.devices.size(), plain.linux_.devices.size() + 1);
  EXPECT_EQ(spec.linux_.devices.back().path, "/dev/nil");
  EXPECT_EQ(spec.linux_.devices.back().major, 1);
  const auto& rules = spec.linux_.resources.devices;
  EXPECT_EQ(rules.at(rules.size() - 2).access, "r");
  EXPECT_EQ(rules.back().major, 10);
  EXPECT_FALSE(rules.back().minor);
  EXPECT_THROW(spec_of(R"({"Cmd":["a"],"HostConfig":{"Devices":[{"PathOnHost":"/dev/no-such"}]}})"), Error);
  EXPECT_THROW(spec_of(R"({"Cmd":["a"],"HostConfig":{"DeviceCgroupRules":["x 1:1 r"]}})"), Error);
}

TEST(Spec, ADirectoryOfDevicesGivesAllOfThem) {
  const runtime::Spec spec = spec_of(
      R"({"Cmd":["a"],"HostConfig":{"Devices":[{"PathOnHost":"/dev/pts/","PathInContainer":"/dev/terminals","CgroupPermissions":"r"}]}})");
  EXPECT_THAT(spec.linux_.devices, Contains(testing::Field(&runtime::Device::path, "/dev/terminals/ptmx")));
  EXPECT_EQ(spec.linux_.resources.devices.back().access, "r");
  EXPECT_THROW(spec_of(R"({"Cmd":["a"],"HostConfig":{"Devices":[{"PathOnHost":"/proc/self/task"}]}})"), Error);
  EXPECT_THROW(spec_of(R"({"Cmd":["a"],"HostConfig":{"Devices":[{"PathOnHost":"/etc/passwd"}]}})"), Error);
}

TEST(Spec, ADeviceOfTheUserReplacesTheDefaultOneOfThatPath) {
  const runtime::Spec spec =
      spec_of(R"({"Cmd":["a"],"HostConfig":{"Devices":[{"PathOnHost":"/dev/null","PathInContainer":"/dev/tty"}]}})");
  const auto is_tty = [](const auto& device) { return device.path == "/dev/tty"; };
  EXPECT_EQ(std::count_if(spec.linux_.devices.begin(), spec.linux_.devices.end(), is_tty), 1);
  EXPECT_EQ(spec.linux_.devices.back().minor, 3);
}

TEST(Spec, OnlyNamespacedSysctlsAreSet) {
  EXPECT_EQ(
      spec_of(R"({"Cmd":["a"],"HostConfig":{"Sysctls":{"net.core.somaxconn":"9"}}})").linux_.sysctl.at("net.core.somaxconn"),
      "9");
  EXPECT_THROW(spec_of(R"({"Cmd":["a"],"HostConfig":{"Sysctls":{"kernel.core_pattern":"x"}}})"), Error);
  EXPECT_THROW(spec_of(R"({"Cmd":["a"],"HostConfig":{"NetworkMode":"host","Sysctls":{"net.core.somaxconn":"9"}}})"), Error);
}

TEST(Spec, UlimitsBecomeRlimits) {
  const auto rlimits =
      spec_of(R"({"Cmd":["a"],"HostConfig":{"Ulimits":[{"Name":"nofile","Soft":5,"Hard":9}]}})").process.rlimits;
  ASSERT_EQ(rlimits.size(), 1U);
  EXPECT_EQ(rlimits[0].type, "RLIMIT_NOFILE");
  EXPECT_EQ(rlimits[0].soft, 5U);
  EXPECT_EQ(rlimits[0].hard, 9U);
  EXPECT_THROW(spec_of(R"({"Cmd":["a"],"HostConfig":{"Ulimits":[{"Name":"zz"}]}})"), Error);
}

}  // namespace
}  // namespace stack::engine::container
