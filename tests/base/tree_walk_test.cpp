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
  const fs::path root(directory.path());
  fs::create_directories(root / "a/b");
  write(root / "a/b/file", 1);
  fs::create_symlink("/etc", root / "a/link");
  std::set<std::string> seen;
  walk_tree(root, [&](const std::string& path, const struct stat&) { seen.insert(path); });
  EXPECT_EQ(seen, (std::set<std::string>{"a", "a/b", "a/b/file", "a/link"}));
}

TEST(TreeWalk, AFileWithTwoNamesCountsOnce) {
  const test::TempDir directory;
  const fs::path root(directory.path());
  fs::create_directory(root / "a");
  write(root / "one", 100);
  fs::create_hard_link(root / "one", root / "a/two");
  write(root / "a/three", 20);
  EXPECT_EQ(tree_size(root), 120U);
}

TEST(TreeWalk, AMissingDirectoryIsEmpty) { EXPECT_EQ(tree_size("/none/such"), 0U); }

}  // namespace
}  // namespace stack
