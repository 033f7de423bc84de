#include "engine/container/ps_output.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.hpp"

namespace stack::engine::container {
namespace {

using Words = std::vector<std::string>;

TEST(PsArguments, AreWordsAndMayNotHideTheColumnOfIds) {
  EXPECT_EQ(parse_ps_arguments(" aux  --sort=pid "), (Words{"aux", "--sort=pid"}));
  EXPECT_EQ(parse_ps_arguments("-o pid,comm=Name"), (Words{"-o", "pid,comm=Name"}));
  EXPECT_THROW(parse_ps_arguments("-o pid=x,comm"), Error);
  EXPECT_THROW(parse_ps_arguments("-o comm,pid=PID"), Error);
  EXPECT_THROW(parse_ps_arguments("-opid="), Error);
}

TEST(PsOutput, KeepsTheContainersProcessesAndTheBlanksOfTheirCommands) {
  const api::TopResponse top =
      parse_ps_output("USER PID COMMAND\nroot 7 init\nroot 12 sh -c  sleep 5\nwww 13 sleep 5\n", {12, 13});
  EXPECT_EQ(top.titles, (Words{"USER", "PID", "COMMAND"}));
  EXPECT_EQ(top.processes, (std::vector<Words>{{"root", "12", "sh -c sleep 5"}, {"www", "13", "sleep 5"}}));
}

TEST(PsOutput, NeedsTheColumnOfIds) {
  EXPECT_THROW(parse_ps_output("USER COMMAND\nroot init\n", {1}), Error);
  EXPECT_THROW(parse_ps_output("", {1}), Error);
  EXPECT_TRUE(parse_ps_output("PID", {1}).processes.empty());
}

TEST(Ps, TellsWhatItDoesNotAccept) {
  if (::access("/usr/bin/ps", X_OK) != 0) GTEST_SKIP() << "no ps on this host";
  const api::TopResponse own = parse_ps_output(run_ps({"-o", "pid,comm", "-p", std::to_string(::getpid())}), {::getpid()});
  EXPECT_EQ(own.processes.size(), 1U);
  EXPECT_THROW(run_ps({"--no-such-flag"}), Error);
}

}  // namespace
}  // namespace stack::engine::container
