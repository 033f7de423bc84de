#include "scheduler/container_config.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "compose/parse_ports.hpp"
#include "tests/scheduler/support.hpp"

namespace stack::scheduler {
namespace {

using namespace test;
using nlohmann::json;

api::ContainerCreateRequest body_of(const std::string& service, const std::string& rest = "") {
  const auto project = project_of("services: {web: {image: i, " + service + "}}\n" + rest);
  return container_config(project, project.services.at("web"), 1);
}

TEST(ContainerConfig, NetworksComeInOneRequestWithTheFirstAsMode) {
  const auto body = body_of("networks: {front: {}, back: {aliases: [x]}}", "networks: {front: , back: }");
  EXPECT_EQ(body.host_config.network_mode, "p_back") << "alphabetical";
  EXPECT_EQ(body.endpoints_config.at("p_back").aliases, (std::vector<std::string>{"p-web-1", "web", "x"}));
  EXPECT_EQ(body.endpoints_config.at("p_front").aliases, (std::vector<std::string>{"p-web-1", "web"}));
  EXPECT_EQ(body_of("networks: {front: {priority: 9}, back: {}}", "networks: {front: , back: }").host_config.network_mode,
            "p_front");
}

TEST(ContainerConfig, WithoutNetworksThereAreNoEndpoints) {
  EXPECT_EQ(body_of("network_mode: host").host_config.network_mode, "host");
  EXPECT_TRUE(body_of("network_mode: none").endpoints_config.empty());
}

TEST(ContainerConfig, VolumesAreWrittenInTheFormTheEngineTreatsAsCompose) {
  const auto host = body_of(
                        "volumes: ['data:/data', '/host:/h:ro', /anon, {type: bind, source: /b, target: /b},"
                        " {type: bind, source: /c, target: /c, bind: {create_host_path: false}},"
                        " {type: tmpfs, target: /t, tmpfs: {size: 1m}}], tmpfs: ['/run:size=1m', /plain]",
                        "volumes: {data: }")
                        .host_config;
  EXPECT_EQ(host.binds, (std::vector<std::string>{"p_data:/data:rw", "/host:/h:ro", "/b:/b:rw"}));
  ASSERT_EQ(host.mounts.size(), 3U);
  EXPECT_EQ(host.mounts[0].target, "/anon");
  EXPECT_EQ(host.mounts[0].source, "");
  EXPECT_EQ(host.mounts[1].type, "bind") << "its source must be there";
  EXPECT_FALSE(host.mounts[1].bind_options->create_mountpoint);
  EXPECT_EQ(host.mounts[2].tmpfs_options->size_bytes, 1 << 20);
  EXPECT_EQ(host.tmpfs, (api::StringMap{{"/run", "size=1m"}, {"/plain", ""}}));
}

TEST(ContainerConfig, SecretsAndConfigsAreReadOnlyBinds) {
  const auto mounts = body_of("secrets: [s], configs: [{source: c, target: /etc/c}]",
                              "secrets: {s: {file: /files/s}}\nconfigs: {c: {file: /files/c}}")
                          .host_config.mounts;
  ASSERT_EQ(mounts.size(), 2U);
  EXPECT_EQ(mounts[0].source + " " + mounts[0].target, "/files/s /run/secrets/s");
  EXPECT_EQ(mounts[1].source + " " + mounts[1].target, "/files/c /etc/c");
  EXPECT_TRUE(mounts[0].read_only && mounts[1].read_only);
}

TEST(ContainerConfig, RelativeTargetsOfSecretsAndConfigsHaveTheirDirectory) {
  const auto mounts = body_of("secrets: [{source: s, target: pw}], configs: [{source: c, target: app.conf}, c]",
                              "secrets: {s: {file: /files/s}}\nconfigs: {c: {file: /files/c}}")
                          .host_config.mounts;
  ASSERT_EQ(mounts.size(), 3U);
  EXPECT_EQ(mounts[0].target, "/run/secrets/pw");
  EXPECT_EQ(mounts[1].target, "/app.conf");
  EXPECT_EQ(mounts[2].target, "/c");
}

TEST(ContainerConfig, PortsAreExposedAndBound) {
  const auto body = body_of("ports: ['8080:80', '127.0.0.1:53:53/udp', '90'], expose: ['3000-3002']");
  EXPECT_EQ(body.config.exposed_ports,
            (std::set<std::string>{"3000/tcp", "3001/tcp", "3002/tcp", "53/udp", "80/tcp", "90/tcp"}));
  EXPECT_EQ(json(body.host_config)["PortBindings"].dump(),
            R"({"53/udp":[{"HostIp":"127.0.0.1","HostPort":"53"}],"80/tcp":[{"HostIp":"","HostPort":"8080"}],)"
            R"("90/tcp":[{"HostIp":"","HostPort":""}]})");
}

TEST(ContainerConfig, LimitsComeFromEitherPlace) {
  const auto first = body_of("mem_limit: 100m, cpus: 0.5, pids_limit: 20").host_config;
  const auto second = body_of("deploy: {resources: {limits: {memory: 100m, cpus: '0.5', pids: 20}}}").host_config;
  for (const auto& host : {first, second}) {
    EXPECT_EQ(host.memory, 100 << 20);
    EXPECT_EQ(host.nano_cpus, 500'000'000);
    EXPECT_EQ(host.pids_limit, 20);
  }
}

TEST(ContainerConfig, RestartPoliciesKeepTheirCount) {
  EXPECT_EQ(body_of("restart: always").host_config.restart_policy.name, "always");
  const auto policy = body_of("restart: on-failure:3").host_config.restart_policy;
  EXPECT_EQ(policy.name, "on-failure");
  EXPECT_EQ(policy.maximum_retry_count, 3);
  EXPECT_EQ(body_of("init: true").host_config.restart_policy.name, "no");
  EXPECT_THROW(body_of("restart: on-failure:many"), Error);
}

TEST(ContainerConfig, AHealthCheckThatIsSwitchedOffSaysNone) {
  EXPECT_EQ(body_of("healthcheck: {disable: true}").config.healthcheck->test, std::vector<std::string>{"NONE"});
  const auto check = body_of("healthcheck: {test: 'true', interval: 1m30s, retries: 2}").config.healthcheck;
  EXPECT_EQ(check->test, (std::vector<std::string>{"CMD-SHELL", "true"}));
  EXPECT_EQ(check->interval, std::chrono::seconds(90));
}

TEST(ContainerConfig, AFixedNameForTwoContainersIsRefusedWithItsPlace) {
  try {
    const auto project = project_of("services: {web: {image: i, container_name: fixed, scale: 2}}");
    container_config(project, project.services.at("web"), 1);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("container_name"), std::string::npos) << error.what();
  }
}

TEST(ContainerConfig, NamesArePartedByUnderscoresForCompatibility) {
  auto project = project_of("services: {web: {image: i}, made: {build: .}}");
  const auto names = [&] {
    return std::vector<std::string>{container_name(project, project.services.at("web"), 2),
                                    image_of(project, project.services.at("made")),
                                    oneoff_config(project, project.services.at("web"), "abc", {}).name};
  };
  EXPECT_EQ(names(), (std::vector<std::string>{"p-web-2", "p-made", "p-web-run-abc"}));
  project.environment["COMPOSE_COMPATIBILITY"] = "yes";  // docker compose does not take it for a yes either
  EXPECT_EQ(names().front(), "p-web-2");
  project.environment["COMPOSE_COMPATIBILITY"] = "1";
  EXPECT_EQ(names(), (std::vector<std::string>{"p_web_2", "p_made", "p_web_run_abc"}));
}

TEST(ContainerConfig, AOneOffHasItsOwnNameAndOnlyItsOwnAlias) {
  const auto project = project_of("services: {web: {image: i, ports: ['80:80'], restart: always}}");
  RunOptions options;
  options.command = std::vector<std::string>{"sh"};
  options.environment = {"A=b"};
  const NamedContainer made = oneoff_config(project, project.services.at("web"), "0123456789ab", options);
  EXPECT_EQ(made.name, "p-web-run-0123456789ab");
  EXPECT_EQ(made.body.endpoints_config.at("p_default").aliases, std::vector<std::string>{"p-web-run-0123456789ab"});
  EXPECT_EQ(made.body.config.labels.at(label::oneoff), "True");
  EXPECT_EQ(made.body.config.labels.at(label::config_hash).size(), 64U);
  EXPECT_FALSE(made.body.config.labels.contains(label::container_number));
  EXPECT_TRUE(made.body.host_config.port_bindings.empty());
  EXPECT_EQ(made.body.host_config.restart_policy.name, "no");
  EXPECT_EQ(made.body.config.cmd, std::vector<std::string>{"sh"});
  EXPECT_EQ(made.body.config.env, std::vector<std::string>{"A=b"});
}

TEST(OneoffConfig, TakesPortsCapabilitiesAndAliasesOfItsOwn) {
  const auto project = project_of("services: {web: {image: i, cap_drop: [SYS_TIME], networks: {default: {aliases: [other]}}}}");
  RunOptions options;
  options.cap_add = {"SYS_TIME"};
  options.cap_drop = {"NET_RAW"};
  options.use_aliases = true;
  options.ports = compose::parse_ports({"127.0.0.1:18555:80/udp"}, "--publish");
  const NamedContainer made = oneoff_config(project, project.services.at("web"), "0123456789ab", options);
  EXPECT_EQ(made.body.host_config.cap_add, std::vector<std::string>{"SYS_TIME"});
  EXPECT_EQ(made.body.host_config.cap_drop, std::vector<std::string>{"NET_RAW"});
  EXPECT_EQ(made.body.endpoints_config.at("p_default").aliases,
            (std::vector<std::string>{"p-web-run-0123456789ab", "web", "other"}));
  EXPECT_EQ(made.body.host_config.port_bindings.at("80/udp").front().host_port, "18555");
  EXPECT_TRUE(made.body.config.exposed_ports.contains("80/udp"));
}

TEST(ParsePorts, TellsWhichIsWrong) {
  EXPECT_EQ(compose::parse_ports({"9000-9002"}, "--publish").size(), 3U);
  EXPECT_THROW(compose::parse_ports({"80", "80:x"}, "--publish"), Error);
}

TEST(ContainerConfig, LabelsAreThoseOfDockerCompose) {
  const auto labels =
      body_of("depends_on: {db: {condition: service_healthy, restart: true}}, labels: {mine: '1'}}, db: {image: i")
          .config.labels;
  EXPECT_EQ(labels.at("com.docker.compose.depends_on"), "db:service_healthy:true");
  EXPECT_EQ(labels.at("com.docker.compose.container-number"), "1");
  EXPECT_EQ(labels.at("com.docker.compose.oneoff"), "False");
  EXPECT_EQ(labels.at("com.docker.compose.project"), "p");
  EXPECT_EQ(labels.at("com.docker.compose.service"), "web");
  EXPECT_EQ(labels.at("mine"), "1");
}

TEST(RestartPolicy, IsWhatDockerComposeMakesOfIt) {
  const auto policy = [](const std::string& keys) {
    const auto project = project_of("services: {web: {image: i, " + keys + "}}");
    const auto made = container_config(project, project.services.at("web"), 1).host_config.restart_policy;
    return made.name + " " + std::to_string(made.maximum_retry_count);
  };
  EXPECT_EQ(policy("restart: 'on-failure:3'"), "on-failure 3");
  EXPECT_EQ(policy("deploy: {restart_policy: {condition: any}}"), "always 0");
  EXPECT_EQ(policy("deploy: {restart_policy: {condition: none}}, restart: always"), "no 0") << "deploy wins";
  EXPECT_EQ(policy("deploy: {restart_policy: {condition: on-failure, max_attempts: 3}}, restart: always"), "on-failure 3");
  EXPECT_EQ(policy("deploy: {restart_policy: {}}"), " 0") << "the engine's default: no";
  EXPECT_EQ(policy("stdin_open: true"), "no 0");
}

TEST(Labels, DependsOnIsReadBackAndRubbishIsLeftOut) {
  const auto read = parse_depends_on("db:service_healthy:true,init:service_completed_successfully:false,,:x,odd");
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read.at("db").condition, compose::DependencyCondition::service_healthy);
  EXPECT_TRUE(read.at("db").restart);
  EXPECT_EQ(read.at("init").condition, compose::DependencyCondition::service_completed_successfully);
  EXPECT_EQ(read.at("odd").condition, compose::DependencyCondition::service_started);
}

TEST(ConfigHash, IsTheSameForAnyScaleAndChangesWithTheService) {
  const auto project = project_of("services: {web: {image: i, scale: 2}, other: {image: i, environment: {A: b}}}");
  const compose::Service& web = project.services.at("web");
  auto scaled = web;
  scaled.scale = 7;
  EXPECT_EQ(config_hash(web), config_hash(scaled));
  auto changed = web;
  changed.environment["A"] = "b";
  EXPECT_NE(config_hash(web), config_hash(changed));
  auto label_changed = web;
  label_changed.labels["l"] = "1";
  EXPECT_NE(config_hash(web), config_hash(label_changed));
}

TEST(ObservedState, HealthAndExitCodeAreReadFromTheStatusText) {
  const auto status = [](const char* text) {
    api::ContainerSummary summary;
    summary.names = {"/c"};
    summary.status = text;
    return observed_container(summary);
  };
  EXPECT_EQ(status("Up 3 seconds (healthy)").health, Health::healthy);
  EXPECT_EQ(status("Up 3 minutes (unhealthy)").health, Health::unhealthy);
  EXPECT_EQ(status("Up Less than a second (health: starting)").health, Health::starting);
  EXPECT_EQ(status("Up 3 hours").health, Health::none);
  EXPECT_EQ(status("Exited (137) 2 minutes ago").exit_code, 137);
  EXPECT_EQ(status("Up 3 hours").exit_code, std::nullopt);
}

TEST(ObservedState, AnImageIsFoundByEveryNameItHas) {
  ObservedState state;
  state.images = {{"alpine:latest", image_id}, {"reg:5000/app:1", image_id}, {image_id, image_id}};
  for (const char* name :
       {"alpine", "docker.io/library/alpine", "alpine:latest", "docker.io/alpine", "reg:5000/app:1", image_id, "111111111111"})
    EXPECT_EQ(state.image_id(name), image_id) << name;
  for (const char* name : {"alpine:3", "reg:5000/app", "1111", "2222222222222222", "other"})
    EXPECT_EQ(state.image_id(name), "") << name;
}

TEST(ContainerConfig, BlockDeviceLimitsGoByDevice) {
  const json host = body_of(
                        "blkio_config: {weight: 300, weight_device: [{path: /dev/sda, weight: 400}],"
                        " device_read_bps: [{path: /dev/sda, rate: 1mb}], device_write_iops: [{path: /dev/sda, rate: 30}]}")
                        .host_config;
  EXPECT_EQ(host["BlkioWeight"], 300);
  EXPECT_EQ(host["BlkioWeightDevice"].dump(), R"([{"Path":"/dev/sda","Weight":400}])");
  EXPECT_EQ(host["BlkioDeviceReadBps"].dump(), R"([{"Path":"/dev/sda","Rate":1048576}])");
  EXPECT_EQ(host["BlkioDeviceWriteIOps"].dump(), R"([{"Path":"/dev/sda","Rate":30}])");
  EXPECT_THROW(body_of("blkio_config: {weight: 70000}"), Error);
}

TEST(ContainerConfig, GpusAndReservedDevicesAreDeviceRequests) {
  const json host = body_of(
                        "gpus: [{driver: nvidia, count: 2}, {device_ids: [x], capabilities: [gpu]}],"
                        " deploy: {resources: {reservations: {devices: [{capabilities: [tpu], driver: d}]}}}")
                        .host_config;
  EXPECT_EQ(host["DeviceRequests"].dump(),
            R"([{"Capabilities":[["gpu"]],"Count":2,"DeviceIDs":null,"Driver":"nvidia","Options":null},)"
            R"({"Capabilities":[["gpu"]],"Count":0,"DeviceIDs":["x"],"Driver":"","Options":null},)"
            R"({"Capabilities":[["tpu"]],"Count":-1,"DeviceIDs":null,"Driver":"d","Options":null}])");
}

TEST(ContainerConfig, DevicesByPathAndByCdiName) {
  const auto host = body_of("devices: ['/dev/a:/dev/x:r', 'vendor.com/class=one', './rel=x']").host_config;
  ASSERT_EQ(host.devices.size(), 2U);
  EXPECT_EQ(host.devices[0].path_on_host + host.devices[0].path_in_container + host.devices[0].cgroup_permissions,
            "/dev/a/dev/xr");
  ASSERT_EQ(host.device_requests.size(), 1U);
  EXPECT_EQ(host.device_requests[0].driver, "cdi");
  EXPECT_EQ(host.device_requests[0].device_ids, (std::vector<std::string>{"vendor.com/class=one"}));
}

TEST(ContainerConfig, LinksNameEveryReplica) {
  const auto project = project_of(
      "services: {web: {image: i, links: ['db:base'], external_links: [other, 'far:near']}, db: {image: i, scale: 2},"
      " old: {image: i, network_mode: bridge, links: [older]}, older: {image: i, network_mode: bridge}}");
  const auto body = container_config(project, project.services.at("web"), 1);
  EXPECT_EQ(body.endpoints_config.at("p_default").links,
            (std::vector<std::string>{"p-db-1:base", "p-db-1:db-1", "p-db-1:p-db-1", "p-db-2:base", "p-db-2:db-2",
                                      "p-db-2:p-db-2", "other:other", "far:near"}));
  EXPECT_TRUE(body.host_config.links.empty());
  EXPECT_EQ(container_config(project, project.services.at("old"), 1).host_config.links.front(), "p-older-1:older");
}

TEST(ContainerConfig, AnInterfacesNameIsADriverOption) {
  const auto body = body_of("networks: {n: {interface_name: foo0, driver_opts: {a: b}}}", "networks: {n: }");
  EXPECT_EQ(body.endpoints_config.at("p_n").driver_opts,
            (api::StringMap{{"a", "b"}, {"com.docker.network.endpoint.ifname", "foo0"}}));
}

TEST(ContainerConfig, TwoHardwareAddressesForOneInterfaceAreRefused) {
  const std::string networks = "networks: {n: {mac_address: '02:00:00:00:00:02'}}";
  EXPECT_EQ(body_of(networks + ", mac_address: '02:00:00:00:00:02'", "networks: {n: }").endpoints_config.at("p_n").mac_address,
            "02:00:00:00:00:02");
  try {
    body_of(networks + ", mac_address: '02:00:00:00:00:01'", "networks: {n: }");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("services.web.mac_address"), std::string::npos) << error.what();
  }
}

class SecurityOptions : public testing::Test {
protected:
  SecurityOptions() : directory_(std::filesystem::path(testing::TempDir()) / ("security-options-" + random_hex(12))) {
    std::filesystem::create_directory(directory_);
    write(text);
  }
  ~SecurityOptions() override { std::filesystem::remove_all(directory_); }
  void write(const std::string& profile) { std::ofstream(directory_ / "profile.json", std::ios::trunc) << profile; }
  api::HostConfig host(const std::string& options) {
    auto project = project_of("services: {web: {image: i, security_opt: [" + options + "]}}\n");
    project.working_dir = directory_;
    return container_config(project, project.services.at("web"), 1).host_config;
  }
  std::string refusal(const std::string& options) {
    try {
      host(options);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }
  static constexpr const char* text = "{ \"defaultAction\": \"SCMP_ACT_ALLOW\",\n  \"archMap\": [] }";
  std::filesystem::path directory_;
};

TEST_F(SecurityOptions, ProfilesGoByTheirTextInTheOrderWritten) {
  EXPECT_EQ(host("'seccomp:profile.json', 'no-new-privileges:true', label=disable, seccomp=unconfined").security_opt,
            (std::vector<std::string>{R"(seccomp={"defaultAction":"SCMP_ACT_ALLOW","archMap":[]})", "no-new-privileges:true",
                                      "label=disable", "seccomp=unconfined"}));
}

TEST_F(SecurityOptions, UnconfinedSystemPathsAreEmptyLists) {
  const auto unconfined = host("systempaths=unconfined");
  EXPECT_TRUE(unconfined.security_opt.empty());
  EXPECT_TRUE(unconfined.masked_paths && unconfined.masked_paths->empty());
  EXPECT_TRUE(unconfined.readonly_paths && unconfined.readonly_paths->empty());
  EXPECT_FALSE(host("label=disable").masked_paths);
}

TEST_F(SecurityOptions, WhatCannotBeReadIsRefusedWithItsPlace) {
  EXPECT_NE(refusal("seccomp=none.json").find("services.web.security_opt[0]: opening seccomp profile (none.json) failed"),
            std::string::npos)
      << refusal("seccomp=none.json");
  write("[]");
  EXPECT_NE(refusal("label=x, seccomp=profile.json").find("services.web.security_opt[1]"), std::string::npos);
  EXPECT_NE(refusal("foo").find("invalid security-opt: \"foo\""), std::string::npos);
  EXPECT_NE(refusal("'seccomp='").find("security_opt[0]"), std::string::npos);
}

}  // namespace
}  // namespace stack::scheduler
