// Hooks, watched files, providers, models and Swarm's part of deploy: what loads, what does not. How they are printed is in
// tests/golden/compose.
#include <gtest/gtest.h>

#include "load_text.hpp"

namespace stack::compose {
namespace {

std::string mistake(const std::string& lines) { return error_of("services:\n  a:\n    image: x\n    " + lines + "\n"); }

TEST(Hooks, AreCommandsWithAUserAndVariables) {
  const Service service = service_with(
      "post_start: [{command: a \"b c\", user: root, privileged: true, working_dir: /w, environment: [K=v, L]}, {command: "
      "[x]}]\n"
      "    pre_stop: [{command: y}]\n    pre_start: [{command: z, image: i, per_replica: true}]");
  ASSERT_EQ(service.post_start.size(), 2U);
  EXPECT_EQ(service.post_start[0].command, (std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ(service.post_start[0].environment, (OptionalStringMap{{"K", "v"}, {"L", std::nullopt}}));
  EXPECT_TRUE(service.post_start[0].privileged);
  EXPECT_EQ(service.pre_stop.at(0).command, std::vector<std::string>{"y"});
  EXPECT_EQ(service.pre_start.at(0).image, "i");
}

TEST(Hooks, NeedACommandAndOnlyContainersOfTheirOwnHaveAnImage) {
  EXPECT_EQ(mistake("post_start: [{user: root}]"), "compose.yaml:4:18: services.a.post_start[0]: 'command' is missing");
  EXPECT_EQ(mistake("pre_stop: [{command: x, image: i}]"), "compose.yaml:4:29: services.a.pre_stop[0]: unknown key 'image'");
  EXPECT_EQ(mistake("post_start: {command: x}"),
            "compose.yaml:4:17: services.a.post_start: expected a list of mappings, found a mapping");
}

TEST(Develop, WatchesPathsOfTheFileThatSaysThem) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\nservices: {a: {image: x, extends: {file: sub/b.yaml, service: b}}}\n")
      .file("sub/b.yaml",
            "services: {b: {develop: {watch: [{path: ./src, action: sync, target: /s, ignore: n, include: [\"*.c\"]}]}}}\n");
  const WatchTrigger trigger = directory.load().project.services.at("a").develop->watch.at(0);
  EXPECT_EQ(directory.shown(trigger.path), "DIR/sub/src");
  EXPECT_EQ(trigger.ignore, std::vector<std::string>{"n"});
  EXPECT_EQ(trigger.include, std::vector<std::string>{"*.c"});
}

TEST(Develop, SaysWhatIsMissing) {
  EXPECT_EQ(mistake("develop: {watch: [{action: sync}, {path: x, action: copy}, {path: x, action: sync}]}"),
            "compose.yaml:4:23: services.a.develop.watch[0]: 'path' is missing\n"
            "compose.yaml:4:23: services.a.develop.watch[0]: 'target' is missing: where 'sync' puts the files\n"
            "compose.yaml:4:57: services.a.develop.watch[1].action: 'copy' is not one of rebuild, sync, restart, sync+restart, "
            "sync+exec\n"
            "compose.yaml:4:64: services.a.develop.watch[2]: 'target' is missing: where 'sync' puts the files");
}

TEST(Provider, ReplacesTheContainerAndItsNetwork) {
  const Project project = load_text("name: t\nservices: {a: {provider: {type: p, options: {one: 1, list: [x, true]}}}}\n");
  const Service& service = project.services.at("a");
  EXPECT_EQ(service.provider->options,
            (std::map<std::string, std::vector<std::string>>{{"list", {"x", "true"}}, {"one", {"1"}}}));
  EXPECT_TRUE(service.networks.empty());
  EXPECT_TRUE(project.networks.empty());
}

TEST(Provider, NeedsAType) {
  EXPECT_EQ(mistake("provider: {options: {a: b}}"), "compose.yaml:4:15: services.a.provider: 'type' is missing");
}

TEST(Provider, AnOverrideReplacesSingleOptionsAndAppendsToLists) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\nservices: {a: {provider: {type: p, options: {one: a, list: [a]}}}}\n")
      .file("compose.override.yaml", "services: {a: {provider: {type: p, options: {one: b, list: [b]}}}}\n");
  EXPECT_EQ(directory.load().project.services.at("a").provider->options,
            (std::map<std::string, std::vector<std::string>>{{"list", {"a", "b"}}, {"one", {"b"}}}));
}

TEST(Models, AreReferencesToTopLevelOnes) {
  const Project project = load_text(
      "name: t\nservices:\n  a: {image: x, models: [m]}\n  b: {image: x, models: {m: {endpoint_var: E, model_var: M}}}\n"
      "models:\n  m: {model: ai/x, context_size: 1024, runtime_flags: [--f]}\n  unused: {model: ai/y}\n");
  EXPECT_EQ(project.services.at("a").models.count("m"), 1U);
  EXPECT_EQ(project.services.at("b").models.at("m")->endpoint_var, "E");
  EXPECT_EQ(project.models.size(), 1U);
  EXPECT_EQ(project.models.at("m").context_size, 1024);
  EXPECT_EQ(mistake("models: [m]"), "compose.yaml:4:14: services.a.models.m: refers to undefined model 'm'");
  EXPECT_EQ(error_of("services: {a: {image: x}}\nmodels: {m: {}}\n"), "compose.yaml:2:13: models.m: 'model' is missing");
}

TEST(Deploy, HasSwarmsKeys) {
  const Service service = service_with(
      "deploy: {update_config: {parallelism: 0, delay: 10s, order: start-first, max_failure_ratio: \"0.3\"}, placement: "
      "{constraints: [a], preferences: [{spread: x}], max_replicas_per_node: 2}}");
  EXPECT_EQ(service.deploy->update_config->parallelism, 0U);
  EXPECT_EQ(service.deploy->update_config->delay, std::chrono::seconds(10));
  EXPECT_EQ(service.deploy->placement.preferences.at(0).spread, "x");
  EXPECT_EQ(mistake("deploy: {rollback_config: {order: sideways}}"),
            "compose.yaml:4:39: services.a.deploy.rollback_config.order: 'sideways' is not one of start-first, stop-first");
}

TEST(External, MayBeNamedInTheOldWay) {
  ProjectDirectory directory;
  directory.file("compose.yaml",
                 "name: t\nservices: {a: {image: x, networks: [n]}}\nnetworks: {n: {external: {name: real}}}\n");
  const LoadResult result = directory.load();
  EXPECT_EQ(result.project.networks.at("n").name, "real");
  EXPECT_TRUE(result.project.networks.at("n").external);
  EXPECT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(error_of("networks: {n: {name: a, external: {name: b}}}\n"),
            "compose.yaml:1:42: networks.n.external.name: differs from the 'name' beside 'external'");
}

TEST(FileObjects, HaveOneSourceAndKeysOfTheirOwnKind) {
  EXPECT_EQ(error_of("configs: {c: {content: x, file: y}}\n"),
            "compose.yaml:1:14: configs.c: 'file' and 'content' exclude each other");
  EXPECT_EQ(error_of("secrets: {s: {content: x}}\n"), "compose.yaml:1:15: secrets.s: unknown key 'content'");
  EXPECT_EQ(error_of("configs: {c: {driver: x, file: y}}\n"), "compose.yaml:1:15: configs.c: unknown key 'driver'");
}

TEST(PullPolicy, TakesEveryForm) {
  for (const char* policy : {"always", "never", "missing", "build", "refresh", "daily", "weekly", "every_1h30m", "every_2w"})
    EXPECT_EQ(service_with(std::string("pull_policy: ") + policy + "\n    pull_refresh_after: 1h").pull_policy, policy);
  EXPECT_EQ(service_with("pull_policy: if_not_present").pull_policy, "missing");
  EXPECT_EQ(mistake("pull_policy: every_5"),
            "compose.yaml:4:18: services.a.pull_policy: 'every_5' is not one of always, never, missing, if_not_present, build, "
            "refresh, daily, weekly, every_<duration>");
}

TEST(Volumes, OfWindowsAndSwarmsTypesLoad) {
  const Service service = service_with(
      "volumes: [{type: npipe, source: '\\\\.\\pipe\\p', target: '\\\\.\\pipe\\p'}, {type: cluster, source: c, target: /c}, "
      "'C:\\x:C:\\y']");
  EXPECT_EQ(service.volumes.at(0).source, "\\\\.\\pipe\\p");
  EXPECT_EQ(service.volumes.at(0).target, "\\\\.\\pipe\\p");
  EXPECT_EQ(service.volumes.at(1).type, "cluster");
  EXPECT_EQ(service.volumes.at(2).source, "C:\\x");
}

TEST(BuildKeys, SshMayBeAMapping) {
  const Service service = service_with("build: {context: ., ssh: {default: , key: /k}, no_cache_filter: [s]}");
  EXPECT_EQ(service.build->ssh, (std::vector<std::string>{"default", "key=/k"}));
  EXPECT_EQ(service.build->no_cache_filter, std::vector<std::string>{"s"});
  EXPECT_EQ(mistake("build: {context: ., additional_contexts: {c: \"service:zz\"}}"),
            "compose.yaml:4:47: services.a.build.additional_contexts.c: refers to undefined service 'zz'");
}

}  // namespace
}  // namespace stack::compose
