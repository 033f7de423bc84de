#include "engine/runtime/seccomp.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/digest.hpp"
#include "engine/runtime/spec.hpp"
#include "tests/support/seccomp_verdicts.hpp"

namespace stack::engine::runtime {
namespace {

std::string golden(const std::string& name) {
  std::ifstream file(std::filesystem::path(STACK_SOURCE_DIR) / "tests/golden/seccomp" / (name + ".txt"));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string ours(const std::vector<std::string>& capabilities) {
  return test::print_verdicts(test::to_program(compile_default_seccomp(capabilities)));
}

void expect_same(const std::string& name, const std::vector<std::string>& capabilities) {
  const std::string reference = golden(name);
  ASSERT_FALSE(reference.empty()) << name;
  const std::string now = ours(capabilities);
  std::stringstream left(reference);
  std::stringstream right(now);
  for (std::string expected, actual; std::getline(left, expected);) {
    std::getline(right, actual);
    ASSERT_EQ(actual, expected) << name;  // the first line that differs says enough
  }
  EXPECT_EQ(now.size(), reference.size()) << name;
}

TEST(Seccomp, DefaultFilterAnswersAsTheReferenceForEveryCallOnEveryAbi) { expect_same("default", default_capabilities()); }

TEST(Seccomp, FilterWithoutCapabilitiesAnswersAsTheReference) { expect_same("drop_all", {}); }

TEST(Seccomp, FilterWithEveryCapabilityAnswersAsTheReference) { expect_same("add_all", effective_capabilities({"ALL"}, {})); }

class SeccompCapability : public ::testing::TestWithParam<const char*> {};

TEST_P(SeccompCapability, OpensTheSameCallsAsInTheReference) {
  std::string lower = GetParam();
  for (char& letter : lower) letter = static_cast<char>(std::tolower(letter));
  expect_same("add_" + lower, effective_capabilities({GetParam()}, {}));
}

INSTANTIATE_TEST_SUITE_P(Each, SeccompCapability,
                         ::testing::Values("BPF", "DAC_READ_SEARCH", "PERFMON", "SYS_ADMIN", "SYS_BOOT", "SYS_MODULE",
                                           "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_TIME", "SYS_TTY_CONFIG",
                                           "SYSLOG"));

TEST(SeccompCache, KeepsAProgramOnDiskAndReplacesABrokenOne) {
  const std::filesystem::path directory = std::filesystem::temp_directory_path() / ("sc" + random_hex(10));
  const std::string program = *SeccompCache(directory).get(default_capabilities());
  const std::filesystem::path file = std::filesystem::directory_iterator(directory)->path();
  EXPECT_EQ(std::filesystem::file_size(file), program.size());
  std::ofstream(file, std::ios::trunc) << "cut";
  EXPECT_EQ(*SeccompCache(directory).get(default_capabilities()), program);
  EXPECT_EQ(*SeccompCache("").get(default_capabilities()), program);
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace stack::engine::runtime
