// How hooks get into plans; that they run is in tests/scenarios/hooks_test.py.
#include "scheduler/hooks.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/scheduler/support.hpp"

namespace stack::scheduler {
namespace {

using namespace test;

constexpr const char* hooked =
    "services:\n"
    "  a:\n"
    "    image: x\n"
    "    post_start:\n"
    "      - {command: [up], user: u, privileged: true, working_dir: /w, environment: {K: v, NONE: }}\n"
    "    pre_stop:\n"
    "      - {command: down now}\n";

TEST(Hooks, AreCommandsWithTheirPlaces) {
  const auto project = project_of(hooked);
  const std::vector<HookCommand> started = post_start_hooks(project.services.at("a"));
  ASSERT_EQ(started.size(), 1U);
  EXPECT_EQ(started[0].what + ' ' + started[0].where, "post_start[0] stdin:5:9");
  EXPECT_EQ(started[0].command, std::vector<std::string>{"up"});
  EXPECT_EQ(started[0].user + ' ' + started[0].working_dir, "u /w");
  EXPECT_TRUE(started[0].privileged);
  EXPECT_EQ(started[0].environment, std::vector<std::string>{"K=v"});
  EXPECT_EQ(pre_stop_hooks(project.services.at("a")).at(0).command, (std::vector<std::string>{"down", "now"}));
}

/// The plan as it is after having been written and read back.
Plan through_json(const Plan& plan) { return nlohmann::json::parse(nlohmann::json(plan).dump()).get<Plan>(); }

TEST(Hooks, GoWithStartsAndStopsOfEveryPlan) {
  const auto project = project_of(hooked);
  ObservedState changed = all_up(project);
  changed.containers[0].config_hash = "other";
  std::string found;
  for (const Plan& plan : {reconcile(project, changed, {}), plan_restart("p", &project, all_up(project), {}),
                           plan_down("p", nullptr, all_up(project), {})})
    for (const Operation& operation : through_json(plan).operations) {
      if (const auto* start = std::get_if<StartContainer>(&operation.action))
        found += "start " + std::to_string(start->after.size()) + "\n";
      if (const auto* stop = std::get_if<StopContainer>(&operation.action))
        found += "stop " + std::to_string(stop->before.size()) + "\n";
      if (const auto* restart = std::get_if<RestartContainer>(&operation.action))
        found += "restart " + std::to_string(restart->before.size()) + std::to_string(restart->after.size()) + "\n";
    }
  EXPECT_EQ(found, "stop 1\nstart 1\nrestart 11\nstop 0\n");  // without files nothing tells them
}

}  // namespace
}  // namespace stack::scheduler
