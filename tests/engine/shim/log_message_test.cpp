#include "engine/shim/log_message.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

namespace stack::engine::shim {
namespace {

using namespace std::literals;

constexpr std::int64_t some_time = 1795721797'081920111;  // 2026-11-26 19:36:37.08 UTC

/// Messages carry local time.
class LogMessage : public testing::Test {
protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
  LogShipping shipping(SyslogFormat format) {
    LogShipping result;
    result.service = LogService::syslog;
    result.format = format;
    result.facility = 19;
    result.tag = "web/app";
    result.hostname = "vm";
    return result;
  }
};

// as the reference sent them to a socket
TEST_F(LogMessage, OfSyslogInEveryFormat) {
  const ShippedLine out{LogStream::out, "out", some_time}, err{LogStream::err, "err", some_time};
  EXPECT_EQ(syslog_message(shipping(SyslogFormat::local), out, 42), "<158>Nov 26 19:36:37 web/app[42]: out\n");
  EXPECT_EQ(syslog_message(shipping(SyslogFormat::rfc3164), err, 42), "<155>Nov 26 19:36:37 vm web/app[42]: err\n");
  EXPECT_EQ(syslog_message(shipping(SyslogFormat::rfc5424), err, 42),
            "<155>1 2026-11-26T19:36:37Z vm web/app 42 web/app - err\n");
  EXPECT_EQ(syslog_message(shipping(SyslogFormat::rfc5424_micro), out, 42),
            "<158>1 2026-11-26T19:36:37.081920Z vm web/app 42 web/app - out\n");
}

TEST_F(LogMessage, TimesAreLocal) {
  ::setenv("TZ", "XXX-5:30", 1);
  ::tzset();
  const ShippedLine out{LogStream::out, "out", some_time};
  EXPECT_EQ(syslog_message(shipping(SyslogFormat::rfc5424), out, 42),
            "<158>1 2026-11-27T01:06:37+05:30 vm web/app 42 web/app - out\n");
}

TEST_F(LogMessage, OfTheJournalHasFields) {
  LogShipping shipping;
  shipping.service = LogService::journal;
  shipping.fields = {{"CONTAINER_NAME", "web"}, {"NOTE", "two\nlines"}};
  EXPECT_EQ(journal_message(shipping, {LogStream::err, "text", some_time, true, 7}),
            "MESSAGE=text\nPRIORITY=3\nSYSLOG_TIMESTAMP=2026-11-26T19:36:37.081920111Z\nCONTAINER_LOG_ORDINAL=7\n"
            "CONTAINER_PARTIAL_MESSAGE=true\nCONTAINER_NAME=web\nNOTE\n\x09\0\0\0\0\0\0\0two\nlines\n"s);
}

}  // namespace
}  // namespace stack::engine::shim
