#include "engine/api/path_stat.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.hpp"

namespace stack::engine::api {
namespace {

// Headers as the reference sends them.
constexpr const char* of_link =
    "eyJuYW1lIjoic2giLCJzaXplIjo3LCJtb2RlIjoxMzQyMTgyMzksIm10aW1lIjoiMTk3MC0wMS0wMVQwMDowMDowMFoiLCJsaW5rVGFyZ2V0IjoiL2Jpbi9idX"
    "N5"
    "Ym94In0=";
constexpr const char* of_directory =
    "eyJuYW1lIjoiLiIsInNpemUiOjQwOTYsIm1vZGUiOjIxNDc0ODQxNDEsIm10aW1lIjoiMjAyNi0xMS0yNlQxNjowNjozOC4wMDM2MjM1OVoiLCJsaW5rVGFyZ2"
    "V0"
    "IjoiIn0=";

TEST(PathStat, ReadsWhatTheReferenceSends) {
  const PathStat link = decode_path_stat(of_link);
  EXPECT_EQ(link.name, "sh");
  EXPECT_EQ(link.size, 7);
  EXPECT_EQ(link.mode, mode_t{S_IFLNK | 0777});
  EXPECT_TRUE(link.is_link());
  EXPECT_EQ(link.link_target, "/bin/busybox");
  const PathStat directory = decode_path_stat(of_directory);
  EXPECT_TRUE(directory.is_directory());
  EXPECT_EQ(directory.mode & 07777, mode_t{0755});
  EXPECT_EQ(directory.mtime.tv_nsec, 3623590);
}

TEST(PathStat, EveryKindOfFileComesBackAsItWas) {
  for (const mode_t mode : {S_IFREG | 0644, S_IFDIR | 01777, S_IFLNK | 0777, S_IFIFO | 0600, S_IFSOCK | 0755, S_IFCHR | 0666,
                            S_IFBLK | 0660, S_IFREG | 06755}) {
    PathStat stat;
    stat.name = "n\xff";  // names are bytes
    stat.size = 5'000'000'000;
    stat.mode = mode;
    stat.mtime = {1'700'000'000, 123};
    const PathStat read = decode_path_stat(encode_path_stat(stat));
    EXPECT_EQ(read.mode, mode) << std::oct << mode;
    EXPECT_EQ(read.size, stat.size);
    EXPECT_EQ(read.mtime.tv_sec, stat.mtime.tv_sec);
    EXPECT_EQ(read.mtime.tv_nsec, stat.mtime.tv_nsec);
  }
}

TEST(PathStat, OtherHeadersAreRefused) {
  for (const char* header : {"", "!!!", "bm90IGpzb24=", "W10=", "eyJzaXplIjoiYiJ9"})
    EXPECT_THROW(decode_path_stat(header), Error) << header;
}

}  // namespace
}  // namespace stack::engine::api
