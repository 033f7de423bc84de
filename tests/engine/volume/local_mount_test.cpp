#include "engine/volume/local_mount.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include "base/error.hpp"

namespace stack::engine::volume {
namespace {

std::string refusal(const DriverOptions& options) {
  try {
    check_options(options);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(LocalMount, OptionsAreCheckedLikeDockers) {
  EXPECT_EQ(refusal({}), "accepted");
  EXPECT_EQ(refusal({{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "size=1m"}}), "accepted");
  EXPECT_EQ(refusal({{"bogus", "x"}}), "invalid option: \"bogus\"");
  EXPECT_EQ(refusal({{"type", "nfs"}}), "missing required option: \"device\"");
  EXPECT_EQ(refusal({{"o", "ro"}, {"device", "/x"}}), "missing required option: \"type\"");
  EXPECT_EQ(refusal({{"size", "1g"}}), "quota size requested but no quota support");
  EXPECT_FALSE(needs_mount({}));
  EXPECT_TRUE(needs_mount({{"device", "/x"}, {"type", "none"}}));
}

TEST(LocalMount, FlagsAreTheKernelsAndTheRestIsTheFileSystems) {
  const MountFlags flags = parse_mount_flags("ro,nosuid,size=1m,,uid=7,rbind,suid");
  EXPECT_EQ(flags.flags, static_cast<unsigned long>(MS_RDONLY | MS_BIND | MS_REC));
  EXPECT_EQ(flags.data, "size=1m,uid=7");
  EXPECT_EQ(parse_mount_flags("").flags, 0UL);
  EXPECT_EQ(parse_mount_flags("").data, "");
}

TEST(LocalMount, KnowsAMountFromADirectory) {
  EXPECT_TRUE(is_mounted("/proc"));
  EXPECT_FALSE(is_mounted("/proc/self"));
  EXPECT_FALSE(is_mounted("/does/not/exist"));
}

}  // namespace
}  // namespace stack::engine::volume
