#include "scheduler/unsupported.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "tests/scheduler/support.hpp"

namespace stack::scheduler {
namespace {

using test::project_of;

TEST(Unsupported, WhatChangesWhatRunsIsRefusedEachWithItsPlace) {
  const auto project = project_of(
      "services:\n  a:\n    image: x\n    models: [m]\n    use_api_socket: true\n  b:\n    provider: {type: p}\n"
      "models: {m: {model: x}}\n");
  try {
    check_supported(project, {"a", "b"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_implemented);
    EXPECT_EQ(std::string(error.what()),
              "stdin:4:5: services.a.models: AI models are not supported yet; run a model server as a service of its own\n"
              "stdin:5:5: services.a.use_api_socket: is not supported yet; mount the engine's socket as a volume\n"
              "stdin:7:5: services.b.provider: services that a program provides are not supported yet; give it an image, or a "
              "profile that is switched off");
  }
}

TEST(Unsupported, WhatDoesNotChangeWhatRunsIsAWarning) {
  const auto project = project_of(
      "services:\n  a:\n    image: x\n    develop: {watch: [{path: x, action: rebuild}]}\n    deploy:\n      mode: global\n"
      "      update_config: {delay: 1s}\n      placement: {constraints: [a]}\n  b: {image: x, provider: {type: p}}\n");
  EXPECT_EQ(check_supported(project, {"a"}),  // b is not selected
            (std::vector<std::string>{
                "stdin:4:5: services.a.develop: files are not watched yet",
                "stdin:6:7: services.a.deploy.mode: has a meaning only in a Swarm, and is ignored",
                "stdin:7:7: services.a.deploy.update_config: has a meaning only in a Swarm, and is ignored",
                "stdin:8:7: services.a.deploy.placement: has a meaning only in a Swarm, and is ignored",
            }));
}

TEST(Unsupported, JobsWaitForRunAndCannotBeScheduled) {
  EXPECT_EQ(check_supported(project_of("services: {a: {image: x}}\njobs: {j: {image: y, triggers: {manual: true}}}\n"), {"a"}),
            std::vector<std::string>{"jobs are started by `stack run`, and are not now: j"});
  const auto scheduled = project_of("jobs:\n  j:\n    image: y\n    triggers: {schedule: ['0 3 * * *']}\n");
  try {
    check_supported(scheduled, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(
        std::string(error.what()),
        "stdin:4:16: jobs.j.triggers.schedule: jobs are not run on a schedule yet; put it into a profile that is switched "
        "off, and have `stack run j` done by cron");
  }
}

}  // namespace
}  // namespace stack::scheduler
