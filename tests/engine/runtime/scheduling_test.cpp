#include "engine/runtime/scheduling.hpp"

#include <gtest/gtest.h>

namespace stack::engine::runtime {
namespace {

std::vector<int> processors(std::string_view text) {
  std::vector<int> result;
  const auto set = parse_processors(text);
  for (int i = 0; set && i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &*set)) result.push_back(i);
  return result;
}

TEST(Processors, AreNumbersAndRanges) {
  EXPECT_EQ(processors("3"), std::vector<int>{3});
  EXPECT_EQ(processors("0-2,7"), (std::vector<int>{0, 1, 2, 7}));
  EXPECT_EQ(processors("5, 1-1"), (std::vector<int>{1, 5}));
}

TEST(Processors, ThatAreNoneAreRefused) {
  for (const char* text : {"", ",", "x", "1-", "-1", "2-1", "1-2-3", "1x", "1;2", "99999", "99999999999999999999"})
    EXPECT_FALSE(parse_processors(text)) << text;
}

}  // namespace
}  // namespace stack::engine::runtime
