#include <gtest/gtest.h>
#include <linux/mount.h>

#include "engine/runtime/mounts.hpp"

namespace stack::engine::runtime {
namespace {

using Options = std::vector<std::string>;

std::uint64_t set_by(const Options& options) { return parse_mount_options(options).set; }
Options superblock_of(const Options& options) { return parse_mount_options(options).superblock; }

TEST(MountOptions, AccessTimesAreOneFieldOfModes) {
  EXPECT_EQ(set_by({"noatime"}), MOUNT_ATTR_NOATIME);
  EXPECT_EQ(set_by({"noatime", "relatime"}) & MOUNT_ATTR__ATIME, MOUNT_ATTR_NOATIME);
  EXPECT_EQ(set_by({"noatime", "atime"}) & MOUNT_ATTR__ATIME, MOUNT_ATTR_RELATIME);
  EXPECT_EQ(set_by({"strictatime", "nostrictatime"}) & MOUNT_ATTR__ATIME, MOUNT_ATTR_RELATIME);
}

TEST(MountOptions, StrictAccessTimesStandWhateverTheOrder) {
  EXPECT_EQ(set_by({"strictatime", "noatime"}) & MOUNT_ATTR__ATIME, MOUNT_ATTR_STRICTATIME);
  EXPECT_EQ(set_by({"noatime", "strictatime"}) & MOUNT_ATTR__ATIME, MOUNT_ATTR_STRICTATIME);
}

TEST(MountOptions, OfTheFileSystemAreTakenBackByTheirOpposites) {
  EXPECT_EQ(superblock_of({"sync", "lazytime", "mand"}), (Options{"sync", "lazytime", "mand"}));
  EXPECT_EQ(superblock_of({"sync", "async", "lazytime", "nolazytime", "mand", "nomand"}), Options{});
  EXPECT_EQ(superblock_of({"async", "sync"}), Options{"sync"});
}

}  // namespace
}  // namespace stack::engine::runtime
