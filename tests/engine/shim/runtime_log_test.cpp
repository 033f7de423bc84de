#include "engine/shim/runtime_log.hpp"

#include <gtest/gtest.h>

namespace stack::engine::shim {
namespace {

TEST(RuntimeLog, TheLastEntryCountsOnOneLineOrMore) {
  EXPECT_EQ(last_message("{\"level\":\"warning\",\"msg\":\"a\"}\n{\"level\":\"error\",\"msg\":\"b \\n{\",\"time\":\"t\"}\n"),
            "b \n{");
  EXPECT_EQ(last_message("{\n  \"msg\": \"a\",\n  \"level\": \"error\"\n}\n{\n  \"msg\": \"b\",\n  \"level\": \"error\"\n}\n"),
            "b");
}

TEST(RuntimeLog, WithoutAnEntryThereIsNoReason) {
  for (const char* log : {"", "\n", "panic: x", "{", "{\"msg\":3}", "{\"level\":\"error\"}"})
    EXPECT_EQ(last_message(log), "it gave no reason") << log;
}

TEST(RuntimeLog, MissingCommandsAreToldFromThoseThatCannotBeExecuted) {
  constexpr int other = 125;
  EXPECT_EQ(exit_code_of("exec: \"nosuch\": executable file not found in $PATH", other), 127);                    // runc
  EXPECT_EQ(exit_code_of("exec: \"/nosuch\": stat /nosuch: no such file or directory", other), 127);              // runc
  EXPECT_EQ(exit_code_of("executable file `nosuch` not found in $PATH: No such file or directory", other), 127);  // crun
  EXPECT_EQ(exit_code_of("exec: \"/etc/passwd\": permission denied", other), 126);                                // runc
  EXPECT_EQ(exit_code_of("exec: \"/tmp\": is a directory", other), 126);                                          // runc
  EXPECT_EQ(exit_code_of("the path `/etc/passwd` exists but it is not executable: Operation not permitted", other),
            126);                                                                                         // crun
  EXPECT_EQ(exit_code_of("the path `/tmp` is not a regular file: Operation not permitted", other), 126);  // crun
  EXPECT_EQ(exit_code_of("cannot set limits", other), other);
}

}  // namespace
}  // namespace stack::engine::shim
