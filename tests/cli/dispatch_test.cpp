#include "cli/dispatch.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/commands.hpp"

namespace stack::cli {
namespace {

struct Outcome {
  int status;
  std::string out, err;
};

Outcome call(const std::vector<std::string>& arguments) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int status = dispatch(arguments);
  std::string out = testing::internal::GetCapturedStdout();
  return {status, std::move(out), testing::internal::GetCapturedStderr()};
}

TEST(Dispatch, AnUnknownCommandSuggestsTheNearest) {
  const Outcome outcome = call({"lgos"});
  EXPECT_EQ(outcome.status, exit_error);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "unknown command \"lgos\", did you mean \"logs\"?\n'stack --help' lists the commands\n");
  EXPECT_EQ(call({"image", "lss"}).err,
            "unknown command \"image lss\", did you mean \"image ls\"?\n'stack image --help' lists the commands\n");
}

TEST(Dispatch, HelpListsEveryCommand) {
  const Outcome outcome = call({"--help"});
  EXPECT_EQ(outcome.status, 0);
  for (const Command& command : commands())
    EXPECT_NE(outcome.out.find(std::string(command.summary)), std::string::npos) << command.name;
  EXPECT_EQ(call({}).out, outcome.out);
  EXPECT_EQ(call({"help"}).out, outcome.out);
}

void expect_help(const Command& command, std::vector<std::string> words) {
  words.emplace_back(command.name);
  for (const Command& child : command.children)
    if (!child.summary.empty()) expect_help(child, words);
  std::vector<std::string> with_flag = words;
  with_flag.emplace_back("--help");
  const Outcome outcome = call(with_flag);
  EXPECT_EQ(outcome.status, 0) << command.name;
  std::string usage = "Usage:  stack";
  for (const std::string& word : words) usage += " " + word;
  EXPECT_EQ(outcome.out.substr(0, usage.size()), usage);
  words.insert(words.begin(), "help");
  EXPECT_EQ(call(words).out, outcome.out) << command.name;
}

TEST(Dispatch, EveryCommandHasHelpUnderBothSpellings) {
  for (const Command& command : commands())
    if (!command.summary.empty()) expect_help(command, {});
}

TEST(Dispatch, EveryCommandRefusesAnUnknownFlag) {
  for (const Command& command : commands()) {
    const Outcome outcome = call({std::string(command.name), "--no-such-flag"});
    EXPECT_EQ(outcome.status, exit_error) << command.name;
    EXPECT_NE(outcome.err.find("unknown flag: --no-such-flag"), std::string::npos) << command.name << ": " << outcome.err;
  }
}

void expect_narrow_help(const Command& command, std::vector<std::string> words) {
  words.emplace_back(command.name);
  for (const Command& child : command.children) expect_narrow_help(child, words);
  words.emplace_back("--help");
  std::istringstream help(call(words).out);
  for (std::string line; std::getline(help, line);) EXPECT_LE(line.size(), 80U) << command.name << ": " << line;
}

TEST(Dispatch, HelpFitsEightyColumns) {
  for (const Command& command : commands()) expect_narrow_help(command, {});
  std::istringstream help(call({"--help"}).out);
  for (std::string line; std::getline(help, line);) EXPECT_LE(line.size(), 80U) << line;
}

TEST(Dispatch, HelpGroupsTheCommands) {
  const std::string help = call({"--help"}).out;
  std::size_t at = 0;
  std::size_t listed = 0;
  for (const CommandSection& section : command_sections()) {
    const std::size_t title = help.find("\n" + std::string(section.title) + ":\n");
    ASSERT_NE(title, std::string::npos) << section.title;
    EXPECT_GE(title, at);
    at = title;
    listed += section.commands.size();
  }
  EXPECT_EQ(listed, commands().size());
}

TEST(Dispatch, WhatDockerComposeHasAndWeHaveNotSaysSo) {
  EXPECT_EQ(call({"watch"}).err, "command \"watch\" is not supported yet\n");
  EXPECT_EQ(call({"up", "--menu"}).err, "--menu is not supported yet\n");
  EXPECT_EQ(call({"up", "-d", "--menu=false", "--dry-run"}).err, "--dry-run is not supported yet\n");
  EXPECT_EQ(call({"build", "--ssh", "default"}).err, "--ssh is not supported yet\n");
}

TEST(Dispatch, AFlagThatIsNearlyRightIsSuggested) {
  EXPECT_EQ(call({"up", "--scael", "web=2"}).err, "unknown flag: --scael (did you mean --scale?)\n");
  EXPECT_EQ(call({"exec", "--no-ttty", "web", "sh"}).err, "unknown flag: --no-ttty (did you mean --no-tty?)\n");
}

TEST(Dispatch, AFlagThatOnlyDockersCommandHasLeadsThere) {
  EXPECT_EQ(
      call({"ps", "--latest"}).err,
      "unknown flag: --latest\n\"stack ps\" is about the services of a project; docker's \"ps\" is \"stack container ls\"\n");
  EXPECT_EQ(call({"ls", "--latest"}).err, "unknown flag: --latest\n");
}

TEST(Dispatch, WhoNamesAFileIsNotSentToDockersCommand) {
  const std::string error = call({"-f", "/nosuch/compose.yaml", "ps"}).err;
  EXPECT_NE(error.find("/nosuch/compose.yaml"), std::string::npos) << error;
  EXPECT_EQ(error.find("docker's"), std::string::npos) << error;
}

TEST(Dispatch, ChecksGlobalFlags) {
  EXPECT_EQ(call({"--parallel", "some", "ps"}).err, "invalid value \"some\" for --parallel: a whole number is needed\n");
  EXPECT_EQ(call({"--progress", "fancy", "version"}).status, exit_error);
  EXPECT_EQ(call({"--ansi", "sometimes", "version"}).status, exit_error);
  EXPECT_EQ(call({"--progress", "plain", "version", "--short"}).status, 0);
  for (const char* flag : {"-v", "--version"}) EXPECT_EQ(call({flag, "up"}).out, call({"version"}).out);
}

TEST(Dispatch, ContradictionsOfUpAreToldBeforeAnythingIsDone) {
  EXPECT_NE(call({"up", "--build", "--no-build"}).err.find("incompatible"), std::string::npos);
  EXPECT_NE(call({"up", "-d", "--exit-code-from", "web"}).err.find("cannot be combined"), std::string::npos);
  EXPECT_NE(call({"up", "--scale", "web=many"}).err.find("SERVICE=N is needed"), std::string::npos);
}

}  // namespace
}  // namespace stack::cli
