#include "compose/key_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace stack::compose {
namespace {

TEST(KeyOrder, IsThatOfTheReferencesYaml) {
  // recorded: labels as docker compose 2.40 prints them
  const std::vector<std::string> recorded{"_c", "1",   "9",   "10", "Ab",  "B",  "a-b", "a.b",
                                          "a1", "a1b", "a01", "a2", "a10", "aB", "ab"};
  std::vector<std::string> keys = recorded;
  std::sort(keys.begin(), keys.end());
  std::sort(keys.begin(), keys.end(), yaml_key_less);
  EXPECT_EQ(keys, recorded);
}

}  // namespace
}  // namespace stack::compose
