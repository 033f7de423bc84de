#include "base/disk_room.hpp"

#include <gtest/gtest.h>

// Full file systems, and those without inodes or read-only: tests/scenarios/full_disk_test.py.
namespace stack {
namespace {

TEST(DiskRoom, APathWithRoomHasNoShortage) {
  EXPECT_EQ(disk_shortage(testing::TempDir()), "");
  EXPECT_NO_THROW(require_disk_room(testing::TempDir()));
  EXPECT_EQ(with_disk_shortage("no such image", testing::TempDir()), "no such image");
}

TEST(DiskRoom, WhatDoesNotTellIsNotFull) {
  EXPECT_EQ(disk_shortage("/proc"), "");  // no blocks at all
  EXPECT_EQ(disk_shortage("/nowhere/at/all"), "");
}

TEST(DiskRoom, AnErrorKeepsItsCodeAndItsMessageWhereThereIsRoom) {
  try {
    naming_disk_shortage(testing::TempDir(), [] { throw Error(ErrorCode::conflict, "in use"); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::conflict);
    EXPECT_STREQ(error.what(), "in use");
  }
  EXPECT_EQ(naming_disk_shortage(testing::TempDir(), [] { return 7; }), 7);
}

}  // namespace
}  // namespace stack
