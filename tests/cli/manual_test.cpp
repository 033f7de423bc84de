#include "cli/manual.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/commands.hpp"

namespace stack::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Manual, HasEveryCommandWithItsFlags) {
  const std::string page = manual_page("1.2.3");
  EXPECT_THAT(page, HasSubstr(".TH STACK 1 \"\" \"stack 1.2.3\""));
  for (const Command& command : commands()) {
    if (!command.run || command.summary.empty()) continue;
    EXPECT_THAT(page, HasSubstr(".SS \"stack " + std::string(command.name)));
  }
  EXPECT_THAT(page, HasSubstr(".SS \"stack image import "));
  EXPECT_THAT(page, HasSubstr("\\fB\\-t\\fR, \\fB\\-\\-timeout\\fR \\fISECONDS\\fR"));
  EXPECT_THAT(page, Not(HasSubstr("stack manual")));
  EXPECT_THAT(page, HasSubstr("\n\\fBstack cp "));  // its second form
}

}  // namespace
}  // namespace stack::cli
