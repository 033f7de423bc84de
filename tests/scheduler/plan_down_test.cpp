#include <gtest/gtest.h>

#include "tests/scheduler/support.hpp"

namespace stack::scheduler {
namespace {

using namespace test;

constexpr const char* three =
    "services: {web: {image: a, depends_on: [api]}, api: {image: a, depends_on: [db]}, db: {image: b, volumes: ['v:/v']}}\n"
    "volumes: {v: }";

TEST(PlanDown, StopsDependentsFirstAndRemovesTheNetworkLast) {
  const auto project = project_of(three);
  EXPECT_EQ(to_text(plan_down("p", &project, all_up(project), {})),
            "#1 [] StopContainer service:web:1 (down)\n"
            "#2 [#1] StopContainer service:api:1 (down)\n"
            "#3 [#2] StopContainer service:db:1 (down)\n"
            "#4 [#1] RemoveContainer service:web:1 (down)\n"
            "#5 [#2] RemoveContainer service:api:1 (down)\n"
            "#6 [#3] RemoveContainer service:db:1 (down)\n"
            "#7 [#4,#5,#6] RemoveNetwork network:default (down)\n");
}

TEST(PlanDown, WithoutAFileTheLabelsGiveTheOrder) {
  const auto project = project_of(three);
  EXPECT_EQ(to_text(plan_down("p", nullptr, all_up(project), {})), to_text(plan_down("p", &project, all_up(project), {})));
}

TEST(PlanDown, VolumesGoOnlyWhenAsked) {
  const auto project = project_of(three);
  const Plan plan = plan_down("p", &project, all_up(project), {.volumes = true});
  EXPECT_EQ(plan.operations.back().resource, "volume:v");
  EXPECT_TRUE(std::get<RemoveContainer>(plan.operations[3].action).volumes);
}

TEST(PlanDown, TheOrderHoldsAcrossAServiceThatDoesNotRun) {
  const auto project = project_of(three);
  ObservedState state = all_up(project);
  state.containers[0].state = "exited";  // api
  EXPECT_EQ(to_text(plan_stop("p", &project, state, {})),
            "#1 [] StopContainer service:web:1 (stop)\n"
            "#2 [#1] StopContainer service:db:1 (stop)\n");
}

TEST(PlanDown, WhatTheFileDoesNotKnowStaysUnlessOrphansAreToGo) {
  const auto before = project_of("services: {a: {image: i, network_mode: none}, old: {image: i, network_mode: none}}");
  const auto project = project_of("services: {a: {image: i, network_mode: none}}");
  EXPECT_EQ(plan_down("p", &project, all_up(before), {}).operations.size(), 2U);
  EXPECT_EQ(plan_down("p", &project, all_up(before), {.remove_orphans = true}).operations.size(), 4U);
}

TEST(PlanDown, WhatNoActiveProfileEnablesIsLeftAlone) {
  const char* file = "services: {a: {image: i, network_mode: none}, b: {image: i, network_mode: none, profiles: [x]}}";
  const ObservedState both =
      all_up(project_of("services: {a: {image: i, network_mode: none}, b: {image: i, network_mode: none}}"));
  const auto project = project_of(file);
  for (const bool orphans : {false, true})
    EXPECT_EQ(plan_down("p", &project, both, {.remove_orphans = orphans}).operations.size(), 2U);
  EXPECT_EQ(plan_stop("p", &project, both, {}).operations.size(), 1U);
  EXPECT_EQ(plan_restart("p", &project, both, {}).operations.size(), 1U);
}

TEST(PlanDown, OfServicesLeavesTheNetworkUntilTheLastContainerGoes) {
  const auto project = project_of(three);
  EXPECT_EQ(to_text(plan_down("p", &project, all_up(project), {.services = {"web"}, .volumes = true})),
            "#1 [] StopContainer service:web:1 (down)\n"
            "#2 [#1] RemoveContainer service:web:1 (down)\n");
  ObservedState last = all_up(project);
  std::erase_if(last.containers, [](const ObservedContainer& container) { return container.service != "web"; });
  EXPECT_EQ(plan_down("p", &project, last, {.services = {"web"}}).operations.back().resource, "network:default");
  EXPECT_THROW(plan_down("p", &project, last, {.services = {"nosuch"}}), Error);
}

TEST(PlanDown, NothingThereMeansNothingToDo) {
  const auto project = project_of(three);
  EXPECT_TRUE(plan_down("p", &project, {}, {}).empty());
}

TEST(PlanStart, WaitsForDependenciesAsUpDoes) {
  const auto project = project_of(
      "services: {web: {image: a, depends_on: {db: {condition: service_healthy}}}, db: {image: b, healthcheck: {test: "
      "'true'}}}");
  ObservedState state = all_up(project);
  for (auto& container : state.containers) container.state = "exited";
  EXPECT_EQ(to_text(plan_start("p", &project, state, {})),
            "#1 [] StartContainer service:db:1 (exited)\n"
            "#2 [#1] WaitHealthy service:db\n"
            "#3 [#2] StartContainer service:web:1 (exited)\n");
}

TEST(PlanRestart, DependenciesComeFirstAndDependentsWithRestartFollow) {
  const auto project = project_of(
      "services: {web: {image: a, depends_on: {db: {condition: service_started, restart: true}}}, db: {image: b}, other: "
      "{image: a}}");
  EXPECT_EQ(to_text(plan_restart("p", &project, all_up(project), {.services = {"db"}})),
            "#1 [] RestartContainer service:db:1 (restart)\n"
            "#2 [#1] RestartContainer service:web:1 (restart)\n");
}

TEST(Restart, TakesAlongWhatAsksForItAndWhatAsksForThat) {
  const auto project = project_of(
      "services:\n"
      "  x: {image: i, network_mode: none}\n"
      "  y: {image: i, network_mode: none, depends_on: {x: {condition: service_started, restart: true}}}\n"
      "  z: {image: i, network_mode: none, depends_on: {y: {condition: service_started, restart: true}}}\n"
      "  w: {image: i, network_mode: none, depends_on: [x]}\n");
  EXPECT_EQ(to_text(plan_restart("p", &project, all_up(project), {.services = {"x"}})),
            "#1 [] RestartContainer service:x:1 (restart)\n"
            "#2 [#1] RestartContainer service:y:1 (restart)\n"
            "#3 [#2] RestartContainer service:z:1 (restart)\n");
  EXPECT_EQ(to_text(plan_restart("p", &project, all_up(project), {.services = {"x"}, .with_dependencies = false})),
            "#1 [] RestartContainer service:x:1 (restart)\n");
}

}  // namespace
}  // namespace stack::scheduler
