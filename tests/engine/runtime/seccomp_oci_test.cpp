#include "engine/runtime/seccomp_oci.hpp"

#include <gtest/gtest.h>
#include <linux/seccomp.h>

#include "engine/runtime/seccomp.hpp"
#include "engine/runtime/seccomp_file.hpp"
#include "engine/runtime/spec.hpp"

namespace stack::engine::runtime {
namespace {

const Answer& answer(const SeccompTables& tables, std::uint32_t number) {
  return tables.answers[tables.x86_64.by_number[number]];
}

SeccompTables read_back(const SeccompTables& tables) {
  return *parse_seccomp_profile(to_oci_seccomp(tables), {}, running_kernel());
}

TEST(SeccompOci, TheDefaultProfileSaysTheSameInTheOtherForm) {
  const SeccompTables tables = default_seccomp_tables(default_capabilities());
  const SeccompTables again = read_back(tables);
  for (const char* name :
       {"read", "mount", "clone", "clone3", "personality", "ptrace", "keyctl", "openat2", "unshare", "bpf"}) {
    const auto number = call_number(Abi::x86_64, name);
    ASSERT_TRUE(number) << name;
    EXPECT_EQ(answer(again, *number), answer(tables, *number)) << name;
  }
  EXPECT_TRUE(again.i386);
  EXPECT_TRUE(again.x32);
}

TEST(SeccompOci, AllButOneValueIsSaidTheOtherWayRound) {
  const SeccompTables tables = default_seccomp_tables(default_capabilities());
  const SeccompTables again = read_back(tables);
  const Answer& socket = answer(again, *call_number(Abi::x86_64, "socket"));  // every family but one
  ASSERT_EQ(socket.cases.size(), 1u);
  EXPECT_EQ(socket.cases.front().all_of.front().comparison, Comparison::not_equal);
  EXPECT_EQ(socket.cases.front().action, SECCOMP_RET_ALLOW);
  EXPECT_EQ(socket.otherwise, SECCOMP_RET_ERRNO | 1u);
}

TEST(SeccompOci, AProfileOfTheUserSaysTheSameInTheOtherForm) {
  const auto tables = parse_seccomp_profile(
      R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28},
            {"names": ["chmod"], "action": "SCMP_ACT_KILL_PROCESS", "args": [{"index": 1, "value": 457, "op": "SCMP_CMP_GT"}]}]})",
      {}, running_kernel());
  ASSERT_TRUE(tables);
  const SeccompTables again = read_back(*tables);
  for (const char* name : {"mkdir", "chmod", "read"}) {
    const std::uint32_t number = *call_number(Abi::x86_64, name);
    EXPECT_EQ(answer(again, number), answer(*tables, number)) << name;
  }
}

}  // namespace
}  // namespace stack::engine::runtime
