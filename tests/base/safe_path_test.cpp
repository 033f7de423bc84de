#include "base/safe_path.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.hpp"
#include "tests/support/temp_dir.hpp"

namespace stack {

namespace fs = std::filesystem;
using test::TempDir;

TEST(SafePath, CleansNamesAsInsideARoot) {
  EXPECT_EQ(clean_path("/a//b/./c/"), "a/b/c");
  EXPECT_EQ(clean_path("../../etc/passwd"), "etc/passwd");
  EXPECT_EQ(clean_path("a/../../b"), "b");
  EXPECT_EQ(clean_path("/"), "");
}

TEST(SafePath, ResolvesAbsoluteLinksInsideTheRoot) {
  const TempDir dir;
  fs::create_directories(dir / "root/etc");
  test::write_file(dir / "root/etc/name", "inside");
  test::write_file(dir / "name", "outside");
  fs::create_symlink("/etc/name", dir / "root/absolute");
  fs::create_symlink("../../name", dir / "root/etc/climbing");
  const RootDir root(dir / "root");
  EXPECT_EQ(root.read_file("absolute"), "inside");
  EXPECT_EQ(root.read_file("/etc/climbing"), std::nullopt);
  EXPECT_EQ(root.read_file("../../name"), std::nullopt);
  EXPECT_EQ(root.read_link("absolute"), "/etc/name");
}

TEST(SafePath, MakesDirectoriesThroughLinksButNeverOutside) {
  const TempDir dir;
  fs::create_directories(dir / "root/real");
  fs::create_directory(dir / "out");
  fs::create_symlink("/real", dir / "root/link");
  fs::create_symlink((dir / "out"), dir / "root/evil");
  const RootDir root(dir / "root");
  root.make_directories("link/a/b", 0711, {12, 34});
  struct stat status {};
  ASSERT_EQ(::stat((dir / "root/real/a/b").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0711U);
  EXPECT_EQ(status.st_uid, 12U);
  EXPECT_EQ(status.st_gid, 34U);
  EXPECT_THROW(root.make_directories("evil/x", 0755, {}), Error);
  EXPECT_TRUE(fs::is_empty(dir / "out"));
}

TEST(SafePath, DoesNotBlockOnAFifo) {
  const TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  EXPECT_THROW(RootDir(dir.path()).read_file("pipe"), Error);
}

TEST(SafePath, RemovesATreeWithoutFollowingLinks) {
  const TempDir dir;
  fs::create_directories(dir / "keep");
  test::write_file(dir / "keep/file", "x");
  fs::create_directories(dir / "tree/sub/sub");
  fs::create_directory_symlink(dir / "keep", dir / "tree/sub/link");
  remove_tree(dir / "tree");
  EXPECT_FALSE(fs::exists(dir / "tree"));
  EXPECT_TRUE(fs::exists(dir / "keep/file"));
  remove_tree(dir / "tree");  // missing is fine
}

TEST(SafePath, ReplacesAFileAtOnce) {
  const TempDir dir;
  write_file_atomically(dir / "f", "one", 0640);
  write_file_atomically(dir / "f", "two", 0640);
  EXPECT_EQ(test::read_file(dir / "f"), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), {}), 1);
}

}  // namespace stack
