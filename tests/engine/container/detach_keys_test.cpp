#include "engine/container/detach_keys.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::engine::container {
namespace {

TEST(DetachKeys, AreReadAsDockerWritesThem) {
  EXPECT_EQ(parse_detach_keys(""), "\x10\x11");
  EXPECT_EQ(parse_detach_keys("ctrl-a,b"),
            "\x01"
            "b");
  EXPECT_EQ(parse_detach_keys("ctrl-@"), std::string(1, '\0'));
  EXPECT_EQ(parse_detach_keys("ctrl-[,ctrl-_"), "\x1b\x1f");
}

TEST(DetachKeys, WhatIsNoKeyIsRefused) {
  for (const char* text : {"zzz", "ctrl-", "ctrl-aa", "a,", ",a", "ctrl-A", "alt-a"})
    EXPECT_THROW(parse_detach_keys(text), Error) << text;
}

TEST(DetachFilter, FindsTheKeysHoweverTheInputIsCut) {
  DetachFilter filter(parse_detach_keys(""));
  std::string out;
  EXPECT_FALSE(filter.feed("ls\n\x10", out));
  EXPECT_EQ(out, "ls\n");
  EXPECT_TRUE(filter.feed("\x11rest", out));
  EXPECT_EQ(out, "ls\n");
}

TEST(DetachFilter, ABeginningThatGoesOnOtherwiseIsInput) {
  DetachFilter filter(parse_detach_keys(""));
  std::string out;
  EXPECT_FALSE(filter.feed("\x10", out));
  EXPECT_EQ(out, "");
  EXPECT_FALSE(filter.feed("x\x10\x10", out));
  EXPECT_EQ(out, "\x10x\x10");
  EXPECT_TRUE(filter.feed("\x11", out));
  EXPECT_EQ(out, "\x10x\x10");
}

}  // namespace
}  // namespace stack::engine::container
