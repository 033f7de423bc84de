#include "engine/paths.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/digest.hpp"
#include "base/error.hpp"

namespace stack::engine {
namespace {

using Variables = std::map<std::string, std::string>;

PathRequest request(Variables variables, bool is_root = true) {
  PathRequest result;
  result.is_root = is_root;
  result.environment = [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  return result;
}

TEST(Paths, TheDefaultIsTheSystemsEngine) {
  const Paths paths = resolve_paths(request({}));
  EXPECT_EQ(paths.data_root, "/var/lib/stack");
  EXPECT_EQ(paths.run_root, "/run/stack");
  EXPECT_EQ(paths.socket(), "/run/stack/engine.sock");
  EXPECT_EQ(paths.instance.size(), 8U);
}

TEST(Paths, AnotherDataRootIsAnotherInstance) {
  const Paths standard = resolve_paths(request({}));
  const Paths other = resolve_paths(request({{"STACK_ROOT", "/srv/containers/"}}));
  EXPECT_EQ(other.data_root, "/srv/containers");
  EXPECT_NE(other.instance, standard.instance);
  EXPECT_EQ(other.run_root, "/run/stack-" + other.instance);
  EXPECT_EQ(other.cgroup_parent(), "/stack-" + other.instance);
}

TEST(Paths, TheOptionWinsOverTheVariableAndAnEmptyVariableIsNone) {
  PathRequest asked = request({{"STACK_ROOT", "/b"}, {"STACK_RUN", ""}});
  asked.root = "/a";
  EXPECT_EQ(resolve_paths(asked).data_root, "/a");
  asked.run = "/r";
  EXPECT_EQ(resolve_paths(asked).run_root, "/r");
}

TEST(Paths, ADirectoryUnderTwoNamesIsOneInstance) {
  const std::string base = testing::TempDir() + "stack-paths-" + random_hex(8);
  std::filesystem::create_directories(base + "/real");
  std::filesystem::create_directory_symlink("real", base + "/link");
  const Paths real = resolve_paths(request({{"STACK_ROOT", base + "/real"}}));
  const Paths link = resolve_paths(request({{"STACK_ROOT", base + "/./link/"}}));
  std::filesystem::remove_all(base);
  EXPECT_EQ(real.data_root, link.data_root);
  EXPECT_EQ(real.instance, link.instance);
}

TEST(Paths, AUserMeansTheSystemsEngineUnlessToldOtherwise) {
  EXPECT_EQ(resolve_paths(request({{"HOME", "/home/u"}}, false)).run_root, "/run/stack");
  const Paths own =
      resolve_paths(request({{"HOME", "/home/u"}, {"STACK_ROOTLESS", "1"}, {"XDG_RUNTIME_DIR", "/run/user/5"}}, false));
  EXPECT_EQ(own.data_root, "/home/u/.local/share/stack");
  EXPECT_EQ(own.run_root, "/run/user/5/stack");
}

TEST(Paths, AnEmptyOptionIsRefused) {
  PathRequest asked = request({});
  asked.root = "";
  EXPECT_THROW(resolve_paths(asked), Error);
}

}  // namespace
}  // namespace stack::engine
