#include "cli/render/human.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::cli::render {
namespace {
using namespace std::chrono_literals;

TEST(HumanDuration, UsesTheWordsOfTheDockerTools) {
  EXPECT_EQ(human_duration(0s), "Less than a second");
  EXPECT_EQ(human_duration(1s), "1 second");
  EXPECT_EQ(human_duration(59s), "59 seconds");
  EXPECT_EQ(human_duration(61s), "About a minute");
  EXPECT_EQ(human_duration(5min), "5 minutes");
  EXPECT_EQ(human_duration(70min), "About an hour");
  EXPECT_EQ(human_duration(47h), "47 hours");
  EXPECT_EQ(human_duration(72h), "3 days");
  EXPECT_EQ(human_duration(24h * 21), "3 weeks");
  EXPECT_EQ(human_duration(24h * 90), "3 months");
  EXPECT_EQ(human_duration(24h * 365 * 3), "3 years");
}

TEST(HumanSize, UsesDecimalUnits) {
  EXPECT_EQ(human_size(0), "0B");
  EXPECT_EQ(human_size(1983488), "1.98MB");
}

TEST(HumanBinarySize, UsesBinaryUnits) {
  EXPECT_EQ(human_binary_size(0), "0B");
  EXPECT_EQ(human_binary_size(471040), "460KiB");
  EXPECT_EQ(human_binary_size(25276502016), "23.54GiB");
}

TEST(ApiInstant, TakesDurationsDatesAndSeconds) {
  const std::chrono::sys_time<std::chrono::nanoseconds> now(1'000'000'000'500'000'000ns);
  EXPECT_EQ(api_instant("1h30m", now), "999994600.500000000");
  EXPECT_EQ(api_instant("1700000000.25", now), "1700000000.25");
  EXPECT_EQ(api_instant("2013-01-02T13:23:37Z", now), "1357133017.000000000");
  EXPECT_EQ(api_instant("2013-01-02T13:23:37.5+01:00", now), "1357129417.500000000");
  EXPECT_THROW(api_instant("yesterday", now), Error);
  EXPECT_THROW(api_instant("", now), Error);
}

}  // namespace
}  // namespace stack::cli::render
