#include "scheduler/reconcile.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "tests/scheduler/support.hpp"

namespace stack::scheduler {
namespace {

using namespace test;

constexpr const char* web_and_db = "services: {web: {image: a, depends_on: [db]}, db: {image: b}}";

std::string error_of(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Reconcile, StartsDependenciesFirstAndCreatesAtTheSameTime) {
  const auto project = project_of(web_and_db);
  EXPECT_EQ(up(project, nothing(project)),
            "#1 [] CreateNetwork network:default (missing)\n"
            "#2 [#1] CreateContainer service:db:1 (missing)\n"
            "#3 [#2] StartContainer service:db:1 (missing)\n"
            "#4 [#1] CreateContainer service:web:1 (missing)\n"
            "#5 [#3,#4] StartContainer service:web:1 (missing)\n");
}

TEST(Reconcile, WhatIsUpToDateIsLeftAlone) {
  const auto project = project_of(web_and_db);
  const Plan plan = reconcile(project, all_up(project), {});
  EXPECT_EQ(to_text(plan), "");
  EXPECT_EQ(plan.unchanged, (std::vector<std::string>{"Container p-db-1", "Container p-web-1"}));
}

TEST(Reconcile, AStoppedContainerIsStarted) {
  const auto project = project_of(web_and_db);
  ObservedState state = all_up(project);
  state.containers[1].state = "exited";
  EXPECT_EQ(up(project, state), "#1 [] StartContainer service:web:1 (exited)\n");
}

TEST(Reconcile, AChangedServiceIsMadeBesideTheOldOneAndTakesItsName) {
  const auto project = project_of(web_and_db);
  ObservedState state = all_up(project);
  state.containers[1].config_hash = "other";
  const Plan plan = reconcile(project, state, {});
  EXPECT_EQ(to_text(plan),
            "#1 [] CreateContainer service:web:1 (configuration changed)\n"
            "#2 [#1] StopContainer service:web:1 (configuration changed)\n"
            "#3 [#2] RemoveContainer service:web:1 (configuration changed)\n"
            "#4 [#1,#3] RenameContainer service:web:1 (configuration changed)\n"
            "#5 [#4] StartContainer service:web:1 (configuration changed)\n");
  const auto& create = std::get<CreateContainer>(plan.operations[0].action);
  const std::string temporary = id_of("p-web-1").substr(0, 12) + "_p-web-1";
  EXPECT_EQ(create.name, temporary);
  EXPECT_EQ(create.body.config.labels.at(label::replace), "web-1");
  EXPECT_EQ(std::get<RenameContainer>(plan.operations[3].action).container, temporary);
}

TEST(Reconcile, EveryReasonToRecreateIsNamed) {
  const auto project = project_of("services: {a: {image: i, volumes: ['v:/v']}}\nvolumes: {v: }");
  const auto reason_after = [&](const auto& change, const ReconcileOptions& options = {}) {
    ObservedState state = all_up(project);
    change(state);
    const Plan plan = reconcile(project, state, options);
    return plan.empty() ? "none" : plan.operations.back().reason;
  };
  EXPECT_EQ(reason_after([](ObservedState&) {}), "none");
  EXPECT_EQ(reason_after([](ObservedState& state) { state.images["i:latest"] = "sha256:new"; }), "image changed");
  EXPECT_EQ(reason_after([](ObservedState& state) { state.networks[0].id = "another"; }), "network changed");
  EXPECT_EQ(reason_after([](ObservedState& state) { state.containers[0].networks.clear(); }), "network changed");
  EXPECT_EQ(reason_after([](ObservedState& state) { state.containers[0].mounts.clear(); }), "volume changed");
  EXPECT_EQ(reason_after([](ObservedState&) {}, {.force_recreate = true}), "forced");
  EXPECT_EQ(reason_after([](ObservedState& state) { state.containers[0].config_hash = "x"; }, {.no_recreate = true}), "none");
}

TEST(Reconcile, ForcingNamedServicesLeavesTheirDependenciesAlone) {
  const auto project = project_of(web_and_db);
  const Plan plan = reconcile(project, all_up(project), {.services = {"web"}, .force_recreate = true});
  for (const Operation& operation : plan.operations) EXPECT_EQ(operation.service, "web");
  EXPECT_EQ(plan.operations.size(), 5U);
}

TEST(Reconcile, DependenciesAloneCanBeForced) {
  const auto project = project_of(web_and_db);
  const Plan plan = reconcile(project, all_up(project), {.services = {"web"}, .recreate_dependencies = true});
  ASSERT_FALSE(plan.operations.empty());
  for (const Operation& operation : plan.operations) {
    EXPECT_EQ(operation.reason, "forced");
    EXPECT_EQ(operation.service, "db");
  }
}

TEST(Reconcile, AHealthyDependencyIsWaitedForOnlyUntilItIsHealthy) {
  const auto project = project_of(
      "services:\n"
      "  web: {image: a, depends_on: {db: {condition: service_healthy}, init: {condition: service_completed_successfully}}}\n"
      "  api: {image: a, depends_on: {db: {condition: service_healthy}}}\n"
      "  db: {image: b, healthcheck: {test: [CMD, 'true']}}\n"
      "  init: {image: b}\n");
  EXPECT_EQ(up(project, nothing(project)),
            "#1 [] CreateNetwork network:default (missing)\n"
            "#2 [#1] CreateContainer service:db:1 (missing)\n"
            "#3 [#2] StartContainer service:db:1 (missing)\n"
            "#4 [#3] WaitHealthy service:db\n"
            "#5 [#1] CreateContainer service:api:1 (missing)\n"
            "#6 [#4,#5] StartContainer service:api:1 (missing)\n"
            "#7 [#1] CreateContainer service:init:1 (missing)\n"
            "#8 [#7] StartContainer service:init:1 (missing)\n"
            "#9 [#8] WaitCompleted service:init\n"
            "#10 [#1] CreateContainer service:web:1 (missing)\n"
            "#11 [#4,#9,#10] StartContainer service:web:1 (missing)\n");
  ObservedState state = all_up(project);
  state.containers[2].state = "exited";  // init
  state.containers[2].exit_code = 0;
  EXPECT_EQ(up(project, state), "#1 [] StartContainer service:init:1 (exited)\n#2 [#1] WaitCompleted service:init\n")
      << "as docker compose does, a one-shot service is run again";
  state.containers[2].state = "running";
  state.containers[1].health = Health::starting;
  EXPECT_EQ(up(project, state), "#1 [] WaitHealthy service:db\n#2 [] WaitCompleted service:init\n");
}

TEST(Reconcile, ScalingUpTakesTheNextNumbersAndScalingDownRemovesTheHighest) {
  const auto project = project_of("services: {a: {image: i, scale: 2, network_mode: none}}");
  EXPECT_EQ(up(project, all_up(project), {.scale = {{"a", 4}}}),
            "#1 [] CreateContainer service:a:3 (missing)\n"
            "#2 [#1] StartContainer service:a:3 (missing)\n"
            "#3 [] CreateContainer service:a:4 (missing)\n"
            "#4 [#3] StartContainer service:a:4 (missing)\n");
  EXPECT_EQ(up(project, all_up(project), {.scale = {{"a", 1}}}),
            "#1 [] StopContainer service:a:2 (scaled down)\n"
            "#2 [#1] RemoveContainer service:a:2 (scaled down)\n");
}

TEST(Reconcile, ScalingDownPrefersToKeepWhatIsUpToDate) {
  const auto project = project_of("services: {a: {image: i, scale: 2, network_mode: none}}");
  ObservedState state = all_up(project);
  state.containers[0].config_hash = "old";
  EXPECT_EQ(up(project, state, {.scale = {{"a", 1}}}),
            "#1 [] StopContainer service:a:1 (scaled down)\n"
            "#2 [#1] RemoveContainer service:a:1 (scaled down)\n");
}

TEST(Reconcile, OrphansAreNamedOrRemoved) {
  const auto before = project_of("services: {a: {image: i, network_mode: none}, old: {image: i, network_mode: none}}");
  const auto project = project_of("services: {a: {image: i, network_mode: none}}");
  const ObservedState state = all_up(before);
  const Plan plan = reconcile(project, state, {});
  EXPECT_TRUE(plan.empty());
  ASSERT_EQ(plan.warnings.size(), 1U);
  EXPECT_NE(plan.warnings[0].find("[p-old-1]"), std::string::npos);
  EXPECT_EQ(up(project, state, {.remove_orphans = true}),
            "#1 [] StopContainer service:old:1 (orphan)\n"
            "#2 [#1] RemoveContainer service:old:1 (orphan)\n");
}

TEST(Reconcile, AReplacementLeftByARunThatWasCutShortIsRemovedOrFinished) {
  const auto project = project_of("services: {a: {image: i, network_mode: none}}");
  ObservedState state = all_up(project);
  ObservedContainer replacement = running(project, "a");
  replacement.name = "0123456789ab_p-a-1";
  replacement.id = id_of("replacement");
  replacement.state = "created";
  replacement.replaces = "a-1";
  state.containers.push_back(replacement);
  EXPECT_EQ(up(project, state), "#1 [] RemoveContainer service:a:1 (left over)\n");
  state.containers.erase(state.containers.begin());
  EXPECT_EQ(up(project, state),
            "#1 [] RenameContainer service:a:1 (left over)\n#2 [#1] StartContainer service:a:1 (created)\n");
}

TEST(Reconcile, AnonymousVolumesAreHandedOn) {
  const auto project = project_of("services: {a: {image: i, network_mode: none, volumes: [/anon]}}");
  ObservedState state = all_up(project);
  state.containers[0].config_hash = "old";
  const std::string anonymous(64, 'a'), from_image(64, 'b');
  state.containers[0].mounts = {{.type = "volume", .name = anonymous, .destination = "/anon"},
                                {.type = "volume", .name = from_image, .destination = "/from-image"}};
  const auto mounts_of = [&](const ReconcileOptions& options) {
    const Plan plan = reconcile(project, state, options);
    std::map<std::string, std::string> sources;
    for (const api::Mount& mount : std::get<CreateContainer>(plan.operations[0].action).body.host_config.mounts)
      sources[mount.target] = mount.source;
    return sources;
  };
  EXPECT_EQ(mounts_of({}), (std::map<std::string, std::string>{{"/anon", anonymous}, {"/from-image", from_image}}));
  EXPECT_EQ(mounts_of({.renew_anonymous_volumes = true}), (std::map<std::string, std::string>{{"/anon", ""}}));
}

TEST(Reconcile, AChangedNetworkIsMadeAnewBetweenItsContainers) {
  const auto project = project_of("services: {a: {image: i}}");
  ObservedState state = all_up(project);
  state.networks[0].config_hash = "old";
  EXPECT_EQ(up(project, state),
            "#1 [] StopContainer service:a:1 (network changed)\n"
            "#2 [#1] RemoveContainer service:a:1 (network changed)\n"
            "#3 [#2] RemoveNetwork network:default (configuration changed)\n"
            "#4 [#3] CreateNetwork network:default (configuration changed)\n"
            "#5 [#2,#4] CreateContainer service:a:1 (network changed)\n"
            "#6 [#5] StartContainer service:a:1 (network changed)\n");
}

TEST(Reconcile, NothingIsChangedBeforeEveryImageIsThere) {
  const auto project = project_of("services: {a: {build: ., network_mode: none}, b: {image: b, network_mode: none}}");
  const Plan plan = reconcile(project, {}, {});
  EXPECT_EQ(to_text(plan),
            "#1 [] BuildImage image:p-a (missing)\n"
            "#2 [] PullImage image:b (missing)\n"
            "#3 [#1,#2] CreateContainer service:a:1 (missing)\n"
            "#4 [#3] StartContainer service:a:1 (missing)\n"
            "#5 [#1,#2] CreateContainer service:b:1 (missing)\n"
            "#6 [#5] StartContainer service:b:1 (missing)\n");
  EXPECT_EQ(std::get<CreateContainer>(plan.operations[2].action).image_operation, 1);
  EXPECT_FALSE(depends_on_new_images(plan, {}));
}

TEST(Reconcile, AMissingImageHoldsBackWhatOtherServicesNeed) {
  const auto project = project_of("services: {a: {image: a, volumes: ['v:/v']}, b: {build: .}}\nvolumes: {v: }");
  ObservedState state = nothing(project);
  state.images.erase("p-b:latest");
  state.containers.push_back(running(project, "a"));
  state.containers[0].networks.clear();
  EXPECT_EQ(up(project, state),
            "#1 [] BuildImage image:p-b (missing)\n"
            "#2 [#1] CreateNetwork network:default (missing)\n"
            "#3 [#1] CreateVolume volume:v (missing)\n"
            "#4 [#2,#3] CreateContainer service:a:1 (network changed)\n"
            "#5 [#4] StopContainer service:a:1 (network changed)\n"
            "#6 [#5] RemoveContainer service:a:1 (network changed)\n"
            "#7 [#4,#6] RenameContainer service:a:1 (network changed)\n"
            "#8 [#7] StartContainer service:a:1 (network changed)\n"
            "#9 [#1,#2] CreateContainer service:b:1 (missing)\n"
            "#10 [#9] StartContainer service:b:1 (missing)\n");
}

TEST(Reconcile, BuildingWhatRunsDecidesLaterWhetherToRecreate) {
  const auto project = project_of("services: {a: {build: ., network_mode: none}}");
  const ObservedState state = all_up(project);
  const Plan plan = reconcile(project, state, {.build = BuildMode::always});
  EXPECT_EQ(to_text(plan), "#1 [] BuildImage image:p-a (requested)\n");
  EXPECT_TRUE(depends_on_new_images(plan, state));
  EXPECT_EQ(up(project, state, {.build = BuildMode::always, .images_ready = true}), "");
}

TEST(Reconcile, DependentsWithRestartAreStoppedBeforeAndStartedAfter) {
  const auto project = project_of(
      "services: {web: {image: a, network_mode: none, depends_on: {db: {condition: service_started, restart: true}}},"
      " db: {image: b, network_mode: none}}");
  ObservedState state = all_up(project);
  state.containers[0].config_hash = "old";
  EXPECT_EQ(up(project, state),
            "#1 [] StopContainer service:web:1 (restarts with db)\n"
            "#2 [] CreateContainer service:db:1 (configuration changed)\n"
            "#3 [#1,#2] StopContainer service:db:1 (configuration changed)\n"
            "#4 [#3] RemoveContainer service:db:1 (configuration changed)\n"
            "#5 [#2,#4] RenameContainer service:db:1 (configuration changed)\n"
            "#6 [#5] StartContainer service:db:1 (configuration changed)\n"
            "#7 [#1,#6] StartContainer service:web:1 (restarts)\n");
}

constexpr const char* sharing =
    "services:\n"
    "  app: {image: a, network_mode: none}\n"
    "  side: {image: b, network_mode: 'service:app', pid: 'service:app'}\n";

TEST(Reconcile, WhatSharesNamespacesIsMadeWithTheIdOfTheContainerItSharesThemWith) {
  const auto project = project_of(sharing);
  const Plan plan = reconcile(project, nothing(project), {});
  EXPECT_EQ(to_text(plan),
            "#1 [] CreateContainer service:app:1 (missing)\n"
            "#2 [#1] StartContainer service:app:1 (missing)\n"
            "#3 [#1] CreateContainer service:side:1 (missing)\n"
            "#4 [#2,#3] StartContainer service:side:1 (missing)\n");
  const auto& made = std::get<CreateContainer>(plan.operation(3).action);
  EXPECT_EQ(made.body.host_config.network_mode, "container:#1");
  EXPECT_NE(made.hashed.find(R"("network_mode":"container:#1")"), std::string::npos) << made.hashed;
  EXPECT_FALSE(made.body.config.labels.contains(label::config_hash));
  const nlohmann::json written = plan;
  EXPECT_EQ(nlohmann::json(written.get<Plan>()), written);
  EXPECT_EQ(up(project, all_up(project)), "");
}

TEST(Reconcile, WhatSharesNamespacesWithARecreatedContainerIsRecreatedAfterIt) {
  const auto project = project_of(sharing);
  ObservedState state = all_up(project);
  state.containers[0].config_hash = "old";
  EXPECT_EQ(up(project, state),
            "#1 [] StopContainer service:side:1 (restarts with app)\n"
            "#2 [] CreateContainer service:app:1 (configuration changed)\n"
            "#3 [#1,#2] StopContainer service:app:1 (configuration changed)\n"
            "#4 [#3] RemoveContainer service:app:1 (configuration changed)\n"
            "#5 [#2,#4] RenameContainer service:app:1 (configuration changed)\n"
            "#6 [#5] StartContainer service:app:1 (configuration changed)\n"
            "#7 [#5] CreateContainer service:side:1 (shares namespaces with a new container)\n"
            "#8 [#1,#7] RemoveContainer service:side:1 (shares namespaces with a new container)\n"
            "#9 [#7,#8] RenameContainer service:side:1 (shares namespaces with a new container)\n"
            "#10 [#6,#9] StartContainer service:side:1 (shares namespaces with a new container)\n");
}

TEST(Reconcile, SharingNamespacesWithAServiceThatHasNoContainerIsAnErrorWithItsPlace) {
  const auto project = project_of(sharing);
  const std::string message =
      error_of([&] { reconcile(project, nothing(project), {.services = {"side"}, .with_dependencies = false}); });
  EXPECT_EQ(message,
            "stdin:3:20: services.side.network_mode: service \"app\" has no container whose namespace could be shared");
}

TEST(Reconcile, WaitEndsWithWaitingForEveryService) {
  const auto project = project_of(
      "services: {web: {image: a, network_mode: none, depends_on: {init: {condition: service_completed_successfully}}},"
      " init: {image: b, network_mode: none}}");
  EXPECT_EQ(up(project, nothing(project), {.wait = true}),
            "#1 [] CreateContainer service:init:1 (missing)\n"
            "#2 [#1] StartContainer service:init:1 (missing)\n"
            "#3 [#2] WaitCompleted service:init\n"
            "#4 [] CreateContainer service:web:1 (missing)\n"
            "#5 [#3,#4] StartContainer service:web:1 (missing)\n"
            "#6 [#5] WaitRunning service:web\n"
            "#7 [#3,#6] WaitStillUp service:web\n");
}

TEST(Reconcile, WhatRunsAlreadyIsWaitedForOnlyOnceAndNeedNotSettle) {
  const auto project = project_of("services: {a: {image: i, network_mode: none}, b: {image: i, network_mode: none}}");
  const ReconcileOptions options{.wait = true, .wait_timeout = std::chrono::seconds(7)};
  const Plan plan = reconcile(project, all_up(project), options);
  EXPECT_EQ(to_text(plan), "#1 [] WaitRunning service:a\n#2 [] WaitRunning service:b\n");
  const auto& wait = std::get<WaitContainers>(plan.operation(1).action);
  EXPECT_EQ(wait.settle.count(), 0);
  EXPECT_EQ(wait.timeout, std::chrono::seconds(7));
}

TEST(Reconcile, WhatCannotBeDoneIsAnErrorWithItsPlace) {
  const auto external = project_of("services: {a: {image: i, networks: [n]}}\nnetworks: {n: {external: true}}");
  EXPECT_NE(error_of([&] {
              reconcile(external, nothing(external), {});
            }).find("network n declared as external, but could not be found"),
            std::string::npos);
  const auto never = project_of("services: {a: {image: i, pull_policy: never}}");
  EXPECT_NE(error_of([&] { reconcile(never, {}, {}); }).find("image i is missing, and its pull_policy is never"),
            std::string::npos);
  const auto project = project_of(web_and_db);
  EXPECT_EQ(error_of([&] { reconcile(project, {}, {.services = {"nope"}}); }), "no such service: nope");
}

TEST(Reconcile, OnlyTheNamedServicesAreTouchedWithoutDependencies) {
  const auto project = project_of(web_and_db);
  EXPECT_EQ(up(project, nothing(project), {.services = {"web"}, .with_dependencies = false, .no_start = true}),
            "#1 [] CreateNetwork network:default (missing)\n"
            "#2 [#1] CreateContainer service:web:1 (missing)\n");
}

TEST(Reconcile, APlanReadBackFromJsonIsTheSame) {
  const auto project = project_of(
      "services: {web: {build: ., ports: ['80:80'], volumes: ['v:/v'], depends_on: {db: {condition: service_healthy}}},"
      " db: {image: b, healthcheck: {test: 'true'}}}\nvolumes: {v: }");
  ObservedState state = nothing(project);
  state.images.erase("p-web:latest");
  state.containers.push_back(running(project, "db"));
  state.containers[0].config_hash = "old";
  const Plan plan =
      reconcile(project, state, {.wait = true, .wait_timeout = std::chrono::seconds(9), .timeout = std::chrono::seconds(3)});
  const nlohmann::json written = plan;
  const Plan read = written.get<Plan>();
  EXPECT_EQ(to_text(read), to_text(plan));
  EXPECT_EQ(nlohmann::json(read), written);
}

TEST(Plan, JsonThatIsNoPlanIsRefused) {
  const auto refuse = [](const char* text) { return error_of([&] { nlohmann::json::parse(text).get<Plan>(); }); };
  EXPECT_EQ(refuse(R"({"operations": [{"id": 1, "kind": "Fly"}]})"), "not a plan: there is no operation \"Fly\"");
  EXPECT_EQ(refuse(R"({"operations": [{"id": 2, "kind": "StartContainer"}]})"), "not a plan: operation 2 is out of order");
  EXPECT_EQ(refuse(R"({"operations": [{"id": 1, "after": [1], "kind": "StartContainer"}]})"),
            "not a plan: operation 1 waits for 1");
  EXPECT_EQ(refuse(R"({"operations": [{"id": "1"}]})"), "invalid JSON: operations[0].id must be an integer, not string");
}

}  // namespace
}  // namespace stack::scheduler
