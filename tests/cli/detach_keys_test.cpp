#include "cli/detach_keys.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::cli {
namespace {

using std::string_literals::operator""s;

TEST(DetachKeys, AreWrittenAsWithDocker) {
  EXPECT_EQ(parse_detach_keys(default_detach_keys), "\x10\x11");
  EXPECT_EQ(parse_detach_keys("a,ctrl-@,ctrl-[,ctrl-_"), "a\0\x1b\x1f"s);
  EXPECT_EQ(parse_detach_keys(",,b"), ",b");
  EXPECT_EQ(parse_detach_keys(""), "\x10\x11");
  EXPECT_THROW(parse_detach_keys("ctrl-1"), Error);
  EXPECT_THROW(parse_detach_keys("ab"), Error);
}

TEST(DetachKeys, AreFoundInWhatIsTyped) {
  DetachKeys keys("\x10\x11");
  EXPECT_EQ(keys.feed("ls\r\x10"), "ls\r");
  EXPECT_FALSE(keys.complete());
  EXPECT_EQ(keys.feed("\x11rest"), "");
  EXPECT_TRUE(keys.complete());
}

TEST(DetachKeys, HalfOfThemGoesOnAsItWasTyped) {
  DetachKeys keys("\x10\x11");
  EXPECT_EQ(keys.feed("\x10x\x10\x10"), "\x10x\x10");
  EXPECT_FALSE(keys.complete());
  EXPECT_EQ(keys.feed("\x11"), "");
  EXPECT_TRUE(keys.complete());
}

TEST(DetachKeys, NoneNeverMatch) {
  DetachKeys keys("");
  EXPECT_EQ(keys.feed("abc\x10\x11"), "abc\x10\x11");
  EXPECT_FALSE(keys.complete());
}

}  // namespace
}  // namespace stack::cli
