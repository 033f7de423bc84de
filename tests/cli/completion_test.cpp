#include "cli/completion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> services(const GlobalOptions& global, std::string_view kind) {
  if (kind != "service") return {std::string(kind) + "-1", std::string(kind) + "-2"};
  if (!global.files.empty()) return {"from-" + global.files.front()};
  return {"db", "web"};
}

Completion complete_words(const std::vector<std::string>& words) { return complete(words, services); }

std::vector<std::string> texts(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (const Candidate& candidate : complete_words(words).candidates) out.push_back(candidate.text);
  return out;
}

TEST(Completion, OfTheFirstWordIsCommands) {
  EXPECT_THAT(texts({"resta"}), ElementsAre("restart"));
  EXPECT_THAT(texts({""}), Contains("up"));
  EXPECT_THAT(texts({""}), Not(Contains("manual")));  // hidden
  EXPECT_THAT(texts({"--progress", "plain", "unp"}), ElementsAre("unpause"));
}

TEST(Completion, DockersCommandsWantThingsOfTheEngine) {
  EXPECT_THAT(texts({"container", "stop", ""}), ElementsAre("container-1", "container-2"));
  EXPECT_THAT(texts({"container", "stop", "x", "container-2"}), ElementsAre("container-2"));
  EXPECT_THAT(texts({"container", "exec", "-it", ""}), ElementsAre("container-1", "container-2"));
  EXPECT_THAT(texts({"container", "rename", ""}), ElementsAre("container-1", "container-2"));
  EXPECT_THAT(texts({"container", "rename", "a", ""}), IsEmpty());
  EXPECT_THAT(texts({"container", "run", "--rm", ""}), ElementsAre("image-1", "image-2"));
  EXPECT_THAT(texts({"network", "connect", ""}), ElementsAre("network-1", "network-2"));
  EXPECT_THAT(texts({"network", "connect", "n", ""}), ElementsAre("container-1", "container-2"));
  EXPECT_THAT(texts({"volume", "rm", ""}), ElementsAre("volume-1", "volume-2"));
  EXPECT_THAT(texts({"container", "ru"}), ElementsAre("run"));
}

TEST(Completion, OfADashIsTheFlagsOfThatLevel) {
  EXPECT_THAT(texts({"--proj"}), ElementsAre("--project-name", "--project-directory"));
  EXPECT_THAT(texts({"up", "--abort"}), ElementsAre("--abort-on-container-exit", "--abort-on-container-failure"));
  EXPECT_THAT(texts({"up", "--men"}), IsEmpty());  // not supported yet
}

TEST(Completion, OfArgumentsIsServices) {
  EXPECT_THAT(texts({"up", "-d", ""}), ElementsAre("db", "web"));
  EXPECT_THAT(texts({"up", "db", "w"}), ElementsAre("web"));
  EXPECT_THAT(texts({"port", "web", ""}), IsEmpty());
  EXPECT_THAT(texts({"-f", "other.yaml", "logs", ""}), ElementsAre("from-other.yaml"));
  EXPECT_THAT(texts({"scale", "w"}), ElementsAre("web="));
  EXPECT_THAT(texts({"ls", ""}), IsEmpty());
}

TEST(Completion, OfAFlagsValueDependsOnTheFlag) {
  EXPECT_THAT(texts({"--progress", "p"}), ElementsAre("plain"));
  EXPECT_THAT(texts({"up", "--attach", ""}), ElementsAre("db", "web"));
  EXPECT_THAT(texts({"kill", "-s", "SIGU"}), ElementsAre("SIGUSR1", "SIGUSR2"));
  EXPECT_EQ(complete_words({"-f", ""}).paths, Completion::Paths::files);
  EXPECT_EQ(complete_words({"--root", ""}).paths, Completion::Paths::directories);
  EXPECT_THAT(texts({"stop", "-t", ""}), IsEmpty());
}

TEST(Completion, LeavesTheCommandOfExecToTheShell) {
  EXPECT_THAT(texts({"exec", ""}), ElementsAre("db", "web"));
  EXPECT_EQ(complete_words({"exec", "web", ""}).paths, Completion::Paths::files);
  EXPECT_THAT(texts({"exec", "web", "ls", "-"}), IsEmpty());
}

TEST(Completion, KnowsGroups) {
  EXPECT_THAT(texts({"image", "imp"}), ElementsAre("import"));
  EXPECT_THAT(texts({"image", "ls", "--no"}), ElementsAre("--no-trunc"));
  EXPECT_THAT(texts({"nonsense", ""}), IsEmpty());
  EXPECT_FALSE(texts({}).empty());
}

TEST(CompletionScript, IsForThreeShells) {
  for (const char* shell : {"bash", "zsh", "fish"})
    EXPECT_NE(completion_script(shell).find("completion words"), std::string::npos);
  EXPECT_THROW(completion_script("csh"), Error);
}

}  // namespace
}  // namespace stack::cli
