#include "base/archive.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <filesystem>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace stack::archive {

namespace fs = std::filesystem;
using test::TempDir;
using Type = Member::Type;

namespace {

struct Item {
  Member member;
  std::string content;
};

Item item(Type type, std::string path, std::string link_or_content = {}, mode_t mode = 0644) {
  Item made;
  made.member.type = type;
  made.member.path = std::move(path);
  made.member.mode = mode;
  made.member.mtime = {1'000'000'000, 0};
  if (type == Type::file) {
    made.content = std::move(link_or_content);
    made.member.size = made.content.size();
  } else {
    made.member.link = std::move(link_or_content);
  }
  return made;
}

std::string tar(const std::vector<Item>& items) {
  std::string bytes;
  Writer writer([&](std::string_view piece) { bytes += piece; });
  for (const Item& one : items) {
    writer.add(one.member);
    if (!one.content.empty()) writer.content(one.content);
  }
  writer.finish();
  return bytes;
}

struct stat lstat_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status;
}

void run(const std::string& command) {
  const Child child = spawn({.argv = {"/bin/sh", "-ec", command}, .environment = {"PATH=/usr/bin:/bin"}});
  ASSERT_EQ(wait_for(child), 0) << command;
}

/// A root to extract into, beside files an attack would aim at.
class Extract : public ::testing::Test {
protected:
  void SetUp() override {
    fs::create_directories(dir / "root");
    fs::create_directories(dir / "outside/sub");
    test::write_file(dir / "outside/secret", "untouched");
  }
  ExtractResult extract_all(const std::string& bytes, const ExtractOptions& options = {}) {
    return extract(from_memory(bytes), RootDir(dir / "root"), options);
  }
  /// Errors are fine for a malicious archive; writing outside is not.
  void attack(const std::vector<Item>& items) {
    try {
      extract_all(tar(items));
    } catch (const Error&) {
    }
    EXPECT_EQ(test::read_file(dir / "outside/secret"), "untouched");
    EXPECT_TRUE(fs::is_empty(dir / "outside/sub"));
    EXPECT_EQ(std::distance(fs::directory_iterator(dir / "outside"), {}), 2);
    EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), {}), 2);
    EXPECT_EQ(lstat_of(dir / "outside/secret").st_nlink, 1U);
    EXPECT_EQ(lstat_of(dir / "outside").st_mode & 07777, 0755U);
  }
  const TempDir dir;
};

}  // namespace

TEST_F(Extract, KeepsWhatAFileIs) {
  Item file = item(Type::file, "bin/su", "body", 04755);
  file.member.uid = 7;
  file.member.gid = 3'000'000;
  file.member.xattrs["user.note"] = "v";
  Item device = item(Type::character_device, "dev/null", "", 0666);
  device.member.device = makedev(1, 3);
  extract_all(tar({item(Type::directory, "bin/", "", 0711), file, item(Type::symlink, "bin/s", "/bin/su"),
                   item(Type::hard_link, "bin/h", "bin/su"), device, item(Type::fifo, "pipe", "", 0600)}));
  const struct stat status = lstat_of(dir / "root/bin/su");
  EXPECT_EQ(status.st_mode & 07777, 04755U);
  EXPECT_EQ(status.st_uid, 7U);
  EXPECT_EQ(status.st_gid, 3'000'000U);
  EXPECT_EQ(status.st_mtime, 1'000'000'000);
  EXPECT_EQ(status.st_nlink, 2U);
  char value[8] = {};
  EXPECT_EQ(::getxattr((dir / "root/bin/su").c_str(), "user.note", value, sizeof value), 1);
  EXPECT_EQ(lstat_of(dir / "root/bin").st_mode & 07777, 0711U);
  EXPECT_EQ(lstat_of(dir / "root/bin").st_mtime, 1'000'000'000);
  EXPECT_EQ(fs::read_symlink(dir / "root/bin/s"), "/bin/su");
  EXPECT_EQ(lstat_of(dir / "root/dev/null").st_rdev, makedev(1, 3));
  EXPECT_TRUE(S_ISFIFO(lstat_of(dir / "root/pipe").st_mode));
}

TEST_F(Extract, NeverWritesThroughNamesThatClimb) {
  attack({item(Type::file, "../outside/secret", "x")});
  attack({item(Type::file, "a/../../outside/secret", "x")});
  attack({item(Type::file, (dir / "outside/secret"), "x")});
  attack({item(Type::directory, "../outside", "", 0777)});
}

TEST_F(Extract, NeverWritesThroughLinks) {
  attack({item(Type::symlink, "l", (dir / "outside")), item(Type::file, "l/secret", "x")});
  attack({item(Type::symlink, "l", "../outside"), item(Type::file, "l/secret", "x"), item(Type::directory, "l/sub", "", 0777)});
  attack({item(Type::symlink, "l", "../outside/secret"), item(Type::file, "l", "x")});
  attack({item(Type::directory, "d", "", 0755), item(Type::file, "d/first", "x"), item(Type::symlink, "d", "../outside"),
          item(Type::file, "d/secret", "x")});
  attack({item(Type::symlink, "a", "b"), item(Type::symlink, "b", "a"), item(Type::file, "a/x", "x")});
}

TEST_F(Extract, NeverLinksOrChangesFilesOutside) {
  attack({item(Type::hard_link, "h", "../outside/secret"), item(Type::file, "h", "x")});
  attack({item(Type::symlink, "l", "../outside"), item(Type::hard_link, "h", "l/secret")});
  attack({item(Type::symlink, "s", "../outside/secret"), item(Type::hard_link, "h", "s"), item(Type::file, "h", "x", 0777)});
}

TEST_F(Extract, TheLastMemberOfANameWins) {
  extract_all(tar({item(Type::file, "x", "one"), item(Type::directory, "x", "", 0755), item(Type::file, "x/y", "two"),
                   item(Type::symlink, "x", "z"), item(Type::file, "x", "three")}));
  EXPECT_EQ(test::read_file(dir / "root/x"), "three");
}

TEST_F(Extract, RefusesToReplaceADirectoryByAFileWhenAsked) {
  fs::create_directory(dir / "root/d");
  ExtractOptions options;
  options.replace_directory = false;
  EXPECT_THROW(extract_all(tar({item(Type::file, "d", "x")}), options), Error);
}

TEST_F(Extract, TurnsWhiteoutsIntoThoseOfOverlayfs) {
  ExtractOptions options;
  options.whiteouts = Whiteouts::overlay;
  extract_all(
      tar({item(Type::directory, "etc/", "", 0755), item(Type::file, "etc/.wh.gone"), item(Type::file, "etc/.wh..wh..opq"),
           item(Type::file, "etc/.wh..wh.plnk"), item(Type::file, "both", "x"), item(Type::file, ".wh.both")}),
      options);
  EXPECT_TRUE(S_ISCHR(lstat_of(dir / "root/etc/gone").st_mode));
  EXPECT_EQ(lstat_of(dir / "root/etc/gone").st_rdev, 0U);
  char value = 0;
  EXPECT_EQ(::getxattr((dir / "root/etc").c_str(), "trusted.overlay.opaque", &value, 1), 1);
  EXPECT_EQ(test::read_file(dir / "root/both"), "x");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir / "root/etc"), {}), 1);
}

TEST_F(Extract, IgnoresAttributesThatSteerTheOverlay) {
  Item file = item(Type::file, "f", "x");
  file.member.xattrs["trusted.overlay.redirect"] = "/etc";
  extract_all(tar({file}));
  EXPECT_EQ(::getxattr((dir / "root/f").c_str(), "trusted.overlay.redirect", nullptr, 0), -1);
}

TEST_F(Extract, ReadsLongAndForeignNamesOfEveryTarFormat) {
  const std::string long_name = std::string(90, 'a') + "/" + std::string(120, 'b') + "/gr\xc3\xbc\xc3\x9f";
  fs::create_directories(dir / "src" / fs::path(long_name).parent_path());
  test::write_file(dir / ("src/" + long_name), "content");
  for (const std::string format : {"gnu", "pax", "posix"}) {
    run("tar -C " + (dir / "src") + " --format=" + format + " -cf " + (dir / "t.tar") + " .");
    extract_all(test::read_file(dir / "t.tar"));
    EXPECT_EQ(test::read_file(dir / ("root/" + long_name)), "content") << format;
    remove_tree(dir / "root");
    fs::create_directory(dir / "root");
  }
}

TEST_F(Extract, ReadsSparseFilesAndHashesTheirHoles) {
  run("cd " + dir.path() + " && truncate -s 300000 s && printf end >> s && truncate -s 400000 s");
  ExtractOptions options;
  options.hash_files = true;
  std::string seen;
  options.extracted = [&](const std::string&, const Member&, const std::string& digest) { seen = digest; };
  for (const std::string format : {"--format=gnu", "--format=pax --sparse-version=0.0", "--format=pax --sparse-version=0.1",
                                   "--format=pax --sparse-version=1.0"}) {
    run("cd " + dir.path() + " && tar -S " + format + " -cf t.tar s");
    seen.clear();
    extract_all(test::read_file(dir / "t.tar"), options);
    EXPECT_EQ(test::read_file(dir / "root/s"), test::read_file(dir / "s")) << format;
    EXPECT_EQ(seen, sha256_hex(test::read_file(dir / "s"))) << format;
  }
}

TEST_F(Extract, DecompressesAndGivesTheDigestOfThePlainStream) {
  const std::string plain = tar({item(Type::file, "f", std::string(500'000, 'x'))});
  test::write_file(dir / "t.tar", plain);
  const std::string expected = sha256_digest(plain);
  for (const std::string program : {"gzip -c", "zstd -qc", "xz -c"}) {
    if (program.starts_with("zstd") && !fs::exists("/usr/bin/zstd")) continue;  // the two others are in every Debian
    run("cd " + dir.path() + " && " + program + " t.tar > t.packed");
    EXPECT_EQ(extract_all(test::read_file(dir / "t.packed")).digest, expected) << program;
    EXPECT_EQ(fs::file_size(dir / "root/f"), 500'000U);
  }
}

TEST_F(Extract, ReadsGzipOfSeveralMembersAndRefusesATruncatedOne) {
  const std::string plain = tar({item(Type::file, "f", std::string(100'000, 'y'))});
  test::write_file(dir / "1", plain.substr(0, 5'000));
  test::write_file(dir / "2", plain.substr(5'000));
  run("cd " + dir.path() + " && (gzip -c 1; gzip -c 2) > t.gz");
  const std::string packed = test::read_file(dir / "t.gz");
  EXPECT_EQ(extract_all(packed).digest, sha256_digest(plain));
  EXPECT_THROW(extract_all(packed.substr(0, packed.size() - 20)), Error);
}

TEST_F(Extract, RefusesMoreContentThanAllowed) {
  ExtractOptions options;
  options.max_bytes = 10;
  EXPECT_THROW(extract_all(tar({item(Type::file, "f", "0123456789a")}), options), Error);
  options.max_members = 1;
  EXPECT_THROW(extract_all(tar({item(Type::file, "a"), item(Type::file, "b")}), options), Error);
}

TEST_F(Extract, RefusesGarbage) {
  EXPECT_THROW(extract_all(std::string(2000, 'z')), Error);
  const std::string good = tar({item(Type::file, "f", std::string(5000, 'x'))});
  EXPECT_THROW(extract_all(good.substr(0, 3000)), Error);
}

TEST(Write, GivesEqualBytesForEqualTreesInAnyOrderOfCreation) {
  const TempDir dir;
  for (const std::string name : {"a", "b"}) {
    fs::create_directories(dir / (name + "/d"));
    const std::vector<std::string> files =
        name == "a" ? std::vector<std::string>{"z", "d/y", "x"} : std::vector<std::string>{"x", "z", "d/y"};
    for (const auto& file : files) test::write_file(dir / (name + "/" + file), file);
    run("find " + (dir / name) + " -exec touch -d @1000 {} +");
  }
  const auto written = [&](const std::string& name) {
    std::string bytes;
    write_directory(dir / name, nullptr, [&](std::string_view piece) { bytes += piece; });
    return bytes;
  };
  EXPECT_EQ(written("a"), written("b"));
}

TEST(Write, RoundTripsTypesLinksWhiteoutsAndLongNames) {
  const TempDir dir;
  fs::create_directories(dir / "src/gone-below");
  const std::string long_name(200, 'n');
  test::write_file(dir / ("src/" + long_name), "long");
  ASSERT_EQ(::link((dir / ("src/" + long_name)).c_str(), (dir / "src/second").c_str()), 0);
  fs::create_symlink(std::string(150, 't'), dir / "src/symlink");
  ASSERT_EQ(::mknod((dir / "src/hidden").c_str(), S_IFCHR, 0), 0);
  ASSERT_EQ(::setxattr((dir / "src/gone-below").c_str(), "trusted.overlay.opaque", "y", 1, 0), 0);
  std::string bytes;
  WriteOptions options;
  options.whiteouts = Whiteouts::overlay;
  write_directory(
      dir / "src", nullptr, [&](std::string_view piece) { bytes += piece; }, options);

  std::string listing;
  Reader reader(from_memory(bytes));
  while (const auto member = reader.next())
    listing += member->path.substr(0, 30) + (member->link.empty() ? "" : " -> " + member->link.substr(0, 8)) + "\n";
  EXPECT_EQ(listing, "gone-below/\ngone-below/.wh..wh..opq\n.wh.hidden\n" + long_name.substr(0, 30) +
                         "\nsecond -> nnnnnnnn\nsymlink -> tttttttt\n");
  fs::create_directory(dir / "out");
  ExtractOptions back;
  back.whiteouts = Whiteouts::overlay;
  extract(from_memory(bytes), RootDir(dir / "out"), back);
  EXPECT_EQ(test::read_file(dir / "out/second"), "long");
  EXPECT_EQ(lstat_of(dir / "out/hidden").st_rdev, 0U);
  run("tar -tf - < /dev/null || true; cd " + dir.path() + " && mkdir gnu");
  test::write_file(dir / "t.tar", bytes);
  run("tar -C " + (dir / "gnu") + " -xf " + (dir / "t.tar"));  // others can read it
  EXPECT_EQ(test::read_file(dir / "gnu/second"), "long");
}

TEST(Write, LeavesOutWhatTheFilterSays) {
  const TempDir dir;
  fs::create_directories(dir / "skip/sub");
  fs::create_directories(dir / "descend");
  test::write_file(dir / "skip/sub/x", "");
  test::write_file(dir / "descend/x", "");
  std::vector<std::string> names;
  std::string bytes;
  write_directory(
      dir.path(),
      [](const std::string& path, const struct stat&) {
        return path == "skip" ? Keep::no : path == "descend" ? Keep::descend : Keep::yes;
      },
      [&](std::string_view piece) { bytes += piece; });
  Reader reader(from_memory(bytes));
  while (const auto member = reader.next()) names.push_back(member->path);
  EXPECT_EQ(names, std::vector<std::string>{"descend/x"});
}

}  // namespace stack::archive
