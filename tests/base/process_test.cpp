#include "base/process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "base/error.hpp"

namespace stack {

namespace {

std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(got));
  return text;
}

}  // namespace

TEST(Process, GivesTheChildOnlyTheNamedDescriptors) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  UniqueFd inheritable(::dup(writer.get()));  // not close-on-exec: must not leak all the same
  const Child child = spawn({.argv = {"/bin/sh", "-c", "ls /proc/self/fd | tr '\\n' ' '"},
                             .environment = {"PATH=/bin:/usr/bin"},
                             .descriptors = {{writer.get(), 1}, {writer.get(), 5}}});
  writer.reset();
  inheritable.reset();
  EXPECT_EQ(read_all(reader.get()), "0 1 2 3 5 ");  // 3 is ls's own
  EXPECT_EQ(wait_for(child), 0);
}

TEST(Process, SwapsDescriptorsWithoutLosingOne) {
  int first[2];
  int second[2];
  ASSERT_EQ(::pipe2(first, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(second, O_CLOEXEC), 0);
  const Child child =
      spawn({.argv = {"/bin/sh", "-c", "echo a >&" + std::to_string(second[1]) + "; echo b >&" + std::to_string(first[1])},
             .environment = {},
             .descriptors = {{first[1], second[1]}, {second[1], first[1]}}});
  ::close(first[1]);
  ::close(second[1]);
  EXPECT_EQ(read_all(first[0]), "a\n");
  EXPECT_EQ(read_all(second[0]), "b\n");
  EXPECT_EQ(wait_for(child), 0);
  ::close(first[0]);
  ::close(second[0]);
}

TEST(Process, ReportsAProgramThatCannotBeExecuted) {
  try {
    spawn({.argv = {"/no/such/program"}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_found);
  }
}

TEST(Process, ReportsTheExitStatus) {
  const Child child = spawn({.argv = {"/bin/sh", "-c", "exit 7"}, .environment = {}});
  EXPECT_EQ(WEXITSTATUS(wait_for(child)), 7);
}

}  // namespace stack
