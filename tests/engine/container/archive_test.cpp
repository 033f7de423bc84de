#include "engine/container/archive.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.hpp"
#include "tests/support/temp_dir.hpp"

namespace stack::engine::container {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

/// A directory that stands for a container's root, and one beside it that must stay untouched.
struct Archive : testing::Test {
  Archive() {
    fs::create_directories(base / "root/etc");
    fs::create_directories(base / "victim");
    test::write_file(base / "root/etc/passwd", "root");
    test::write_file(base / "victim/file", "untouched");
  }
  FileView view() const { return {RootDir(base / "root"), {}}; }
  std::vector<std::string> names(const std::string& path) const {
    std::string bytes;
    write_path(view(), path, *stat_path(view(), path), [&](std::string_view more) { bytes += more; });
    archive::Reader reader(archive::from_memory(std::move(bytes)));
    std::vector<std::string> found;
    while (const auto member = reader.next()) found.push_back(member->path);
    return found;
  }
  void put(const std::string& path, const std::vector<archive::Member>& members, ExtractRequest request = {}) const {
    std::string tar;
    archive::Writer writer([&](std::string_view bytes) { tar += bytes; });
    for (const archive::Member& member : members) writer.add(member);
    writer.finish();
    request.path = path;
    if (!request.owner) request.owner = RootDir::Owner{::geteuid(), ::getegid()};
    extract_into(open_destination(view(), request, "c"), archive::from_memory(std::move(tar)), request);
  }
  std::string refusal(const std::string& path, const std::vector<archive::Member>& members, ExtractRequest request = {}) const {
    try {
      put(path, members, request);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }
  static archive::Member file(const std::string& path) { return {.path = path, .mode = 0644}; }
  static archive::Member link(const std::string& path, const std::string& to) {
    return {.path = path, .type = archive::Member::Type::symlink, .link = to, .mode = 0777};
  }
  test::TempDir base;
};

TEST_F(Archive, LinksAreFollowedInsideTheRootOnly) {
  fs::create_symlink("/etc/../etc", base / "root/l");
  fs::create_symlink("../../../../nowhere/x", base / "root/etc/dangling");
  fs::create_symlink("loop", base / "root/loop");
  EXPECT_EQ(stat_path(view(), "/l")->link_target, "/etc");
  EXPECT_TRUE(stat_path(view(), "/l/")->is_directory());
  EXPECT_EQ(stat_path(view(), "/etc/dangling")->link_target, "/nowhere/x");
  EXPECT_FALSE(stat_path(view(), "/etc/dangling/"));
  EXPECT_FALSE(stat_path(view(), "/etc/passwd/x"));
  EXPECT_THROW(stat_path(view(), "/loop"), Error);
}

TEST_F(Archive, NamesFollowThePath) {
  EXPECT_THAT(names("/etc"), ElementsAre("etc/", "etc/passwd"));
  EXPECT_THAT(names("/etc/."), ElementsAre("./", "./passwd"));
  EXPECT_THAT(names("/"), ElementsAre("/", "/etc/", "/etc/passwd"));
  EXPECT_THAT(names("etc/passwd"), ElementsAre("passwd"));
}

TEST_F(Archive, KernelFileSystemsAreNotCopied) {
  FileView whole = view();
  struct stat status {};
  ASSERT_EQ(::stat((base / "root/etc").c_str(), &status), 0);
  whole.kernel_devices = {status.st_dev};  // as if everything were /proc: only the first directory shows
  std::string bytes;
  write_path(whole, "/etc/passwd", *stat_path(whole, "/etc/passwd"), [&](std::string_view more) { bytes += more; });
  EXPECT_FALSE(bytes.empty()) << "what is asked for by name is given";
}

TEST_F(Archive, NothingIsWrittenOutside) {
  const std::string victim = base / "victim";
  fs::create_symlink(victim, base / "root/abs");
  fs::create_symlink("../victim", base / "root/rel");
  refusal("/", {file("abs/file")});
  refusal("/", {file("rel/file")});
  refusal("/", {link("s", victim), file("s/file")});
  refusal("/", {link("t", "../victim"), file("t/file")});
  refusal("/abs", {file("file")});
  refusal("/../victim", {file("file")});
  EXPECT_EQ(refusal("/etc", {file("../../victim/file")}), "invalid entry name \"../../victim/file\"");
  EXPECT_EQ(refusal("/etc", {{.path = "h", .type = archive::Member::Type::hard_link, .link = "../../victim/file"}}),
            "invalid hardlink target \"../../victim/file\"");
  EXPECT_EQ(test::read_file(base / "victim/file"), "untouched");
  EXPECT_EQ(std::distance(fs::directory_iterator(victim), fs::directory_iterator()), 1);
}

TEST_F(Archive, RefusesWhatDockerRefuses) {
  EXPECT_EQ(refusal("/nope", {}), "Could not find the file /nope in container c");
  EXPECT_EQ(refusal("/etc/passwd", {}), "extraction point is not a directory");
  ExtractRequest read_only;
  read_only.readonly_rootfs = true;
  EXPECT_EQ(refusal("/etc", {}, read_only), "container rootfs is marked read-only");
  ExtractRequest careful;
  careful.replace_directory = false;
  EXPECT_NE(refusal("/", {file("etc")}, careful).find("cannot overwrite directory"), std::string::npos);
}

TEST_F(Archive, TheDirectoryItselfStaysAsItIs) {
  ::chmod((base / "root/etc").c_str(), 0711);
  put("/etc", {{.path = "./", .type = archive::Member::Type::directory, .mode = 0700}, file("./new")});
  struct stat status {};
  ASSERT_EQ(::stat((base / "root/etc").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, mode_t{0711});
  EXPECT_TRUE(fs::exists(base / "root/etc/new"));
}

}  // namespace
}  // namespace stack::engine::container
