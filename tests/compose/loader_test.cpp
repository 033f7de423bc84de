// Finding files, names, variables, profiles, merging and extending: whole loads.
#include "compose/loader.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "load_text.hpp"

namespace stack::compose {
namespace {

const std::string one = "name: t\nservices: {a: {image: one}}\n";

TEST(FindFiles, TheDefaultNamesAreTriedInOrderUpTheTree) {
  ProjectDirectory directory;
  directory.file("compose.yml", "name: t\nservices: {a: {image: two}}\n")
      .file("docker-compose.yml", one)
      .file("sub/deep/x", "");
  directory.options.cwd = directory.path() + "/sub/deep";
  const LoadResult result = directory.load();
  EXPECT_EQ(result.project.services.at("a").image, "two");
  EXPECT_EQ(result.project.working_dir, directory.path());
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(directory.shown(result.warnings[0]),
            "Found multiple config files with supported names: DIR/compose.yml, DIR/docker-compose.yml; using DIR/compose.yml");
}

TEST(FindFiles, TheOverrideFileIsAdded) {
  ProjectDirectory directory;
  directory.file("compose.yaml", one).file("compose.override.yml", "services: {a: {hostname: h}}\n");
  EXPECT_EQ(directory.load().project.services.at("a").hostname, "h");
}

TEST(FindFiles, NamedFilesReplaceTheSearchAndTheFirstGivesTheDirectory) {
  ProjectDirectory directory;
  directory.file("compose.yaml", one).file("d/x.yaml", "services: {b: {image: b, build: ctx}}\n").options.files = {"d/x.yaml"};
  const Project project = directory.load().project;
  EXPECT_EQ(project.name, "d");
  EXPECT_EQ(directory.shown(project.services.at("b").build->context), "DIR/d/ctx");
}

TEST(FindFiles, ComposeFileNamesSeveralAndStdinIsRead) {
  ProjectDirectory directory;
  directory.file("a.yaml", one).file("b.yaml", "services: {a: {hostname: h}}\n").options.environment = {
      {"COMPOSE_FILE", "a.yaml%b.yaml"}, {"COMPOSE_PATH_SEPARATOR", "%"}};
  EXPECT_EQ(directory.load().project.services.at("a").hostname, "h");
  std::istringstream input("services: {s: {image: s}}\n");
  directory.options.files = {"-"};
  directory.options.standard_input = &input;
  EXPECT_EQ(directory.load().project.services.count("s"), 1U);
}

TEST(FindFiles, WhatIsMissingIsNamed) {
  ProjectDirectory directory;
  directory.options.files = {"nope.yaml"};
  EXPECT_EQ(directory.error(), "open DIR/nope.yaml: no such file or directory");
}

TEST(ProjectName, ComesFromTheFlagTheEnvironmentTheFileOrTheDirectory) {
  ProjectDirectory directory;
  directory.file("My Dir.V2/compose.yaml", "services: {a: {image: x}}\n").options.cwd = directory.path() + "/My Dir.V2";
  EXPECT_EQ(directory.load().project.name, "mydirv2");
  directory.file("My Dir.V2/compose.yaml", "name: ${N:-File}\n" + one.substr(one.find('\n') + 1));
  EXPECT_EQ(directory.load().project.name, "file");
  directory.options.environment = {{"COMPOSE_PROJECT_NAME", "env"}};
  EXPECT_EQ(directory.load().project.name, "env");
  directory.options.project_name = "flag";
  EXPECT_EQ(directory.load().project.name, "flag");
  directory.options.project_name = "No";
  EXPECT_NE(directory.error().find("invalid project name \"No\""), std::string::npos);
}

TEST(Variables, TheEnvironmentWinsOverDotenvAndUnsetOnesWarn) {
  ProjectDirectory directory;
  directory.file(".env", "A=file\nB=file\n").file("compose.yaml", "name: t\nservices: {a: {image: \"$A-$B-$C\"}}\n");
  directory.options.environment = {{"A", "env"}};
  const LoadResult result = directory.load();
  EXPECT_EQ(result.project.services.at("a").image, "env-file-");
  EXPECT_EQ(result.warnings, std::vector<std::string>{"The \"C\" variable is not set. Defaulting to a blank string."});
}

TEST(Variables, DotenvIsSwitchedOffByAnyWordForTrue) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\nservices: {a: {image: \"x${A:-}\"}}\n").file(".env", "A=1\n");
  directory.options.environment["COMPOSE_DISABLE_ENV_FILE"] = "TRUE";
  EXPECT_EQ(directory.load().project.services.at("a").image, "x");
  directory.options.environment["COMPOSE_DISABLE_ENV_FILE"] = "yes";
  EXPECT_EQ(directory.error(), "COMPOSE_DISABLE_ENV_FILE: 'yes' is not a boolean; write true or false");
}

TEST(Variables, NamedEnvFilesReplaceDotenvAndMustExist) {
  ProjectDirectory directory;
  directory.file(".env", "A=dot\n").file("x.env", "A=x\n").file("compose.yaml", "name: t\nservices: {a: {image: \"i$A\"}}\n");
  directory.options.env_files = {"x.env"};
  EXPECT_EQ(directory.load().project.services.at("a").image, "ix");
  directory.options.env_files = {"y.env"};
  EXPECT_EQ(directory.error(), "couldn't find env file: DIR/y.env");
}

TEST(Variables, AMissingRequiredOneNamesItsPlace) {
  EXPECT_EQ(error_of("services:\n  a:\n    image: ${TAG:?set it}\n"),
            "compose.yaml:3:12: services.a.image: required variable TAG is missing a value: set it");
}

TEST(EnvFile, IsMergedBelowEnvironmentInOrder) {
  ProjectDirectory directory;
  directory.file("1.env", "A=1\nB=1\nC=1\n").file("2.env", "B=2\nD=$HOME-$X\n");
  directory.file("compose.yaml",
                 "name: t\nservices: {a: {image: x, env_file: [1.env, 2.env, {path: no, required: false}], environment: {C: "
                 "own, X: x, N: }}}\n");
  directory.options.environment = {{"HOME", "/h"}};
  const OptionalStringMap expected{{"A", "1"}, {"B", "2"}, {"C", "own"}, {"D", "/h-x"}, {"N", std::nullopt}, {"X", "x"}};
  EXPECT_EQ(directory.load().project.services.at("a").environment, expected);
}

TEST(Profiles, SwitchServicesOnByFlagEnvironmentOrName) {
  ProjectDirectory directory;
  directory.file("compose.yaml",
                 "name: t\nservices:\n  a: {image: x}\n  p: {image: x, profiles: [p]}\n  q: {image: x, profiles: [q, r]}\n");
  const auto names = [&] {
    std::string out;
    for (const auto& [name, service] : directory.load().project.services) out += name;
    return out;
  };
  EXPECT_EQ(names(), "a");
  directory.options.environment = {{"COMPOSE_PROFILES", "q,z"}};
  EXPECT_EQ(names(), "aq");
  directory.options.profiles = {"p"};
  EXPECT_EQ(names(), "ap");
  directory.options.services = {"q"};
  EXPECT_EQ(names(), "apq");
  directory.options.profiles = {"*"};
  EXPECT_EQ(names(), "apq");
  directory.options.services = {"zz"};
  EXPECT_EQ(directory.error(), "no such service: zz");
}

TEST(Profiles, ANamedServiceSwitchesOnWhatItNeedsOfItsProfiles) {
  ProjectDirectory directory;
  directory.file("compose.yaml",
                 "name: t\nservices:\n  q: {image: x, profiles: [q], links: [db]}\n  db: {image: x, profiles: [q]}\n"
                 "  other: {image: x, profiles: [q], depends_on: [off]}\n  off: {image: x, profiles: [p]}\n");
  directory.options.services = {"q"};
  const Project project = directory.load().project;
  EXPECT_TRUE(project.services.contains("q") && project.services.contains("db"));
  EXPECT_TRUE(project.disabled_services.contains("other") && project.disabled_services.contains("off"));
}

TEST(ProjectName, AVariableThatIsEmptyMakesNone) {
  EXPECT_EQ(error_of("name: ${X}\nservices: {a: {image: x}}\n"), "compose.yaml:1:7: name: '${X}' is empty here");
}

TEST(Profiles, ARequiredDependencyThatIsOffIsAnErrorAnOptionalOneIsNot) {
  const std::string text =
      "services:\n  a: {image: x, depends_on: {b: {condition: service_started, required: REQUIRED}}}\n  b: {image: x, "
      "profiles: [p]}\n";
  const auto with = [&](const std::string& required) { return std::string(text).replace(text.find("REQUIRED"), 8, required); };
  EXPECT_EQ(load_text(with("false")).services.size(), 1U);
  EXPECT_EQ(error_of(with("true")),
            "compose.yaml:2:30: services.a.depends_on.b: service 'b' is switched off; one of its profiles must be active: p");
}

class Merging : public testing::Test {
protected:
  Service merged(const std::string& base, const std::string& later) {
    ProjectDirectory directory;
    directory.file("compose.yaml",
                   "name: t\nservices:\n  a:\n    image: x\n    " + base + "\n  b: {image: b}\nvolumes: {v: , w: }\n");
    directory.file("compose.override.yaml", "services:\n  a:\n    " + later + "\n");
    return directory.load().project.services.at("a");
  }
};

TEST_F(Merging, VariablesMergeByNameAcrossBothForms) {
  EXPECT_EQ(merged("environment: {A: 1, B: 2}", "environment: [B=3, C=4]").environment,
            (OptionalStringMap{{"A", "1"}, {"B", "3"}, {"C", "4"}}));
}

TEST_F(Merging, PortsAreOneByAddressTargetPublishedAndProtocol) {
  const Service service =
      merged("ports: [\"80:80\", \"81:81\"]", "ports: [{target: 80, published: \"80\", name: n}, \"80:80/udp\"]");
  ASSERT_EQ(service.ports.size(), 3U);
  EXPECT_EQ(service.ports[0].name, "n");
  EXPECT_EQ(service.ports[2].protocol, "udp");
}

TEST_F(Merging, VolumesAreOneByTarget) {
  const Service service = merged("volumes: [\"/a:/x\", \"v:/y\"]", "volumes: [{type: volume, source: w, target: /x/}]");
  ASSERT_EQ(service.volumes.size(), 2U);
  EXPECT_EQ(service.volumes[0].source, "w");
  EXPECT_FALSE(service.volumes[0].bind);
}

TEST_F(Merging, AShortDependencyOverALongOneKeepsRestart) {
  const Dependency dependency =
      merged("depends_on: {b: {condition: service_healthy, restart: true}}", "depends_on: [b]").depends_on.at("b");
  EXPECT_EQ(dependency.condition, DependencyCondition::service_started);
  EXPECT_TRUE(dependency.restart);
}

TEST_F(Merging, CommandsAreReplacedAndNullClearsThem) {
  EXPECT_EQ(merged("command: [a, b]", "command: c").command, std::vector<std::string>{"c"});
  EXPECT_EQ(merged("command: [a, b]", "command:").command, std::nullopt);
  EXPECT_EQ(merged("ports: [\"80\"]", "ports:").ports.size(), 1U);
}

TEST_F(Merging, AnotherLoggingDriverDropsTheOptions) {
  EXPECT_TRUE(merged("logging: {driver: a, options: {x: y}}", "logging: {driver: b}").logging->options.empty());
  EXPECT_EQ(merged("logging: {driver: a, options: {x: y}}", "logging: {options: {z: w}}").logging->options.size(), 2U);
}

TEST_F(Merging, ResetRemovesAndOverrideReplaces) {
  EXPECT_TRUE(merged("ports: [\"80\"]", "ports: !reset []").ports.empty());
  EXPECT_EQ(merged("dns: [a, b]", "dns: !override [c]").dns, std::vector<std::string>{"c"});
}

TEST_F(Merging, AShortBuildKeepsArgumentsAndDockerfile) {
  const Service service = merged("build: {context: a, dockerfile: D, args: [X=1]}", "build: ./b");
  EXPECT_TRUE(service.build->context.ends_with("/b"));
  EXPECT_EQ(service.build->dockerfile, "D");
  EXPECT_EQ(service.build->args.size(), 1U);
}

TEST(Merge, DocumentsOfOneFileMergeLikeFiles) {
  EXPECT_EQ(load_text("services: {a: {image: x}}\n---\nservices: {a: {hostname: h}}\n").services.at("a").hostname, "h");
}

TEST(Extends, TakesFromTheSameFileAndAnotherWhosePathsAreItsOwn) {
  ProjectDirectory directory;
  directory.file("sub/b.yaml",
                 "services:\n  base: {image: i, build: ctx, volumes: [\"./d:/d\"], environment: {A: 1, B: 1}, profiles: [p]}\n "
                 " mid: {extends: base, hostname: m}\n");
  directory.file("compose.yaml",
                 "name: t\nservices:\n  a: {extends: {file: sub/b.yaml, service: mid}, environment: [B=2], profiles: !reset "
                 "[]}\n  b: {extends: {service: a}, image: j}\n");
  const Project project = directory.load().project;
  const Service& b = project.services.at("b");
  EXPECT_EQ(b.image, "j");
  EXPECT_EQ(b.hostname, "m");
  EXPECT_EQ(b.environment, (OptionalStringMap{{"A", "1"}, {"B", "2"}}));
  EXPECT_EQ(directory.shown(b.build->context), "DIR/sub/ctx");
  EXPECT_EQ(directory.shown(b.volumes.at(0).source), "DIR/sub/d");
}

TEST(Extends, CirclesAndMissingServicesAreNamed) {
  EXPECT_EQ(error_of("services:\n  a: {extends: b}\n  b: {extends: c}\n  c: {extends: a}\n"),
            "compose.yaml:2:16: services.a.extends: a circle: a -> b -> c -> a");
  EXPECT_EQ(error_of("services: {a: {extends: a}}"), "compose.yaml:1:25: services.a.extends: a circle: a -> a");
  EXPECT_EQ(error_of("services: {a: {extends: z}}"),
            "compose.yaml:1:25: services.a.extends: there is no service 'z' in this file");
}

TEST(Extends, CirclesThroughFilesNameThemAndEveryMistakeIsReportedOnce) {
  ProjectDirectory directory;
  directory
      .file("compose.yaml",
            "services:\n  a: {extends: {file: b.yaml, service: b}}\n  c: {extends: {file: nope.yaml, service: x}}\n"
            "  d: {extends: e1}\n  e: {image: x}\n  f: {extends: {file: \"https://h/x.git\", service: x}}\n  g: {extends: d}\n")
      .file("b.yaml", "services: {b: {extends: {file: compose.yaml, service: a}}}\n");
  EXPECT_EQ(directory.error(),
            "compose.yaml:2:16: services.a.extends: a circle: a of DIR/compose.yaml -> b of DIR/b.yaml -> a of "
            "DIR/compose.yaml\n"
            "compose.yaml:3:16: services.c.extends: open DIR/nope.yaml: No such file or directory\n"
            "compose.yaml:4:16: services.d.extends: there is no service 'e1' in this file; did you mean 'e'?\n"
            "compose.yaml:6:16: services.f.extends: 'https://h/x.git': extending a service of a git repository or registry is "
            "not supported yet; copy the file here");
}

TEST(Extends, OnlyTheServicesThatAreUsedHaveToBeRight) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\nservices: {a: {extends: {file: b.yaml, service: b}}}\n")
      .file("b.yaml", "networks: 5\nservices:\n  b: {image: x}\n  c: {foo: bar}\n");
  EXPECT_EQ(directory.load().project.services.at("a").image, "x");
  directory.file("compose.yaml",
                 "services: {a: {extends: {file: b.yaml, service: c}}, d: {extends: {file: b.yaml, service: c}}}\n");
  EXPECT_EQ(directory.error(), "b.yaml:4:7: services.c: unknown key 'foo'");
}

TEST(Extends, AnOverrideFileExtendsOnlyWhatItHasItselfAndChangesNoHeir) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\nservices: {a: {extends: b}, b: {image: x, hostname: one}}\n")
      .file("compose.override.yaml", "services: {b: {hostname: two}}\n");
  EXPECT_EQ(directory.load().project.services.at("a").hostname, "one");
  directory.file("compose.override.yaml", "services: {a: {extends: b}}\n");
  EXPECT_EQ(directory.error(), "compose.override.yaml:1:25: services.a.extends: there is no service 'b' in this file");
}

TEST(Extends, ResetAndOverrideReachWhatIsExtended) {
  const Project project = load_text(
      "name: t\nservices:\n  a: {extends: b, ports: !reset [], environment: !override {C: d}, command: !reset null}\n"
      "  b: {image: x, ports: [\"80:80\"], environment: {A: b}, command: x}\n");
  const Service& a = project.services.at("a");
  EXPECT_TRUE(a.ports.empty());
  EXPECT_FALSE(a.command);
  EXPECT_EQ(a.environment, (OptionalStringMap{{"C", "d"}}));
  EXPECT_EQ(project.services.at("b").ports.size(), 1U);
}

TEST(Extends, ResolvesRelativeToTheProjectWherePathsStay) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\nservices: {a: {extends: {file: sub/b.yaml, service: s}, volumes: [\"./q:/q\"]}}\n")
      .file("sub/b.yaml", "services: {s: {image: x, build: ., volumes: [\"./v:/v\", \"../w:/w\"]}}\n");
  directory.options.resolve_paths = false;
  const Service a = directory.load().project.services.at("a");
  EXPECT_EQ(a.build->context, "sub");
  EXPECT_EQ(a.volumes[0].source, "sub/v");
  EXPECT_EQ(a.volumes[1].source, "w");
  EXPECT_EQ(a.volumes[2].source, "./q");
}

TEST(Merge, AResetDoesNotTakeAwayWhatAMergeKeyBringsIn) {  // as in docker compose
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\nservices: {a: {image: x, expose: [1]}}\n")
      .file("compose.override.yaml", "x-c: &c {expose: [2]}\nservices: {a: {<<: *c, expose: !reset []}}\n");
  EXPECT_EQ(directory.load().project.services.at("a").expose, std::vector<std::string>{"2"});
}

TEST(Merge, ANullThatNothingBelowItFillsIsRefusedEvenIfALaterFileWould) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\nservices: {a: {image: x, hostname: }}\n")
      .file("compose.override.yaml", "services: {a: {hostname: h}}\n");
  EXPECT_EQ(directory.error(), "compose.yaml:2:26: services.a.hostname: expected a string, found nothing");
}

TEST(Merge, HostsAndLinksAreThereOnce) {
  ProjectDirectory directory;
  directory
      .file("compose.yaml",
            "name: t\nservices: {a: {image: x, extra_hosts: [\"h=1.1.1.1\", \"i=2.2.2.2\"], links: [b]}, b: {image: x}}\n")
      .file("compose.override.yaml", "services: {a: {extra_hosts: {h: [3.3.3.3], i: 2.2.2.2}, links: [\"b:alias\", b]}}\n");
  const Service a = directory.load().project.services.at("a");
  EXPECT_EQ(a.extra_hosts,
            (std::map<std::string, std::vector<std::string>>{{"h", {"1.1.1.1", "3.3.3.3"}}, {"i", {"2.2.2.2"}}}));
  EXPECT_EQ(a.links, (std::vector<std::string>{"b", "b:alias"}));
}

TEST(Merge, SubnetsAreThoseOfTheLaterFileLaidOverTheSameOnes) {
  ProjectDirectory directory;
  directory
      .file("compose.yaml",
            "name: t\nservices: {a: {image: x, networks: [n]}}\n"
            "networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.1}, {subnet: 10.1.0.0/24}]}}}\n")
      .file("compose.override.yaml",
            "networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24, ip_range: 10.0.0.0/25}, {subnet: 10.2.0.0/24}]}}}\n");
  const std::vector<IpamPool> pools = directory.load().project.networks.at("n").ipam_pools;
  ASSERT_EQ(pools.size(), 2U);
  EXPECT_EQ(pools[0].gateway + ' ' + pools[0].ip_range, "10.0.0.1 10.0.0.0/25");
  EXPECT_EQ(pools[1].subnet, "10.2.0.0/24");
}

TEST(Locations, AServiceKnowsWhereItsAttributesAre) {
  const Service service =
      load_text("services:\n  a:\n    image: x\n    ports:\n      - \"80\"\n    environment: {A: 1}\n").services.at("a");
  EXPECT_EQ(service.where("ports[0]"), "compose.yaml:5:9");
  EXPECT_EQ(service.where("environment.A"), "compose.yaml:6:19");
  EXPECT_EQ(service.where("image"), "compose.yaml:3:5");
  EXPECT_EQ(service.where("hostname"), "compose.yaml:2:3");
}

}  // namespace
}  // namespace stack::compose
