#include "cli/flags.hpp"

#include <gtest/gtest.h>

namespace stack::cli {
namespace {

std::string error_of(Flags& flags, const std::vector<std::string>& arguments) {
  try {
    flags.parse(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Flags, TakesFlagsBeforeBetweenAndAfterArguments) {
  bool detach = false;
  bool wait = false;
  std::optional<int> timeout;
  std::vector<std::string> services;
  Flags flags("up", "");
  flags.flag("-d,--detach", detach, "x");
  flags.flag("--wait", wait, "x");
  flags.value("-t,--timeout", timeout, "SECONDS", "x");
  flags.arguments(services);
  EXPECT_TRUE(flags.parse({"-d", "web", "-t5", "db", "--wait"}));
  EXPECT_TRUE(detach);
  EXPECT_TRUE(wait);
  EXPECT_EQ(timeout, 5);
  EXPECT_EQ(services, (std::vector<std::string>{"web", "db"}));
}

TEST(Flags, LeavesEverythingBehindTheFirstArgumentToACommandLine) {
  bool no_tty = false;
  std::vector<std::string> env;
  std::vector<std::string> line;
  Flags flags("exec", "");
  flags.flag("-T,--no-tty", no_tty, "x");
  flags.values("-e,--env", env, "K=V", "x");
  flags.command_line(line, 2);
  EXPECT_TRUE(flags.parse({"-T", "-e", "A=1,2", "--env=B=-x", "web", "ls", "-T", "--env", "--", "-e"}));
  EXPECT_EQ(env, (std::vector<std::string>{"A=1,2", "B=-x"}));
  EXPECT_EQ(line, (std::vector<std::string>{"web", "ls", "-T", "--env", "--", "-e"}));
}

TEST(Flags, TakesAnExplicitFalse) {
  bool orphans = true;
  Flags flags("ps", "");
  flags.flag("--orphans", orphans, "x");
  EXPECT_TRUE(flags.parse({"--orphans=false"}));
  EXPECT_FALSE(orphans);
}

TEST(Flags, CombinesShortFlags) {
  bool interactive = false;
  bool detach = false;
  bool tty = false;
  Flags flags("run", "");
  flags.flag("-d,--detach", detach, "x");
  flags.flag("-i,--interactive", interactive, "x");
  flags.flag("-t,--tty", tty, "x");
  EXPECT_TRUE(flags.parse({"-dit"}));
  EXPECT_TRUE(detach && interactive && tty);
}

TEST(Flags, ADashAloneIsAnArgument) {
  std::vector<std::string> names;
  Flags flags("import", "");
  flags.arguments(names);
  EXPECT_TRUE(flags.parse({"-", "name"}));
  EXPECT_EQ(names, (std::vector<std::string>{"-", "name"}));
}

TEST(Flags, AValueMayLookLikeAFlag) {
  std::optional<int> number;
  Flags flags("x", "");
  flags.value("-n,--number", number, "N", "x");
  EXPECT_TRUE(flags.parse({"--number", "-1"}));
  EXPECT_EQ(number, -1);
}

TEST(Flags, AnUnknownFlagNamesTheNearestOne) {
  bool detach = false;
  std::vector<std::string> line;
  Flags flags("up", "");
  flags.flag("-d,--detach", detach, "x");
  EXPECT_EQ(error_of(flags, {"--detahc"}), "unknown flag: --detahc (did you mean --detach?)");
  EXPECT_EQ(error_of(flags, {"-x"}), "unknown flag: -x");
  flags.command_line(line, 1);
  EXPECT_EQ(error_of(flags, {"--bogus", "web"}), "unknown flag: --bogus");
}

TEST(Flags, SaysWhatIsWrongWithAValue) {
  std::optional<int> timeout;
  Flags flags("up", "");
  flags.value("-t,--timeout", timeout, "SECONDS", "x");
  EXPECT_EQ(error_of(flags, {"-t", "soon"}), "invalid value \"soon\" for -t, --timeout: a whole number is needed");
  EXPECT_NE(error_of(flags, {"--timeout"}), "");
}

TEST(Flags, ShortFlagsMayHaveAnEqualsSign) {
  bool human = true;
  std::string name;
  std::vector<std::string> line;
  Flags flags("run", "Run.");
  flags.flag("-H,--human", human, "Human");
  flags.value("-n,--name", name, "N", "Name");
  flags.command_line(line, 1);
  ASSERT_TRUE(flags.parse({"-H=false", "-n=a=b", "echo", "-n=c", "-H=true"}));
  EXPECT_FALSE(human);
  EXPECT_EQ(name, "a=b");
  EXPECT_EQ(line, (std::vector<std::string>{"echo", "-n=c", "-H=true"}));
}

TEST(Flags, SaysWhichFlagHasNoValue) {
  std::string tail;
  Flags flags("logs", "Logs.");
  flags.value("-n,--tail", tail, "N", "Lines");
  try {
    flags.parse({"-n"});
    FAIL() << "no error";
  } catch (const FlagError& error) {
    EXPECT_STREQ(error.what(), "-n, --tail needs a value: --tail N");
  }
}

TEST(Flags, CountsArguments) {
  std::vector<std::string> names;
  Flags flags("rm NAME", "");
  flags.arguments(names, 1, 1);
  EXPECT_EQ(error_of(flags, {}), "at least 1 argument is needed, got 0\nUsage:  stack rm NAME");
  EXPECT_EQ(error_of(flags, {"a", "b"}), "unexpected argument \"b\"\nUsage:  stack rm NAME");
}

TEST(Flags, HelpAlignsAndWraps) {
  bool detach = false;
  std::optional<int> timeout;
  Flags flags("up [OPTIONS]", "Create and start");
  flags.flag("-d,--detach", detach, "Run in the background and return as soon as everything is up");
  flags.value("--timeout", timeout, "SECONDS", "Bound");
  EXPECT_EQ(flags.help(60),
            "Usage:  stack up [OPTIONS]\n\nCreate and start\n\nOptions:\n"
            "  -d, --detach            Run in the background and return\n"
            "                          as soon as everything is up\n"
            "      --timeout SECONDS   Bound\n");
}

TEST(Nearest, IsEmptyWhenNothingIsNear) {
  EXPECT_EQ(nearest("biuld", {"up", "build"}), "build");
  EXPECT_EQ(nearest("xyzzy", {"up", "build"}), "");
  EXPECT_EQ(nearest("pp", {"up", "build"}), "up");
}

}  // namespace
}  // namespace stack::cli
