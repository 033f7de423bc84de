#include "scheduler/pull_policy.hpp"

#include <gtest/gtest.h>

#include "tests/scheduler/support.hpp"

namespace stack::scheduler {
namespace {

using test::nothing;
using test::project_of;

std::string up_images(const std::string& policy, std::int64_t age_seconds) {
  const compose::Project project = project_of("services: {a: {image: app, pull_policy: " + policy + "}}");
  ObservedState observed = nothing(project);
  observed.now = 1'000'000'000;
  observed.inspected_images[test::image_id].last_tag_time = observed.now - age_seconds;
  return to_text(plan_images(project, observed, {}));
}

TEST(PullPolicy, AnImageThatIsThereIsPulledAgainWhenItsPolicySaysSo) {
  constexpr std::int64_t hour = 3600;
  EXPECT_EQ(up_images("missing", 9'999 * hour), "");
  EXPECT_EQ(up_images("never", 9'999 * hour), "");
  EXPECT_EQ(up_images("always", 0), "#1 [] PullImage image:app (pull_policy always)\n");
  EXPECT_EQ(up_images("daily", 23 * hour), "");
  EXPECT_EQ(up_images("daily", 24 * hour), "#1 [] PullImage image:app (pull_policy daily)\n");
  EXPECT_EQ(up_images("weekly", 6 * 24 * hour), "");
  EXPECT_EQ(up_images("weekly", 7 * 24 * hour), "#1 [] PullImage image:app (pull_policy weekly)\n");
  EXPECT_EQ(up_images("every_90m", hour), "");
  EXPECT_EQ(up_images("every_90m", 2 * hour), "#1 [] PullImage image:app (pull_policy every_90m)\n");
}

TEST(PullPolicy, AnImageThatIsOnlyMountedIsPulledWhenItIsMissing) {
  const compose::Project project = project_of(
      "services: {a: {image: app, volumes: [{type: image, source: data, target: /d}, {type: image, source: app, target: "
      "/a}]}}");
  EXPECT_EQ(to_text(plan_images(project, nothing(project), {})), "#1 [] PullImage image:data (missing)\n");
}

TEST(PullPolicy, OnlyImagesWhoseAgeOrPlatformMattersAreAskedFor) {
  const compose::Project project = project_of(
      "services: {a: {image: one, pull_policy: daily}, b: {image: two, pull_policy: always}, c: {image: three},"
      " d: {image: four, platform: linux/arm64}}");
  EXPECT_EQ(observe_options_for(project).inspected_images, (std::vector<std::string>{"one", "four"}));
}

TEST(PullPolicy, AnImageForAnotherPlatformIsPulled) {
  const compose::Project project = project_of("services: {a: {image: app, platform: linux/arm64}}");
  ObservedState observed = nothing(project);
  observed.inspected_images[test::image_id] = {.last_tag_time = 1, .os = "linux", .architecture = "amd64", .variant = ""};
  EXPECT_EQ(to_text(plan_images(project, observed, {})), "#1 [] PullImage image:app (for linux/arm64)\n");
  observed.inspected_images[test::image_id].architecture = "arm64";
  EXPECT_EQ(to_text(plan_images(project, observed, {})), "");
}

TEST(PullPolicy, PlatformsAreComparedByWhatBothSay) {
  const InspectedImage image{.last_tag_time = {}, .os = "linux", .architecture = "arm64", .variant = "v8"};
  for (const char* fits : {"linux/arm64", "arm64", "aarch64", "linux", "linux/arm64/v8"})
    EXPECT_TRUE(is_for_platform(image, fits)) << fits;
  for (const char* other : {"linux/amd64", "amd64", "x86_64", "windows", "linux/arm64/v9"})
    EXPECT_FALSE(is_for_platform(image, other)) << other;
  EXPECT_TRUE(is_for_platform({}, "linux/amd64"));
}

const char* const several =
    "services: {a: {image: app}, b: {image: app}, c: {image: made, build: .}, d: {build: .},"
    " e: {image: mine, pull_policy: never}, f: {image: there, pull_policy: missing, depends_on: [a]}}";

TEST(PullPlan, EveryImageOnceAndNothingThatIsNotToBePulled) {
  const compose::Project project = project_of(several);
  EXPECT_EQ(to_text(plan_pull(project, nothing(project), {})),
            "#1 [] PullImage image:app (requested)\n"
            "#2 [] PullImage image:made (requested)\n");
  EXPECT_EQ(to_text(plan_pull(project, ObservedState(), {.services = {"f"}})), "#1 [] PullImage image:there (requested)\n");
  EXPECT_EQ(to_text(plan_pull(project, ObservedState(), {.services = {"f"}, .with_dependencies = true})),
            "#1 [] PullImage image:app (requested)\n"
            "#2 [] PullImage image:there (requested)\n");
  EXPECT_EQ(to_text(plan_pull(project, nothing(project), {.ignore_buildable = true})),
            "#1 [] PullImage image:app (requested)\n");
  EXPECT_EQ(to_text(plan_pull(project, nothing(project), {.policy = "missing"})), "");
}

TEST(PullPlan, WhatCanBeBuiltMayFailToBePulled) {
  const compose::Project project = project_of(several);
  const Plan plan = plan_pull(project, nothing(project), {});
  EXPECT_TRUE(std::get<PullImage>(plan.operation(1).action).required);
  EXPECT_FALSE(std::get<PullImage>(plan.operation(2).action).required);
  const Plan tolerant = plan_pull(project, nothing(project), {.ignore_failures = true});
  EXPECT_FALSE(std::get<PullImage>(tolerant.operation(1).action).required);
}

}  // namespace
}  // namespace stack::scheduler
