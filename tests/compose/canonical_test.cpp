// Unknown keys, wrong types and short syntax, seen through whole loads.
#include <gtest/gtest.h>

#include "load_text.hpp"

namespace stack::compose {
namespace {

std::string mistake(const std::string& lines) {
  return error_of("services:\n  a:\n    image: x\n    " + lines + "\nvolumes: {vv: }\n");
}

TEST(Keys, AnUnknownOneShowsItsPlaceAndTheNearestValidOne) {
  EXPECT_EQ(mistake("imge: y"), "compose.yaml:4:5: services.a: unknown key 'imge'; did you mean 'image'?");
  EXPECT_EQ(mistake("zzzzzz: y"), "compose.yaml:4:5: services.a: unknown key 'zzzzzz'");
  EXPECT_EQ(mistake("healthcheck: {test: a, retris: 3}"),
            "compose.yaml:4:28: services.a.healthcheck: unknown key 'retris'; did you mean 'retries'?");
  EXPECT_EQ(error_of("servces: {}"), "compose.yaml:1:1: unknown key 'servces'; did you mean 'services'?");
}

TEST(Keys, NamesThatOthersUseAndKeysInTheWrongPlaceAreKnown) {
  EXPECT_EQ(mistake("net: host"), "compose.yaml:4:5: services.a: unknown key 'net'; did you mean 'network_mode'?");
  EXPECT_EQ(mistake("dockerfile: D"), "compose.yaml:4:5: services.a: unknown key 'dockerfile'; it belongs below 'build'");
  EXPECT_EQ(mistake("volumes: [{type: bind, src: ./a, target: /a}]"),
            "compose.yaml:4:28: services.a.volumes[0]: unknown key 'src'; did you mean 'source'?");
  EXPECT_EQ(error_of("web: {image: x}"), "compose.yaml:1:1: unknown key 'web'; services are written below 'services:'");
  EXPECT_EQ(error_of("services:\n  a: {image: x}\n  volumes:\n    data:\n"),
            "compose.yaml:4:5: services.volumes: unknown key 'data'; is 'volumes:' above it indented too far?");
}

TEST(Keys, AllMistakesOfAFileAreReportedTogether) {
  EXPECT_EQ(mistake("prts: []\n    hostname: [h]\n    init: maybe"),
            "compose.yaml:4:5: services.a: unknown key 'prts'; did you mean 'ports'?\n"
            "compose.yaml:5:15: services.a.hostname: expected a string, found a list\n"
            "compose.yaml:6:11: services.a.init: 'maybe' is not a boolean; write true or false");
}

TEST(Keys, ExtensionsAreAllowedAnywhereAndKept) {
  const Project project = load_text("x-top: {a: [1]}\nservices:\n  a: {image: x, x-own: 5, healthcheck: {test: t, x-h: y}}\n");
  EXPECT_EQ(project.extensions.at("x-top").dump(), R"({"a":[1]})");
  EXPECT_EQ(project.services.at("a").extensions.at("x-own"), 5);
}

TEST(Types, WhatIsWrongSaysWhatWasFoundAndWhatIsAllowed) {
  EXPECT_EQ(mistake("user: 0"),
            "compose.yaml:4:11: services.a.user: expected a string, found an integer (0); put quotes around it");
  EXPECT_EQ(mistake("ports: 80"), "compose.yaml:4:12: services.a.ports: expected a list of ports, found an integer (80)");
  EXPECT_EQ(mistake("environment: {A: [1]}"),
            "compose.yaml:4:22: services.a.environment.A: expected a string, number, boolean or nothing, found a list");
  EXPECT_EQ(mistake("ports:"), "compose.yaml:4:5: services.a.ports: expected a list of ports, found nothing");
  EXPECT_EQ(error_of("- a"), "compose.yaml:1:1: a compose file is a mapping with 'services', not a list");
  EXPECT_EQ(error_of("# nothing"), "compose.yaml: the compose file is empty");
}

TEST(Types, WhatAVariableMadeWrongShowsTheVariable) {
  EXPECT_EQ(mistake("scale: ${N}"), "compose.yaml:4:12: services.a.scale: '' is not an integer; the file says ${N}");
  EXPECT_EQ(mistake("healthcheck: {test: a, timeout: \"$N\"}"),
            "compose.yaml:4:37: services.a.healthcheck.timeout: '' is not a duration (like 1m30s or 500ms): it is empty; the "
            "file says $N");
  EXPECT_EQ(mistake("ports:\n      -80:80"),
            "compose.yaml:5:7: services.a.ports: expected a list of ports, found a string "
            "(-80:80); a space must follow the '-' of an item");
}

TEST(Types, NameServersThatAreEmptyAreNone) {
  EXPECT_EQ(service_with("dns: \"$NONE\"").dns, std::vector<std::string>{});
  EXPECT_EQ(service_with("dns: [\"$NONE\", 1.1.1.1]").dns, std::vector<std::string>{"1.1.1.1"});
}

TEST(Types, TextIsCastWhereANumberOrBooleanIsMeant) {
  const Service service =
      service_with("pids_limit: \"${N}\"\n    init: ${B}\n    cpus: \"0.5\"\n    scale: \"2\"", {{"N", "7"}, {"B", "true"}});
  EXPECT_EQ(service.pids_limit, 7);
  EXPECT_EQ(service.init, true);
  EXPECT_EQ(service.cpus, 0.5);
  EXPECT_EQ(service.replicas(), 2);
}

TEST(Types, OldBooleansAreTakenWithAWarning) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\nservices: {a: {image: x, tty: \"yes\"}}\n");
  const LoadResult result = directory.load();
  EXPECT_TRUE(result.project.services.at("a").tty);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(result.warnings[0],
            "compose.yaml:2:31: services.a.tty: \"yes\" for boolean is not supported by YAML 1.2, please use `true`");
}

TEST(Types, SizesDurationsAndModes) {
  const Service service = service_with(
      "mem_limit: 512m\n    shm_size: 65536\n    stop_grace_period: 1m30s\n    memswap_limit: -1\n    volumes: [{type: tmpfs, "
      "target: /t, tmpfs: {size: 1k, mode: 0700}}]");
  EXPECT_EQ(service.mem_limit, 512 << 20);
  EXPECT_EQ(service.shm_size, 65536);
  EXPECT_EQ(service.memswap_limit, -1);
  EXPECT_EQ(service.stop_grace_period, std::chrono::seconds(90));
  EXPECT_EQ(service.volumes.at(0).tmpfs->mode, 0700U);
}

TEST(Environment, ScalarsBecomeTheTextYamlGivesThem) {
  const Service service = service_with(
      "environment: {A: 1.0, B: 1e3, C: 100000000.0, D: .inf, E: 017, F: 1_000, G: yes, H: 22:22, I: true, J: null, K: }");
  const OptionalStringMap expected{{"A", "1"},    {"B", "1000"},       {"C", "1e+08"},     {"D", "+Inf"},
                                   {"E", "15"},   {"F", "1000"},       {"G", "yes"},       {"H", "22:22"},
                                   {"I", "true"}, {"J", std::nullopt}, {"K", std::nullopt}};
  EXPECT_EQ(service.environment, expected);
}

TEST(Environment, NullIsTakenFromTheEnvironmentAndLabelsGetBlanks) {
  const Service service =
      service_with("environment: [A, B, C=]\n    labels: [L, M=1]\n    build: {context: ., args: [A, B]}", {{"A", "outer"}});
  EXPECT_EQ(service.environment, (OptionalStringMap{{"A", "outer"}, {"B", std::nullopt}, {"C", ""}}));
  EXPECT_EQ(service.labels, (StringMap{{"L", ""}, {"M", "1"}}));
  EXPECT_EQ(service.build->args, (OptionalStringMap{{"A", "outer"}}));
}

TEST(Command, IsSplitLikeAShellWouldButNothingRuns) {
  EXPECT_EQ(service_with("command: \"sh -c 'echo $$X \\\"q\\\"' a\\\\ b\"").command,
            (std::vector<std::string>{"sh", "-c", "echo $X \"q\"", "a b"}));
  EXPECT_EQ(service_with("command: echo a && b").command, (std::vector<std::string>{"echo", "a"}));
  EXPECT_EQ(service_with("command: \"\"").command, std::vector<std::string>{});
  EXPECT_EQ(service_with("command:").command, std::nullopt);
  EXPECT_EQ(service_with("command: echo x$$(a 'b c')d e").command, (std::vector<std::string>{"echo", "x$(a 'b c')d", "e"}));
  EXPECT_EQ(service_with("command: a 12>b").command, std::vector<std::string>{"a"});
  EXPECT_NE(mistake("command: \"a 'b\"").find("services.a.command: the command line has an unfinished '"), std::string::npos);
  EXPECT_EQ(mistake("command: echo (a)"),
            "compose.yaml:4:14: services.a.command: a parenthesis in the command line must be in quotes: no shell reads it, "
            "unless the command is one (sh -c '...')");
  EXPECT_EQ(mistake("command: echo $$(a"), "compose.yaml:4:14: services.a.command: the command line has an unfinished $(");
}

std::string ports(const std::string& list) {
  std::string out;
  for (const Port& port : service_with("ports: " + list).ports)
    out += port.host_ip + '|' + port.published + '|' + std::to_string(port.target) + '/' + port.protocol + ' ';
  return out;
}

TEST(Ports, ShortForms) {
  EXPECT_EQ(ports(R"([80, "8080:81/udp", "127.0.0.1:82:82", "1.2.3.4::83", "[::1]:84:84"])"),
            "||80/tcp |8080|81/udp 127.0.0.1|82|82/tcp 1.2.3.4||83/tcp ::1|84|84/tcp ");
}

TEST(Ports, RangesOfEqualLengthExpandAndOneTargetKeepsItsRange) {
  EXPECT_EQ(ports(R"(["100-101:200-201", "9100-9110:95", "7000-7001"])"),
            "|100|200/tcp |101|201/tcp |9100-9110|95/tcp ||7000/tcp ||7001/tcp ");
}

TEST(Ports, MistakesAreNamed) {
  EXPECT_EQ(mistake("ports: [80000]"), "compose.yaml:4:13: services.a.ports[0]: '80000' is not a container port (1-65535)");
  EXPECT_EQ(mistake("ports: [\"a:80\"]"), "compose.yaml:4:13: services.a.ports[0]: 'a:80': 'a' is not a host port (0-65535)");
  EXPECT_EQ(mistake("ports: [\"1-3:80-81\"]"),
            "compose.yaml:4:13: services.a.ports[0]: '1-3:80-81': the ranges 1-3 and 80-81 differ in length");
  EXPECT_EQ(mistake("ports: [\"1-65535:1-65535\", \"1-65535:1-65535/udp\", 80]"),
            "compose.yaml:4:55: services.a.ports[2]: more than 131070 ports");
  EXPECT_EQ(mistake("ports: [{published: 80}]"), "compose.yaml:4:13: services.a.ports[0]: 'target' is missing");
}

TEST(Volumes, ShortForms) {
  const Service service = service_with("volumes: [\"vv:/v:nocopy\", \"/a/../b:/c:ro,z\", /anon/]");
  ASSERT_EQ(service.volumes.size(), 3U);
  EXPECT_EQ(service.volumes[0].type, "volume");
  EXPECT_TRUE(service.volumes[0].volume->nocopy);
  EXPECT_EQ(service.volumes[1].source, "/a/../b");
  EXPECT_TRUE(service.volumes[1].read_only);
  EXPECT_EQ(service.volumes[1].bind->selinux, "z");
  EXPECT_TRUE(service.volumes[1].bind->create_host_path);
  EXPECT_EQ(service.volumes[2].target, "/anon");
}

TEST(Volumes, ASingleLetterIsAVolumeAndNoDrive) {
  EXPECT_EQ(load_text("services: {a: {image: x, volumes: [\"n:/n\"]}}\nvolumes: {n: }").services.at("a").volumes.at(0).source,
            "n");
}

TEST(Modes, ANumberThatIsNoModeIsRefusedAsItsTextIs) {
  EXPECT_EQ(mistake("volumes: [{type: tmpfs, target: /t, tmpfs: {mode: 6440}}]"),
            "compose.yaml:4:55: services.a.volumes[0].tmpfs.mode: 6440 is no file mode; write an octal number like 0440");
  EXPECT_NE(mistake("volumes: [{type: tmpfs, target: /t, tmpfs: {mode: '014450'}}]"), "no error");
}

TEST(Lists, DuplicatesAreDroppedOrRefusedByKey) {
  EXPECT_EQ(service_with("dns: [1.1.1.1, 1.1.1.1]").dns.size(), 1U);
  EXPECT_EQ(service_with("cap_add: [B, A, B]").cap_add, (std::vector<std::string>{"B", "A"}));
  EXPECT_EQ(mistake("group_add: [x, x]"), "compose.yaml:4:20: services.a.group_add: items at 0 and 1 are equal");
  EXPECT_EQ(mistake("depends_on: [b, b]"), "compose.yaml:4:21: services.a.depends_on: 'b' is listed twice");
}

TEST(ExtraHosts, BothFormsSeveralAddressesAndBrackets) {
  using Hosts = std::map<std::string, std::vector<std::string>>;
  EXPECT_EQ(service_with("extra_hosts: [\"h:1.1.1.1\", \"h=[::1]\", \"g:fe80::1\"]").extra_hosts,
            (Hosts{{"g", {"fe80::1"}}, {"h", {"1.1.1.1", "::1"}}}));
  EXPECT_EQ(service_with("extra_hosts: {h: [a, b]}").extra_hosts, (Hosts{{"h", {"a", "b"}}}));
}

}  // namespace
}  // namespace stack::compose
