#include "scheduler/injected_files.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.hpp"
#include "tests/scheduler/support.hpp"

namespace stack::scheduler {
namespace {

using namespace test;
using nlohmann::json;

constexpr const char* secret_value = "top-secret-value";

compose::Project project_with(const std::string& service, const std::string& rest) {
  std::istringstream input("services: {web: {image: i, " + service + "}}\n" + rest);
  compose::LoadOptions options;
  options.files = {"-"};
  options.project_name = "p";
  options.cwd = "/";
  options.project_directory = "/";
  options.standard_input = &input;
  options.environment = {{"TOKEN", secret_value}, {"EMPTY", ""}};
  return compose::load(options).project;
}

constexpr const char* secrets =
    "secrets: {s: {environment: TOKEN}, e: {environment: EMPTY}, f: {file: /f}, n: {environment: NONE}}\n"
    "configs: {c: {content: 'text'}}\n";

std::string refusal(const std::string& service) {
  const compose::Project project = project_with(service, secrets);
  try {
    injected_files(project, project.services.at("web"));
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(InjectedFiles, TargetsOwnersAndModesAreComposes) {
  const compose::Project project = project_with(
      "secrets: [s, e, f, {source: s, target: x, uid: '1', gid: '2', mode: 0400}, {source: s, target: /abs}], configs: [c, "
      "{source: c, target: r/c}]",
      secrets);
  const auto& service = project.services.at("web");
  std::string text;
  for (const InjectedFile& file : injected_files(project, service)) {
    std::ostringstream line;
    line << file.what << ' ' << file.target << ' ' << file.uid << ' ' << file.gid << ' ' << std::oct << file.mode << '\n';
    text += line.str();
  }
  EXPECT_EQ(text,
            "secret \"s\" /run/secrets/s 0 0 444\n"
            "secret \"s\" /run/secrets/x 1 2 400\n"
            "secret \"s\" /abs 0 0 444\n"
            "config \"c\" /c 0 0 444\n"
            "config \"c\" /r/c 0 0 444\n");
  const auto mounts = container_config(project, service, 1).host_config.mounts;
  ASSERT_EQ(mounts.size(), 1U) << "only what is a file of the host is mounted";
  EXPECT_EQ(mounts.front().target, "/run/secrets/f");
}

TEST(InjectedFiles, RefusalsNameThePlace) {
  EXPECT_EQ(refusal("secrets: [n]"),
            "stdin:1:38: services.web.secrets[0]: environment variable \"NONE\" required by secret \"n\" is not set");
  EXPECT_NE(refusal("secrets: [s], read_only: true").find("cannot create secret \"s\" in read-only service web"),
            std::string::npos);
  EXPECT_EQ(refusal("secrets: [e], read_only: true"), "accepted") << "nothing is written for it";
  EXPECT_NE(refusal("secrets: [{source: s, uid: www}]").find("secrets[0].uid: \"www\" is no number"), std::string::npos);
}

TEST(InjectedFiles, HostFilesCannotHaveOwners) {
  const compose::Project project = project_with("secrets: [{source: f, mode: 0400}, {source: s, mode: 0400}]", secrets);
  EXPECT_EQ(file_warnings(project, project.services.at("web")).size(), 1U);
  const compose::Project plain = project_with("secrets: [f, {source: s, uid: '1'}]", secrets);
  EXPECT_TRUE(file_warnings(plain, plain.services.at("web")).empty());
}

TEST(InjectedFiles, APlanHasThemButItsJsonHasNoSecret) {
  const compose::Project project = project_with("secrets: [s], configs: [c]", secrets);
  const Plan plan = reconcile(project, nothing(project), {});
  const json written = plan;
  EXPECT_EQ(written.dump().find(secret_value), std::string::npos);
  EXPECT_NE(written.dump().find("\"environment\":\"TOKEN\""), std::string::npos);
  EXPECT_NE(written.dump().find("\"content\":\"text\""), std::string::npos);
  const Plan read = written.get<Plan>();
  for (const Operation& operation : read.operations)
    if (const auto* create = std::get_if<CreateContainer>(&operation.action)) {
      ASSERT_EQ(create->files.size(), 2U);
      EXPECT_FALSE(create->files[0].content);
      EXPECT_EQ(create->files[0].mode, 0444U);
      EXPECT_EQ(create->files[1].content, "text");
    }
}

TEST(InjectedFiles, ChangedContentAloneReplacesNothingButACreatedContainerIsMadeAnew) {
  const compose::Project project = project_with("secrets: [s]", secrets);
  ObservedState state = all_up(project);
  EXPECT_TRUE(reconcile(project, state, {}).empty());
  state.containers.front().state = "created";
  EXPECT_NE(to_text(reconcile(project, state, {})).find("CreateContainer service:web:1 (never started)"), std::string::npos);
}

}  // namespace
}  // namespace stack::scheduler
