#include "engine/runtime/spec.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::engine::runtime {
namespace {

TEST(Spec, SurvivesPrintingAndParsing) {
  Spec spec = default_spec();
  spec.hostname = "box";
  spec.process.args = {"sh", "-c", "x"};
  spec.process.user.name = "alice";
  spec.process.rlimits = {{"RLIMIT_NOFILE", 10, 5}};
  spec.process.oom_score_adj = -5;
  spec.process.init = true;
  spec.root.overlay = Overlay{{"/a", "/b"}, "/u", "/w"};
  spec.linux_.resources.memory_limit = 1 << 30;
  spec.linux_.resources.pids_limit = 10;
  spec.linux_.resources.cpu_quota = 50000;
  spec.linux_.cgroups_path = "/x/y";
  spec.linux_.resources.cpu_realtime_runtime = 5;
  spec.linux_.resources.cpu_realtime_period = 50;
  spec.linux_.resources.blkio_weight = 300;
  spec.linux_.resources.blkio_weight_device = {{8, 0, 400}};
  spec.linux_.resources.throttle_write_iops = {{8, 16, 30}};
  spec.linux_.sysctl = {{"kernel.msgmax", "1"}};
  spec.process.apparmor_profile = "mine";
  spec.mounts.push_back({"/dev/shm", "bind", "/dev/shm", {"bind"}, "/proc/7/ns/mnt"});
  const std::string text = print(spec);
  EXPECT_EQ(print(parse_spec(text)), text);
  EXPECT_NE(text.find(R"("throttleWriteIOPSDevice":[{"major":8,"minor":16,"rate":30}])"), std::string::npos) << text;
  EXPECT_EQ(parse_spec(text).mounts.back().source_namespace, "/proc/7/ns/mnt");
}

// What only the runc command line uses.
TEST(Spec, KeepsTheWholeOfABundle) {
  const std::string text = R"({
    "ociVersion": "1.2.0", "root": {"path": "rootfs"},
    "process": {"args": ["x"], "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 4},
                "scheduler": {"policy": "SCHED_BATCH", "nice": 3, "flags": ["SCHED_FLAG_RESET_ON_FORK"], "period": 7}},
    "mounts": [{"destination": "/m", "type": "bind", "source": "/s", "options": ["ridmap"],
                "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 5}]}],
    "hooks": {"prestart": [{"path": "/a", "args": ["a", "b"], "env": ["C=D"], "timeout": 3}], "poststop": [{"path": "/e"}]},
    "linux": {"namespaces": [{"type": "time"}, {"type": "user", "path": "/proc/1/ns/user"}],
              "gidMappings": [{"containerID": 1, "hostID": 2, "size": 3}],
              "timeOffsets": {"boottime": {"secs": 4, "nanosecs": 5}}, "personality": {"domain": "LINUX32"},
              "seccomp": {"defaultAction": "SCMP_ACT_ALLOW"},
              "resources": {"hugepageLimits": [{"pageSize": "2MB", "limit": 9}], "cpu": {"idle": 1, "burst": 2},
                            "network": {"classID": 3, "priorities": [{"name": "eth0", "priority": 4}]},
                            "devices": [{"allow": true, "type": "c", "major": 1, "minor": -1, "access": ""}]}}})";
  const Spec spec = parse_spec(text);
  EXPECT_EQ(spec.hooks.prestart.front().timeout, 3);
  EXPECT_EQ(spec.hooks.poststop.front().path, "/e");
  EXPECT_EQ(spec.mounts.front().uid_mappings.front().host, 1000u);
  EXPECT_EQ(spec.linux_.time_offsets.at("boottime").seconds, 4);
  EXPECT_EQ(spec.linux_.resources.network_priorities.at("eth0"), 4u);
  EXPECT_EQ(spec.linux_.resources.devices.front().minor, std::nullopt) << "-1 stands for any";
  EXPECT_EQ(spec.linux_.resources.devices.front().access, "rwm");
  EXPECT_EQ(print(parse_spec(print(spec))), print(spec));
}

std::string failure(const char* text) {
  try {
    parse_spec(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Spec, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(failure("{"), "runtime spec: config.json: not valid JSON");
  EXPECT_EQ(failure(R"({"process":{"args":3}})"), "runtime spec: args: wrong type");
  EXPECT_EQ(failure(R"({"mounts":[{"type":"tmpfs"}]})"), "runtime spec: mounts: a destination is missing");
  EXPECT_EQ(failure(R"({"linux":{"devices":[{"path":"/dev/a","type":"x"}]}})"),
            "runtime spec: linux.devices: invalid device type \"x\" of /dev/a");
  EXPECT_EQ(failure(R"({"linux":{"resources":{"devices":[{"type":"x"}]}}})"),
            "runtime spec: linux.resources.devices: invalid device type \"x\"");
  EXPECT_EQ(failure(R"({"linux":{"resources":{"devices":[{"access":"rx"}]}}})"),
            "runtime spec: linux.resources.devices: invalid access \"rx\"");
  EXPECT_EQ(failure(R"({"hooks":{"prestart":[{"path":"x"}]}})"), "runtime spec: hooks.prestart: path must be absolute: x");
  EXPECT_EQ(failure(R"({"hooks":{"poststop":[{"path":"/x","timeout":0}]}})"),
            "runtime spec: hooks.poststop: timeout must be greater than zero");
  EXPECT_EQ(failure(R"({"linux":{"namespaces":[{"type":"time2"}]}})"),
            "runtime spec: linux.namespaces: unknown type \"time2\"");
}

TEST(Capabilities, FollowDockersRulesForAddAndDrop) {
  EXPECT_EQ(effective_capabilities({}, {"ALL"}), std::vector<std::string>{});
  EXPECT_EQ(effective_capabilities({"net_admin"}, {"all"}), std::vector<std::string>{"CAP_NET_ADMIN"});
  EXPECT_EQ(effective_capabilities({}, {}).size(), 14u);
  EXPECT_EQ(effective_capabilities({"SYS_TIME"}, {"CAP_CHOWN"}).size(), 14u);
  EXPECT_EQ(effective_capabilities({"ALL"}, {}), all_capabilities());
  EXPECT_EQ(effective_capabilities({"ALL"}, {"CHOWN"}).size(), all_capabilities().size() - 1);
  EXPECT_THROW(effective_capabilities({"NOPE"}, {}), Error);
}

}  // namespace
}  // namespace stack::engine::runtime
