#include "base/name_pattern.hpp"

#include <gtest/gtest.h>

namespace stack {
namespace {

TEST(NamePattern, PlainTextIsSearchedForAndPatternsAreToo) {
  EXPECT_TRUE(name_matches("shop_web-1", "web"));
  EXPECT_TRUE(name_matches("shop_web-1", ""));
  EXPECT_FALSE(name_matches("shop_web-1", "db"));
  EXPECT_TRUE(name_matches("shop_web-1", "^shop_.*-[0-9]$"));
  EXPECT_FALSE(name_matches("shop_web-1", "^web"));
}

TEST(NamePattern, WhatIsNoPatternMatchesNothing) {
  EXPECT_FALSE(name_matches("a(b", "("));
  EXPECT_FALSE(name_matches("x", std::string(1000, '(')));
}

}  // namespace
}  // namespace stack
