#include "engine/runtime/launch.hpp"

#include "container_fixture.hpp"

namespace stack::engine::runtime {
namespace {

using Launch = ContainerTest;

TEST_F(Launch, RunsACommandAndReportsItsExitCodeAndOutput) {
  const Finished result = run(shell("echo out; echo err >&2; exit 7"));
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
}

TEST_F(Launch, ReportsASignalAs128PlusItsNumber) {
  const LaunchRequest sleeper = request({"sleep", "1000"});
  const LaunchResult launched = launch(shim(), sleeper);
  TestClient client(launched.socket_path);
  const shim::KillRequest signal{SIGKILL, 0, {}};
  client.request(shim::Message::kill, {reinterpret_cast<const char*>(&signal), sizeof signal});
  EXPECT_EQ(finish(launched, sleeper).exit_code, 137);
}

}  // namespace
}  // namespace stack::engine::runtime
