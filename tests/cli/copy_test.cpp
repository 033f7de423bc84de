#include "cli/copy.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.hpp"
#include "tests/support/temp_dir.hpp"

namespace stack::cli {
namespace {

namespace fs = std::filesystem;

std::string argument(const char* text) {
  const CopyArgument parsed = parse_copy_argument(text);
  return parsed.service + "|" + parsed.path;
}

TEST(Copy, ArgumentsAreReadAsDockerCpReadsThem) {
  EXPECT_EQ(argument("app:/x"), "app|/x");
  EXPECT_EQ(argument("app:x:y"), "app|x:y");
  EXPECT_EQ(argument("/a:b"), "|/a:b");
  EXPECT_EQ(argument("./a:b"), "|./a:b");
  EXPECT_EQ(argument("file"), "|file");
  EXPECT_EQ(argument("-"), "|-");
}

std::string place(const char* source, bool directory, const CopyTarget& target) {
  try {
    const CopyPlacement placement = place_copy(source, directory, target);
    return placement.directory + " " + placement.name;
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Copy, PlacementFollowsWhatIsThere) {
  EXPECT_EQ(place("f", false, {"/d", true, true}), "/d f");
  EXPECT_EQ(place(".", true, {"/d", true, true}), "/d .");
  EXPECT_EQ(place("f", false, {"/d/g", true, false}), "/d g");
  EXPECT_EQ(place("d", true, {"/d/g", true, false}), "cannot copy directory");
  EXPECT_EQ(place("d", true, {"/new", false, false}), "/ new");
  EXPECT_EQ(place("d", true, {"/a/new/", false, false}), "/a new");
  EXPECT_EQ(place("f", false, {"/a/new/", false, false}), "no such directory");
  EXPECT_EQ(place("f", false, {"/a/new", false, false}), "/a new");
  EXPECT_EQ(absolute_copy_path("/a/../b/."), "/b/.");
  EXPECT_EQ(absolute_copy_path("/a/b/"), "/a/b/");
}

TEST(Copy, ATreeComesOutAsItWentInUnderItsNewName) {
  const test::TempDir dir;
  fs::create_directories(dir / "src/sub");
  test::write_file(dir / "src/sub/f", "content");
  fs::create_symlink("sub/f", dir / "src/link");
  fs::create_hard_link(dir / "src/sub/f", dir / "src/hard");
  fs::create_directory(dir / "out");
  const LocalSource source = local_source(dir / "src", false);
  EXPECT_TRUE(source.directory);
  std::string tar;
  write_local(source, "src", [&](std::string_view bytes) { tar += bytes; });
  extract_local(archive::from_memory(tar), "src", {dir / "out", "new"});
  EXPECT_EQ(test::read_file(dir / "out/new/link"), "content");
  EXPECT_EQ(fs::hard_link_count(dir / "out/new/hard"), 2U);
  const LocalSource contents = local_source(dir / "src/.", false);
  EXPECT_EQ(contents.shown, ".");
}

TEST(Copy, WhatAContainerSendsStaysBelowTheTarget) {
  const test::TempDir dir;
  fs::create_directory(dir / "out");
  fs::create_directory(dir / "victim");
  fs::create_symlink(dir / "victim", dir / "out/planted");
  std::string tar;
  archive::Writer writer([&](std::string_view bytes) { tar += bytes; });
  for (const char* path : {"d/../../victim/a", "/victim/b", "planted/c"}) writer.add({.path = path, .mode = 0644});
  writer.finish();
  try {
    extract_local(archive::from_memory(tar), "d", {dir / "out", "d"});
  } catch (const Error&) {  // refusing is fine, too
  }
  EXPECT_TRUE(fs::is_empty(dir / "victim"));
}

TEST(Copy, TargetsMustHaveADirectoryToBeIn) {
  const test::TempDir dir;
  EXPECT_THROW(local_target(dir / "no/such"), Error);
  EXPECT_FALSE(local_target(dir / "new").exists);
  EXPECT_TRUE(local_target(dir.path()).directory);
  EXPECT_THROW(local_source(dir / "absent", false), Error);
}

}  // namespace
}  // namespace stack::cli
