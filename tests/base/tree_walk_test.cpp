#include "base/tree_walk.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/support/temp_dir.hpp"

namespace stack {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, std::size_t size) { std::ofstream(path) << std::string(size, 'x'); }

TEST(TreeWalk, VisitsEveryNameAndFollowsNoLink) {
  const test::TempDir directory;
  fs::create_directories(directory / "a/b");
  write(directory / "a/b/file", 1);
  fs::create_symlink("/etc", directory / "a/link");
  std::set<std::string> seen;
  walk_tree(directory.path(), [&](const std::string& path, const struct stat&) { seen.insert(path); });
  EXPECT_EQ(seen, (std::set<std::string>{"a", "a/b", "a/b/file", "a/link"}));
}

TEST(TreeWalk, AFileWithTwoNamesCountsOnce) {
  const test::TempDir directory;
  fs::create_directory(directory / "a");
  write(directory / "one", 100);
  fs::create_hard_link(directory / "one", directory / "a/two");
  write(directory / "a/three", 20);
  EXPECT_EQ(tree_size(directory.path()), 120U);
}

TEST(TreeWalk, AMissingDirectoryIsEmpty) { EXPECT_EQ(tree_size("/none/such"), 0U); }

}  // namespace
}  // namespace stack
