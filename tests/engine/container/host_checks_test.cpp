#include "engine/container/host_checks.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/container/endpoint_checks.hpp"

namespace stack::engine::container {
namespace {

HostFacts v1() {
  HostFacts facts;
  facts.cpus = 2;
  facts.cpuset_cpus = "0-1";
  facts.cpuset_mems = "0";
  return facts;
}
HostFacts v2() {
  HostFacts facts = v1();
  facts.unified_cgroups = true;
  facts.blkio_weight = true;
  return facts;
}

struct Outcome {
  api::HostConfig host;
  std::vector<std::string> warnings;
  std::string refusal = "accepted";
};

/// `host`: members of HostConfig, `config`: of the request beside it.
Outcome check(const std::string& host, const std::string& config = "", const HostFacts& facts = v1()) {
  const auto request = nlohmann::json::parse("{" + config + (config.empty() ? "" : ",") + "\"HostConfig\":{" + host + "}}")
                           .get<api::ContainerCreateRequest>();
  Outcome outcome{request.host_config, {}};
  try {
    check_isolation_and_limits(request.config, outcome.host, facts, outcome.warnings);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    outcome.refusal = error.what();
  }
  return outcome;
}
std::string refusal(const std::string& host, const std::string& config = "") { return check(host, config).refusal; }

TEST(HostChecks, NamespacesAreDockers) {
  EXPECT_EQ(refusal(R"("IpcMode":"x")"), "invalid IPC mode: x");
  EXPECT_EQ(refusal(R"("PidMode":"x")"), "invalid PID mode: x");
  EXPECT_EQ(refusal(R"("PidMode":"container:")"), "invalid PID mode: container:");
  EXPECT_EQ(refusal(R"("UTSMode":"container:a")"), "invalid UTS mode: container:a");
  EXPECT_EQ(refusal(R"("CgroupnsMode":"x")"), "invalid cgroup namespace mode: x");
  EXPECT_EQ(refusal(R"("NetworkMode":"container:")"), "invalid network mode: invalid container format container:<name|id>");
  EXPECT_EQ(refusal(R"("Isolation":"hyperv")"), "invalid isolation (hyperv): linux only supports 'default'");
  EXPECT_EQ(refusal(R"("UsernsMode":"private")").find("invalid user namespace mode: private"), 0U);
  EXPECT_EQ(refusal(R"("IpcMode":"shareable","PidMode":"container:a","UTSMode":"host","CgroupnsMode":"private",)"
                    R"("UsernsMode":"host","Isolation":"default")"),
            "accepted");
}

TEST(HostChecks, WhatASharedNamespaceDecidesCannotBeAskedFor) {
  EXPECT_EQ(refusal(R"("UTSMode":"host")", R"("Hostname":"a")"), "conflicting options: hostname and the UTS mode");
  EXPECT_EQ(refusal(R"("UTSMode":"host")", R"("Domainname":"a")"), "conflicting options: domainname and the UTS mode");
  const std::string joined = R"("NetworkMode":"container:a")";
  EXPECT_EQ(refusal(joined, R"("Hostname":"a")"), "conflicting options: hostname and the network mode");
  EXPECT_EQ(refusal(joined + R"(,"Dns":["1.2.3.4"])"), "conflicting options: dns and the network mode");
  EXPECT_EQ(refusal(joined + R"(,"ExtraHosts":["a:1.2.3.4"])"),
            "conflicting options: custom host-to-IP mapping and the network mode");
  EXPECT_EQ(refusal(joined + R"(,"PortBindings":{"80/tcp":[{}]})"),
            "conflicting options: port publishing and the container type network mode");
  EXPECT_EQ(refusal(joined, R"("ExposedPorts":{"80/tcp":{}})"),
            "conflicting options: port exposing and the container type network mode");
  EXPECT_EQ(refusal(joined + R"(,"Links":["b"])"),
            "conflicting options: container type network can't be used with links. This would result in undefined behavior");
  EXPECT_EQ(refusal(R"("NetworkMode":"host","Links":["b"])"),
            "conflicting options: host type networking can't be used with links. This would result in undefined behavior");
}

TEST(HostChecks, OnlyNamespacedSysctlsAreTaken) {
  const auto sysctl = [](const std::string& name, const std::string& more = "") {
    return refusal("\"Sysctls\":{\"" + name + "\":\"1\"}" + more);
  };
  for (const char* name : {"net.core.somaxconn", "kernel.msgmax", "kernel/msgmax", "fs.mqueue.msg_max", "kernel.domainname",
                           "net.ipv4.conf.all.forwarding", "net/ipv4/conf/eth0.1/forwarding"})
    EXPECT_EQ(sysctl(name), "accepted") << name;
  EXPECT_EQ(sysctl("kernel.core_pattern"), "sysctl \"kernel.core_pattern\" is not in a separate kernel namespace");
  EXPECT_EQ(sysctl("kernel/core_pattern"), "sysctl \"kernel.core_pattern\" is not in a separate kernel namespace");
  EXPECT_EQ(sysctl("kernel.hostname"),
            "sysctl \"kernel.hostname\" is not allowed as it conflicts with the OCI \"hostname\" field");
  EXPECT_EQ(sysctl("net.core.somaxconn", R"(,"NetworkMode":"host")"),
            "sysctl \"net.core.somaxconn\" not allowed in host network namespace");
  EXPECT_EQ(sysctl("kernel.shmmax", R"(,"IpcMode":"host")"),
            "sysctl \"kernel.shmmax\" is not allowed in the hosts ipc namespace");
  EXPECT_EQ(sysctl("kernel.domainname", R"(,"UTSMode":"host")"),
            "sysctl \"kernel.domainname\" is not in a separate kernel namespace");
  EXPECT_EQ(sysctl("net.ipv4.conf.eth0.log_martians"),
            "interface specific sysctl setting \"net.ipv4.conf.eth0.log_martians\" must be supplied using driver option "
            "'com.docker.network.endpoint.sysctls'");
}

TEST(HostChecks, SecurityOptionsAreUnderstoodAtOnce) {
  EXPECT_EQ(refusal(R"("SecurityOpt":["foo=bar"])"), "invalid --security-opt 2: \"foo=bar\"");
  EXPECT_EQ(refusal(R"("SecurityOpt":["seccomp={"])"), "decoding seccomp profile failed: it is not valid JSON");
  EXPECT_EQ(refusal(R"("SecurityOpt":["seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}"])"), "accepted");
}

TEST(HostChecks, LimitsOfProcesses) {
  const auto ulimit = [](const char* name, int soft, int hard) {
    return refusal("\"Ulimits\":[{\"Name\":\"" + std::string(name) + "\",\"Soft\":" + std::to_string(soft) +
                   ",\"Hard\":" + std::to_string(hard) + "}]");
  };
  EXPECT_EQ(ulimit("nofile", 10, 20), "accepted");
  EXPECT_EQ(ulimit("core", -1, -1), "accepted");
  EXPECT_EQ(ulimit("nofile", 20, 10), "ulimit nofile: soft limit must be less than or equal to hard limit: 20 > 10");
  EXPECT_EQ(ulimit("nofile", -1, 10), "ulimit nofile: soft limit must be less than or equal to hard limit: -1 > 10");
  EXPECT_EQ(ulimit("foo", 1, 1), "wrong rlimit value: RLIMIT_FOO");
}

TEST(HostChecks, DevicesAndTheirRules) {
  EXPECT_EQ(refusal(R"("DeviceCgroupRules":["x 1:11 rw"])"), "invalid device cgroup rule format: 'x 1:11 rw'");
  EXPECT_EQ(refusal(R"("DeviceCgroupRules":["c 1:11"])"), "invalid device cgroup rule format: 'c 1:11'");
  EXPECT_EQ(refusal(R"("DeviceCgroupRules":["c 99999999999:1 r"])"), "invalid device cgroup rule format: 'c 99999999999:1 r'");
  EXPECT_EQ(refusal(R"("DeviceCgroupRules":["c 1:* rwm","a *:* r"])"), "accepted");
  EXPECT_EQ(refusal(R"("Devices":[{"PathOnHost":"/dev/kmsg","CgroupPermissions":"q"}])"),
            "invalid permissions of device /dev/kmsg: \"q\" (they are of r, w and m)");
  EXPECT_EQ(refusal(R"("DeviceRequests":[{"Driver":"","Count":-1,"Capabilities":[["gpu","compute"]]}])"),
            "could not select device driver \"\" with capabilities: [[gpu compute]]");
  EXPECT_EQ(refusal(R"("DeviceRequests":[{"Driver":"cdi","DeviceIDs":["vendor.com/class=name"]}])"),
            "CDI device injection failed: unresolvable CDI devices vendor.com/class=name");
}

TEST(HostChecks, ProcessorsAndMemoryNodesMustBeThere) {
  EXPECT_EQ(refusal(R"("CpusetCpus":"99")"), "Requested CPUs are not available - requested 99, available: 0-1");
  EXPECT_EQ(refusal(R"("CpusetCpus":"x")"), "Invalid value x for cpuset cpus: invalid format: x");
  EXPECT_EQ(refusal(R"("CpusetMems":"0,9")"), "Requested memory nodes are not available - requested 0,9, available: 0");
  EXPECT_EQ(refusal(R"("CpusetCpus":"0-1","CpusetMems":"0")"), "accepted");
  EXPECT_EQ(refusal(R"("CpuShares":1)"), "the minimum allowed cpu-shares is 2");
  EXPECT_EQ(refusal(R"("CpuRealtimePeriod":100,"CpuRealtimeRuntime":500)"),
            "cpu real-time runtime cannot be higher than cpu real-time period");
}

TEST(HostChecks, WhatTheKernelLacksIsDiscardedWithAWarningWhereDockerOnlyWarns) {
  const Outcome weights = check(R"("BlkioWeight":300,"BlkioWeightDevice":[{"Path":"/dev/sda","Weight":400}],"CpuPercent":50)");
  EXPECT_EQ(
      weights.warnings,
      (std::vector<std::string>{
          "linux does not support CPU percent. Percent discarded.",
          "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.",
          "Your kernel does not support Block I/O weight_device or the cgroup is not mounted. Weight-device discarded."}));
  EXPECT_EQ(weights.host.blkio_weight, 0);
  EXPECT_TRUE(weights.host.blkio_weight_device.empty());
  EXPECT_EQ(weights.host.cpu_percent, 0);
  EXPECT_EQ(check(R"("BlkioWeight":300)", "", v2()).host.blkio_weight, 300);
  EXPECT_EQ(check(R"("BlkioWeight":5)", "", v2()).refusal, "Range of blkio weight is from 10 to 1000");

  const Outcome unified = check(R"("OomKillDisable":true,"MemorySwappiness":10)", "", v2());
  EXPECT_EQ(unified.warnings.size(), 2U);
  EXPECT_FALSE(unified.host.oom_kill_disable);
  EXPECT_FALSE(unified.host.memory_swappiness);
  EXPECT_NE(check(R"("CpuRealtimePeriod":100)", "", v2()).refusal, "accepted");

  EXPECT_EQ(check(R"("OomKillDisable":true)").warnings.size(), 1U) << "without a limit the host may run out";
  EXPECT_TRUE(check(R"("OomKillDisable":true,"Memory":20000000)").warnings.empty());
}

TEST(HostChecks, OptionsOfStorageAndOfTheGroupsParent) {
  EXPECT_EQ(refusal(R"("StorageOpt":{"size":"1g"})"),
            "--storage-opt is supported only for overlay over xfs with 'pquota' mount option");
  EXPECT_EQ(refusal(R"("StorageOpt":{"foo":"1g"})"), "Unknown option foo");
  EXPECT_EQ(refusal(R"("CgroupParent":"/a/b")"), "accepted");
  EXPECT_NE(refusal(R"("CgroupParent":"/stack-1234")"), "accepted") << "an engine takes what is there for its own";
}

TEST(HostChecks, NameServersAreAddresses) {
  EXPECT_EQ(refusal(R"("Dns":["10.0.0.1","fd00::1"])"), "accepted");
  EXPECT_EQ(refusal(R"("Dns":["10.0.0.1","notanip"])"), "bad nameserver address notanip: it is no IP address");
}

TEST(HostChecks, NumberLists) {
  EXPECT_EQ(parse_number_list("0-2,5"), (std::vector<int>{0, 1, 2, 5}));
  for (const char* text : {"", "x", "2-1", "1-", "-1", "99999999", "1,,2"})
    EXPECT_TRUE(parse_number_list(text).empty()) << text;
}

std::string endpoint_refusal(const std::string& network, const std::string& json) {
  try {
    check_endpoint(network, nlohmann::json::parse(json).get<api::EndpointSettings>());
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(EndpointChecks, RefusalsAreDockersAndAllOfThem) {
  EXPECT_EQ(endpoint_refusal("bridge", R"({"Aliases":["a"]})"),
            "invalid config for network bridge: invalid endpoint settings:\n"
            "network-scoped alias is supported only for containers in user defined networks");
  EXPECT_EQ(endpoint_refusal("bridge", R"({"Aliases":["a"],"IPAMConfig":{"IPv4Address":"172.17.0.77"}})"),
            "invalid config for network bridge: invalid endpoint settings:\n"
            "* user specified IP address is supported on user defined networks only\n"
            "* network-scoped alias is supported only for containers in user defined networks");
  EXPECT_EQ(endpoint_refusal("n", R"({"IPAMConfig":{"IPv4Address":"x"}})"),
            "invalid config for network n: invalid endpoint settings:\ninvalid IPv4 address: x");
  EXPECT_EQ(endpoint_refusal("n", R"({"IPAMConfig":{"LinkLocalIPs":["foo"]}})"),
            "invalid config for network n: invalid endpoint settings:\ninvalid link-local IP address: foo");
  EXPECT_EQ(endpoint_refusal("n", R"({"MacAddress":"zz"})"), "invalid config for network n: invalid MAC address zz");
  EXPECT_NE(endpoint_refusal("n", R"({"DriverOpts":{"com.docker.network.endpoint.sysctls":"kernel.foo=1"}})")
                .find("unrecognised network interface sysctl 'kernel.foo=1'"),
            std::string::npos);
  EXPECT_NE(endpoint_refusal("n", R"({"DriverOpts":{"com.docker.network.endpoint.ifname":"a/b"}})").find("interface name"),
            std::string::npos);
  EXPECT_EQ(endpoint_refusal("n", R"({"Aliases":["a"],"MacAddress":"02-00-00-00-00-09","DriverOpts":{"other":"x"},)"
                                  R"("Links":["c:d"],"IPAMConfig":{"IPv4Address":"10.1.2.3","LinkLocalIPs":["169.254.1.1"]}})"),
            "accepted");
}

TEST(EndpointChecks, LinksOfTheDefaultBridgeAreKeptAsDockerShowsThem) {
  const Link link = parse_link("db:base");
  EXPECT_EQ(link.name + " " + link.alias, "db base");
  const std::string kept = kept_link("shop-db-1", "base", "shop-web-1");
  EXPECT_EQ(kept, "/shop-db-1:/shop-web-1/base");
  EXPECT_EQ(parse_kept_link(kept).name + " " + parse_kept_link(kept).alias, "shop-db-1 base");
}

}  // namespace
}  // namespace stack::engine::container
