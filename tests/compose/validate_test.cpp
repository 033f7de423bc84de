// References, contradictions and circles.
#include <gtest/gtest.h>

#include "load_text.hpp"

namespace stack::compose {
namespace {

std::string mistake(const std::string& lines, const std::string& rest = "") {
  return error_of("services:\n  a:\n    image: x\n    " + lines + "\n  b: {image: b}\n" + rest);
}

TEST(Validate, UndefinedReferencesAreNamed) {
  EXPECT_EQ(mistake("depends_on: [z]"), "compose.yaml:4:18: services.a.depends_on.z: depends on undefined service 'z'");
  EXPECT_EQ(mistake("network_mode: service:z"), "compose.yaml:4:5: services.a.network_mode: depends on undefined service 'z'");
  EXPECT_EQ(mistake("networks: [z]"), "compose.yaml:4:16: services.a.networks.z: refers to undefined network 'z'");
  EXPECT_EQ(mistake("volumes: [\"z:/z\"]"), "compose.yaml:4:15: services.a.volumes[0]: refers to undefined volume 'z'");
  EXPECT_EQ(mistake("secrets: [z]"), "compose.yaml:4:15: services.a.secrets[0]: refers to undefined secret 'z'");
  EXPECT_EQ(mistake("configs: [z]"), "compose.yaml:4:15: services.a.configs[0]: refers to undefined config 'z'");
}

TEST(Validate, UndefinedReferencesShowTheNearestNameThereIs) {
  EXPECT_EQ(mistake("volumes: [\"dbdata:/d\"]", "volumes: {db-data: }\n"),
            "compose.yaml:4:15: services.a.volumes[0]: refers to undefined volume 'dbdata'; did you mean 'db-data'?");
  EXPECT_EQ(
      mistake("networks: [frontent]", "networks: {frontend: }\n"),
      "compose.yaml:4:16: services.a.networks.frontent: refers to undefined network 'frontent'; did you mean 'frontend'?");
  EXPECT_EQ(
      error_of("services:\n  web: {image: x, depends_on: [databse]}\n  database: {image: y}\n"),
      "compose.yaml:2:32: services.web.depends_on.databse: depends on undefined service 'databse'; did you mean 'database'?");
  EXPECT_EQ(mistake("volumes_from: [gone]"),
            "compose.yaml:4:20: services.a.volumes_from[0]: depends on undefined service 'gone'");
}

TEST(Validate, WhatNothingUsesIsCheckedToo) {
  EXPECT_EQ(mistake("user: u", "secrets: {s: {file: ./a, environment: B}}\n"),
            "compose.yaml:6:14: secrets.s: 'file' and 'environment' exclude each other");
}

TEST(Validate, OptionsOfAnotherKindOfMountAreAWarning) {
  EXPECT_EQ(service_with("volumes: [\"vv:/v:z\"]").volumes.at(0).bind->selinux, "z");
  ProjectDirectory directory;
  directory.file("compose.yaml",
                 "name: t\nservices: {a: {image: x, volumes: [{type: volume, source: vol, target: /v, bind: {propagation: "
                 "shared}}]}}\nvolumes: {vol: }\n");
  EXPECT_EQ(
      directory.load().warnings,
      std::vector<std::string>{"compose.yaml:2:76: services.a.volumes[0].bind: has no effect on a mount of type 'volume'"});
}

TEST(Validate, CirclesShowTheWholeChain) {
  EXPECT_EQ(
      error_of(
          "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [c]}\n  c: {image: x, depends_on: [a]}\n"),
      "compose.yaml:2:3: services.a: dependency cycle detected: a -> b -> c -> a");
  EXPECT_EQ(mistake("depends_on: [a]"), "compose.yaml:4:18: services.a.depends_on.a: dependency cycle detected: a -> a");
}

TEST(Validate, ContradictionsAreRefused) {
  EXPECT_EQ(mistake("network_mode: host\n    networks: [default]"),
            "compose.yaml:5:5: services.a.networks: cannot be combined with 'network_mode'");
  EXPECT_EQ(mistake("container_name: ab\n    scale: 2"),
            "compose.yaml:4:5: services.a.container_name: only one container can have this name, but 2 are wanted");
  EXPECT_EQ(mistake("scale: 3\n    deploy: {replicas: 2}"),
            "compose.yaml:4:5: services.a.scale: can't set distinct values on 'scale' and 'deploy.replicas'");
  EXPECT_EQ(
      mistake("mem_limit: 5m\n    deploy: {resources: {limits: {memory: 6m}}}"),
      "compose.yaml:4:5: services.a.mem_limit: can't set distinct values on 'mem_limit' and 'deploy.resources.limits.memory'");
  EXPECT_EQ(mistake("volumes: [\"/a:/t\"]\n    tmpfs: /t"),
            "compose.yaml:4:15: services.a.volumes[0]: /t is already the target of tmpfs[0]");
  EXPECT_EQ(mistake("volumes_from: [\"\"]"),
            "compose.yaml:4:20: services.a.volumes_from[0]: the name of a service or container is missing");
  EXPECT_EQ(mistake("scale: 99999999999"),
            "compose.yaml:4:12: services.a.scale: 99999999999 are more containers than there can be");
  EXPECT_EQ(mistake("scale: -1"), "compose.yaml:4:5: services.a.scale: cannot be negative");
}

TEST(Validate, AServiceNeedsAnImageOrABuild) {
  EXPECT_EQ(error_of("services:\n  a: {hostname: h}\n"), "compose.yaml:2:3: services.a: neither 'image' nor 'build' is given");
}

TEST(Validate, TwoTmpfsHaveTwoTargets) {
  EXPECT_EQ(mistake("tmpfs: [/u, \"/u:size=1m\"]"),
            "compose.yaml:4:17: services.a.tmpfs[1]: /u is already the target of tmpfs[0]");
}

TEST(Validate, SecretsAndConfigsHaveOneSource) {
  EXPECT_EQ(mistake("secrets: [s]", "secrets: {s: {file: f, environment: E}}"),
            "compose.yaml:6:14: secrets.s: 'file' and 'environment' exclude each other");
  EXPECT_EQ(mistake("configs: [s]", "configs: {s: {name: n}}"),
            "compose.yaml:6:11: configs.s: one of 'file', 'environment' or 'external' must say where its content is");
}

TEST(Normalize, TheDefaultNetworkIsThereUnlessANetworkModeIsGiven) {
  const Project project = load_text("name: t\nservices:\n  a: {image: x, networks: []}\n  b: {image: x, network_mode: none}\n");
  EXPECT_EQ(project.services.at("a").networks.count("default"), 1U);
  EXPECT_TRUE(project.services.at("b").networks.empty());
  EXPECT_EQ(project.networks.at("default").name, "t_default");
}

TEST(Normalize, ModesImplyDependenciesThatRestart) {
  const Project project = load_text(
      "services:\n  a: {image: x, network_mode: \"service:b\", pid: \"service:c\"}\n  b: {image: x}\n  c: {image: x}\n");
  EXPECT_TRUE(project.services.at("a").depends_on.at("b").restart);
  EXPECT_EQ(project.services.at("a").depends_on.size(), 2U);
}

TEST(Normalize, LinksImplyDependenciesThatRestart) {
  const Project project = load_text("services:\n  a: {image: x, links: [\"b:alias\", c]}\n  b: {image: x}\n  c: {image: x}\n");
  EXPECT_TRUE(project.services.at("a").depends_on.at("b").restart);
  EXPECT_EQ(project.services.at("a").depends_on.count("c"), 1U);
}

TEST(Validate, LinksThatNameNothingAreRefusedAtTheirPlace) {
  const auto refusal = [](const std::string& keys) { return error_of("services: {a: {image: x, " + keys + "}}\n"); };
  EXPECT_NE(refusal("links: [b]").find("services.a.links[0]: depends on undefined service 'b'"), std::string::npos)
      << refusal("links: [b]");
  EXPECT_NE(refusal("pid: 'service:b'").find("services.a.pid: depends on undefined"), std::string::npos);
  EXPECT_NE(refusal("external_links: [x, ':y']").find("services.a.external_links[1]: ':y' is not NAME"), std::string::npos);
}

TEST(Validate, KeysOfProcessesAndLimitsAreCheckedAtTheirPlace) {
  const auto refusal = [](const std::string& keys) { return error_of("services: {a: {image: x, " + keys + "}}\n"); };
  EXPECT_NE(refusal("cgroup: x").find("services.a.cgroup: 'x' is neither host nor private"), std::string::npos);
  EXPECT_NE(refusal("gpus: some").find("services.a.gpus: 'some' is neither 'all'"), std::string::npos);
  EXPECT_NE(refusal("gpus: [{count: 1, device_ids: [x]}]").find("services.a.gpus[0]: 'count' and 'device_ids' exclude"),
            std::string::npos);
  EXPECT_NE(refusal("deploy: {resources: {reservations: {devices: [{count: 1}]}}}").find("'capabilities' is missing"),
            std::string::npos);
  EXPECT_NE(refusal("deploy: {resources: {limits: {devices: []}}}").find("unknown key 'devices'"), std::string::npos);
  EXPECT_NE(refusal("deploy: {resources: {reservations: {pids: 3}}}").find("unknown key 'pids'"), std::string::npos);
  EXPECT_NE(refusal("blkio_config: {speed: 1}").find("services.a.blkio_config: unknown key 'speed'"), std::string::npos);
  EXPECT_NE(refusal("label_file: nowhere").find("services.a.label_file: cannot read DIR/nowhere"), std::string::npos)
      << refusal("label_file: nowhere");
}

TEST(Normalize, NamesFollowTheProjectExceptForExternalOnes) {
  const Project project = load_text(
      "name: t\nservices: {a: {image: x, volumes: [\"v1:/1\", \"v2:/2\", \"v3:/3\"]}}\nvolumes: {v1: , v2: {external: true}, "
      "v3: {name: own}, unused: }\n");
  EXPECT_EQ(project.volumes.at("v1").name, "t_v1");
  EXPECT_EQ(project.volumes.at("v2").name, "v2");
  EXPECT_EQ(project.volumes.at("v3").name, "own");
  EXPECT_EQ(project.volumes.count("unused"), 0U);
}

}  // namespace
}  // namespace stack::compose
