// A walk over config.json as the OCI runtime specification 1.2 has it for Linux: every field changes what a container gets, or
// is refused by its name, or is known to have no effect and said so. One that does none of that would be passed over in
// silence.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/shim/oci/bundle.hpp"
#include "engine/shim/oci/check.hpp"

namespace stack::engine::shim::oci {
namespace {

using nlohmann::json;

/// One of each thing that is listed, so that a field of it can be set.
json base() {
  return json::parse(R"({
    "ociVersion": "1.2.0", "root": {"path": "/"}, "process": {"args": ["x"], "cwd": "/", "rlimits": [{"type": "RLIMIT_CPU"}]},
    "mounts": [{"destination": "/m", "type": "bind", "source": "/s", "options": ["bind"]}],
    "hooks": {"prestart": [{"path": "/h"}], "createRuntime": [{"path": "/h"}], "createContainer": [{"path": "/h"}],
              "startContainer": [{"path": "/h"}], "poststart": [{"path": "/h"}], "poststop": [{"path": "/h"}]},
    "linux": {"namespaces": [{"type": "mount"}, {"type": "uts"}, {"type": "user"}, {"type": "time"}, {"type": "ipc"},
                             {"type": "network"}],
              "uidMappings": [{"containerID": 0, "hostID": 100, "size": 9}],
              "gidMappings": [{"containerID": 0, "hostID": 100, "size": 9}],
              "devices": [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3}],
              "resources": {"devices": [{"allow": true, "type": "c", "major": 1, "minor": 3, "access": "r"}]}}})");
}

/// The fields that are read, with a value that differs from the base's.
const std::vector<std::pair<const char*, const char*>> fields{
    {"/hostname", R"("h")"},
    {"/domainname", R"("d")"},
    {"/annotations", R"({"a": "b"})"},
    {"/root/path", R"("/usr")"},
    {"/root/readonly", "true"},
    {"/mounts/0/destination", R"("/other")"},
    {"/mounts/0/source", R"("/other")"},
    {"/mounts/0/type", R"("none")"},
    {"/mounts/0/options", R"(["rbind"])"},
    {"/process/args", R"(["y"])"},
    {"/process/cwd", R"("/other")"},
    {"/process/env", R"(["A=b"])"},
    {"/process/terminal", "true"},
    {"/process/consoleSize", R"({"height": 3, "width": 4})"},
    {"/process/user/uid", "1"},
    {"/process/user/gid", "1"},
    {"/process/user/umask", "63"},
    {"/process/user/additionalGids", "[5]"},
    {"/process/capabilities/bounding", R"(["CAP_KILL"])"},
    {"/process/capabilities/effective", R"(["CAP_KILL"])"},
    {"/process/capabilities/permitted", R"(["CAP_KILL"])"},
    {"/process/capabilities/inheritable", R"(["CAP_KILL"])"},
    {"/process/capabilities/ambient", R"(["CAP_KILL"])"},
    {"/process/rlimits/0/type", R"("RLIMIT_NOFILE")"},
    {"/process/rlimits/0/soft", "3"},
    {"/process/rlimits/0/hard", "3"},
    {"/process/noNewPrivileges", "true"},
    {"/process/apparmorProfile", R"("p")"},
    {"/process/oomScoreAdj", "3"},
    {"/process/ioPriority", R"({"class": "IOPRIO_CLASS_BE", "priority": 3})"},
    {"/process/scheduler", R"({"policy": "SCHED_BATCH"})"},
    {"/process/scheduler", R"({"policy": "SCHED_BATCH", "nice": 3})"},
    {"/process/scheduler", R"({"policy": "SCHED_RR", "priority": 3})"},
    {"/process/scheduler", R"({"policy": "SCHED_RR", "flags": ["SCHED_FLAG_RESET_ON_FORK"]})"},
    {"/process/scheduler", R"({"policy": "SCHED_DEADLINE", "runtime": 3})"},
    {"/process/scheduler", R"({"policy": "SCHED_DEADLINE", "deadline": 3})"},
    {"/process/scheduler", R"({"policy": "SCHED_DEADLINE", "period": 3})"},
    {"/process/execCPUAffinity/initial", R"("0-3")"},
    {"/process/execCPUAffinity/final", R"("0,2")"},
    {"/linux/namespaces/0/type", R"("pid")"},
    {"/linux/namespaces/0/path", R"("/proc/self/ns/mnt")"},
    {"/linux/uidMappings/0/containerID", "3"},
    {"/linux/uidMappings/0/hostID", "3"},
    {"/linux/uidMappings/0/size", "3"},
    {"/linux/gidMappings/0/size", "3"},
    {"/linux/timeOffsets/monotonic/secs", "3"},
    {"/linux/timeOffsets/boottime/nanosecs", "3"},
    {"/linux/devices/0/path", R"("/dev/y")"},
    {"/linux/devices/0/type", R"("b")"},
    {"/linux/devices/0/major", "5"},
    {"/linux/devices/0/minor", "5"},
    {"/linux/devices/0/fileMode", "384"},
    {"/linux/devices/0/uid", "5"},
    {"/linux/devices/0/gid", "5"},
    {"/linux/cgroupsPath", R"("/g")"},
    {"/linux/sysctl", R"({"net.x": "1"})"},
    {"/linux/rootfsPropagation", R"("rshared")"},
    {"/linux/maskedPaths", R"(["/x"])"},
    {"/linux/readonlyPaths", R"(["/x"])"},
    {"/linux/personality/domain", R"("LINUX32")"},
    {"/linux/resources/devices/0/allow", "false"},
    {"/linux/resources/devices/0/type", R"("b")"},
    {"/linux/resources/devices/0/major", "5"},
    {"/linux/resources/devices/0/minor", "5"},
    {"/linux/resources/devices/0/access", R"("w")"},
    {"/linux/resources/memory/limit", "3"},
    {"/linux/resources/memory/reservation", "3"},
    {"/linux/resources/memory/swap", "3"},
    {"/linux/resources/memory/swappiness", "3"},
    {"/linux/resources/memory/disableOOMKiller", "true"},
    {"/linux/resources/memory/checkBeforeUpdate", "true"},
    {"/linux/resources/cpu/shares", "3"},
    {"/linux/resources/cpu/quota", "3"},
    {"/linux/resources/cpu/burst", "3"},
    {"/linux/resources/cpu/period", "3"},
    {"/linux/resources/cpu/realtimeRuntime", "3"},
    {"/linux/resources/cpu/realtimePeriod", "3"},
    {"/linux/resources/cpu/cpus", R"("0")"},
    {"/linux/resources/cpu/mems", R"("0")"},
    {"/linux/resources/cpu/idle", "1"},
    {"/linux/resources/pids/limit", "3"},
    {"/linux/resources/blockIO/weight", "30"},
    {"/linux/resources/blockIO/weightDevice", R"([{"major": 1, "minor": 2, "weight": 30}])"},
    {"/linux/resources/blockIO/throttleReadBpsDevice", R"([{"major": 1, "minor": 2, "rate": 3}])"},
    {"/linux/resources/blockIO/throttleWriteBpsDevice", R"([{"major": 1, "minor": 2, "rate": 3}])"},
    {"/linux/resources/blockIO/throttleReadIOPSDevice", R"([{"major": 1, "minor": 2, "rate": 3}])"},
    {"/linux/resources/blockIO/throttleWriteIOPSDevice", R"([{"major": 1, "minor": 2, "rate": 3}])"},
    {"/linux/resources/hugepageLimits", R"([{"pageSize": "2MB", "limit": 3}])"},
    {"/linux/resources/network/classID", "3"},
    {"/linux/resources/network/priorities", R"([{"name": "lo", "priority": 3}])"},
    {"/linux/resources/unified", R"({"memory.high": "3"})"},
    {"/linux/resources/rdma/mlx/hcaHandles", "3"},
    {"/linux/resources/rdma/mlx/hcaObjects", "3"},
};

/// What no container gets, and the word of the message that names it.
const std::vector<std::tuple<const char*, const char*, const char*>> refused{
    {"/solaris", R"({"milestone": "x"})", "solaris"},
    {"/windows", R"({"layerFolders": ["x"]})", "windows"},
    {"/freebsd", R"({"devices": [{"path": "x"}]})", "freebsd"},
    {"/vm", R"({"kernel": {"path": "x"}})", "vm"},
    {"/zos", R"({"devices": [{"path": "x"}]})", "zos"},
    {"/process/selinuxLabel", R"("x")", "selinux label"},
    {"/linux/mountLabel", R"("x")", "selinux label"},
    {"/linux/intelRdt/closID", R"("x")", "intelRdt"},
    {"/linux/intelRdt/l3CacheSchema", R"("x")", "intelRdt"},
    {"/linux/intelRdt/memBwSchema", R"("x")", "intelRdt"},
    {"/linux/intelRdt/enableCMT", "true", "intelRdt"},
    {"/linux/intelRdt/enableMBM", "true", "intelRdt"},
    {"/linux/netDevices/eth0/name", R"("x")", "netDevices"},
    {"/linux/memoryPolicy/mode", R"("x")", "memoryPolicy"},
    {"/linux/seccomp/listenerPath", R"("/x")", "listenerPath"},
    {"/linux/seccomp/listenerMetadata", R"("x")", "listenerMetadata"},
    {"/linux/resources/blockIO/leafWeight", "30", "leafWeight"},
    {"/linux/resources/blockIO/weightDevice", R"([{"major": 1, "minor": 2, "leafWeight": 30}])", "leafWeight"},
};

/// What the log says about.
const std::vector<std::pair<const char*, const char*>> without_effect{
    {"/process/commandLine", R"("x")"},         {"/process/user/username", R"("x")"},
    {"/linux/personality/flags", R"(["x"])"},   {"/linux/resources/memory/kernel", "3"},
    {"/linux/resources/memory/kernelTCP", "3"}, {"/linux/resources/memory/useHierarchy", "true"},
};

json with(json config, const char* pointer, const char* value) {
  config[json::json_pointer(pointer)] = json::parse(value);
  return config;
}

std::string decoded(const json& config) { return runtime::print(complete_spec(config.dump(), "/tmp", "id")); }

TEST(Fields, EveryOneIsRead) {
  const std::string before = decoded(base());
  for (const auto& [pointer, value] : fields) EXPECT_NE(decoded(with(base(), pointer, value)), before) << pointer;
}

TEST(Fields, OfMountsAreReadTogether) {
  json config = with(base(), "/mounts/0/uidMappings", R"([{"containerID": 0, "hostID": 5, "size": 6}])");
  config = with(config, "/mounts/0/gidMappings", R"([{"containerID": 0, "hostID": 7, "size": 8}])");
  const runtime::Spec spec = complete_spec(config.dump(), "/tmp", "id");
  EXPECT_EQ(spec.mounts.front().uid_mappings.front().host, 5u);
  EXPECT_EQ(spec.mounts.front().gid_mappings.front().size, 8u);
}

TEST(Fields, OfHooksAreReadInEveryList) {
  const std::string before = decoded(base());
  for (const char* list : {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"})
    for (const auto& [field, value] : std::vector<std::pair<std::string, const char*>>{
             {"path", R"("/other")"}, {"args", R"(["x"])"}, {"env", R"(["A=b"])"}, {"timeout", "3"}}) {
      const std::string pointer = "/hooks/" + std::string(list) + "/0/" + field;
      EXPECT_NE(decoded(with(base(), pointer.c_str(), value)), before) << pointer;
    }
}

// The filter is what counts of these, not the text that is kept.
TEST(Fields, OfSeccompChangeTheFilter) {
  const json filtered = with(base(), "/linux/seccomp", R"({
    "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
    "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 6, "op": "SCMP_CMP_MASKED_EQ",
                  "valueTwo": 4}]}]})");
  const auto filter_of = [](const json& config) {
    const runtime::Spec spec = complete_spec(config.dump(), "/tmp", "id");
    return compile_filter(spec) + std::to_string(filter_flags(spec));
  };
  for (const auto& [pointer, value] :
       std::vector<std::pair<const char*, const char*>>{{"/defaultAction", R"("SCMP_ACT_LOG")"},
                                                        {"/architectures", R"(["SCMP_ARCH_X86"])"},
                                                        {"/flags", R"(["SECCOMP_FILTER_FLAG_LOG"])"},
                                                        {"/syscalls/0/names", R"(["rmdir"])"},
                                                        {"/syscalls/0/action", R"("SCMP_ACT_TRAP")"},
                                                        {"/syscalls/0/errnoRet", "5"},
                                                        {"/syscalls/0/args/0/index", "0"},
                                                        {"/syscalls/0/args/0/value", "14"},
                                                        {"/syscalls/0/args/0/valueTwo", "2"},
                                                        {"/syscalls/0/args/0/op", R"("SCMP_CMP_NE")"}})
    EXPECT_NE(filter_of(with(filtered, (std::string("/linux/seccomp") + pointer).c_str(), value)), filter_of(filtered))
        << pointer;
  const json refusing = with(filtered, "/linux/seccomp/defaultAction", R"("SCMP_ACT_ERRNO")");
  EXPECT_NE(filter_of(with(refusing, "/linux/seccomp/defaultErrnoRet", "38")), filter_of(refusing));
}

TEST(Fields, ThatAreNotSupportedAreRefusedByName) {
  for (const auto& [pointer, value, word] : refused) {
    std::string message = "accepted";
    try {
      decoded(with(base(), pointer, value));
    } catch (const Error& error) {
      message = error.what();
    }
    EXPECT_NE(message.find(word), std::string::npos) << pointer << ": " << message;
  }
}

TEST(Fields, WithoutEffectAreNamedInTheLog) {
  EXPECT_TRUE(ignored_fields(base()).empty());
  for (const auto& [pointer, value] : without_effect) {
    const json config = with(base(), pointer, value);
    EXPECT_EQ(ignored_fields(config), std::vector<std::string>{std::string(pointer + 1) + " in config.json has no effect"});
    EXPECT_EQ(decoded(config), decoded(base())) << pointer;
  }
  EXPECT_EQ(ignored_fields(with(base(), "/process/capabilities/ambient", R"(["CAP_NOSUCH"])")),
            std::vector<std::string>{"ignoring unknown capability CAP_NOSUCH in ambient"});
}

TEST(Fields, OfOneVersionOfCgroupsAreRefusedOnTheOther) {
  const auto refusal = [](const char* pointer, const char* value, bool unified) {
    const runtime::Spec spec = complete_spec(with(base(), pointer, value).dump(), "/tmp", "id");
    try {
      check_resources(spec.linux_.resources, unified);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  for (const auto& [pointer, value, on_unified] : std::vector<std::tuple<const char*, const char*, bool>>{
           {"/linux/resources/unified", R"({"memory.high": "3"})", false},
           {"/linux/resources/network/classID", "3", true},
           {"/linux/resources/network/priorities", R"([{"name": "lo", "priority": 3}])", true},
           {"/linux/resources/cpu/realtimeRuntime", "3", true},
           {"/linux/resources/cpu/realtimePeriod", "3", true},
           {"/linux/resources/memory/swappiness", "3", true},
           {"/linux/resources/memory/disableOOMKiller", "true", true}}) {
    EXPECT_NE(refusal(pointer, value, on_unified), "") << pointer;
    EXPECT_EQ(refusal(pointer, value, !on_unified), "") << pointer;
  }
  EXPECT_EQ(refusal("/linux/resources/memory/disableOOMKiller", "false", true), "");
}

}  // namespace
}  // namespace stack::engine::shim::oci
