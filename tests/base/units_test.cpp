#include "base/units.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack {
namespace {

using namespace std::chrono_literals;

TEST(Units, ByteSizesArePowersOf1024) {
  EXPECT_EQ(parse_byte_size("0"), 0);
  EXPECT_EQ(parse_byte_size("1024"), 1024);
  EXPECT_EQ(parse_byte_size("64B"), 64);
  EXPECT_EQ(parse_byte_size("512m"), 512LL << 20);
  EXPECT_EQ(parse_byte_size("1.5GB"), 3LL << 29);
  EXPECT_EQ(parse_byte_size("64 KiB"), 64 << 10);
  EXPECT_EQ(parse_byte_size(".5k"), 512);
  EXPECT_EQ(parse_byte_size("7p"), 7LL << 50);
}

TEST(Units, WhatIsNoByteSizeIsRefused) {
  for (const char* text : {"", "m", "1x", "1mx", "-1", "1 ", "1bb", "10000p", "99999999999999999999", "1..2", "1e3"})
    EXPECT_THROW(parse_byte_size(text), Error) << text;
}

TEST(Units, DurationsAreGoStyleWithDaysAndWeeks) {
  EXPECT_EQ(parse_duration("1m30s"), 90s);
  EXPECT_EQ(parse_duration("1.5h"), 90min);
  EXPECT_EQ(parse_duration("300ms"), 300ms);
  EXPECT_EQ(parse_duration("1us2\u00b5s3\u03bcs4ns"), 6004ns);
  EXPECT_EQ(parse_duration("2d"), 48h);
  EXPECT_EQ(parse_duration("1w"), 168h);
  EXPECT_EQ(parse_duration("-5s"), -5s);
  EXPECT_EQ(parse_duration("0"), 0s);
  EXPECT_EQ(parse_duration("0.000000001s"), 1ns);
}

TEST(Units, WhatIsNoDurationIsRefused) {
  for (const char* text : {"", "5", "s", "5x", "1m30", "-", "1.s.", "300000000000h", "99999999999999999999999s"})
    EXPECT_THROW(parse_duration(text), Error) << text;
}

TEST(Units, DurationsPrintAsGoDoes) {
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(90s), "1m30s");
  EXPECT_EQ(format_duration(165min), "2h45m0s");
  EXPECT_EQ(format_duration(1500ms), "1.5s");
  EXPECT_EQ(format_duration(100us), "100\u00b5s");
  EXPECT_EQ(format_duration(1500us), "1.5ms");
  EXPECT_EQ(format_duration(7ns), "7ns");
  EXPECT_EQ(format_duration(-61s), "-1m1s");
  EXPECT_EQ(format_duration(std::chrono::nanoseconds::min()), "-2562047h47m16.854775808s");
}

TEST(Units, CpusAreExactToABillionth) {
  EXPECT_EQ(parse_nano_cpus("0.5"), 500'000'000);
  EXPECT_EQ(parse_nano_cpus("2"), 2'000'000'000);
  EXPECT_EQ(parse_nano_cpus(".000000001"), 1);
  for (const char* text : {"", "x", "-1", "0.0000000001", "1e3", "1.5x"}) EXPECT_THROW(parse_nano_cpus(text), Error) << text;
}

TEST(Units, HumanSizesHaveThreeDigits) {
  EXPECT_EQ(format_size(64), "64B");
  EXPECT_EQ(format_size(1'090'000), "1.09MB");
  EXPECT_EQ(format_size(135'000'000), "135MB");
  EXPECT_EQ(format_size(0), "0B");
}

}  // namespace
}  // namespace stack
