#include "engine/runtime/seccomp_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.hpp"
#include "engine/runtime/seccomp.hpp"
#include "engine/runtime/spec.hpp"
#include "tests/support/seccomp_verdicts.hpp"
#include "tests/support/temp_dir.hpp"

namespace stack::engine::runtime {
namespace {

constexpr KernelVersion kernel{6, 1};

std::string golden(const std::string& file) {
  return stack::test::read_file(std::filesystem::path(STACK_SOURCE_DIR) / "tests/golden/seccomp/profiles" / file);
}

std::string compile(const std::string& text, const std::vector<std::string>& capabilities = default_capabilities()) {
  const auto tables = parse_seccomp_profile(text, capabilities, kernel);
  return tables ? assemble(*tables) : "no filter";
}

std::string refusal(const std::string& text) {
  try {
    parse_seccomp_profile(text, {}, kernel);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

class SeccompFile : public ::testing::TestWithParam<const char*> {};

TEST_P(SeccompFile, AnswersAsTheReferenceForEveryCallOnEveryAbi) {
  const std::string name = GetParam();
  const std::string reference = golden(name + ".txt");
  ASSERT_FALSE(reference.empty());
  const std::string ours = stack::test::print_verdicts(stack::test::to_program(compile(golden(name + ".json"))));
  std::istringstream left(reference), right(ours);
  for (std::string expected, actual; std::getline(left, expected);) {
    std::getline(right, actual);
    ASSERT_EQ(actual, expected);  // the first line that differs says enough
  }
  EXPECT_EQ(ours.size(), reference.size());
}

INSTANTIATE_TEST_SUITE_P(Each, SeccompFile, ::testing::Values("deny_some", "allow_some", "native_only"));

/// The verdict on one x86_64 call.
std::uint32_t verdict(const std::string& program, std::uint32_t number, std::vector<std::uint64_t> arguments) {
  seccomp_data data{};
  data.nr = static_cast<int>(number);
  data.arch = AUDIT_ARCH_X86_64;
  std::copy(arguments.begin(), arguments.end(), data.args);
  return stack::test::evaluate(stack::test::to_program(program), data);
}

constexpr std::uint32_t lseek = 8;

TEST(SeccompFile, ComparisonsCountAll64Bits) {
  constexpr std::uint64_t value = 0x500000007, low = 0x500000006, high = 0x500000008, far_high = 0x600000000,
                          far_low = 0x4ffffffff;
  const auto matches = [&](const char* comparison, std::uint64_t argument) {
    const std::string program = compile(
        std::string(R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["lseek"], "action": "SCMP_ACT_ERRNO",)") +
        R"("args": [{"index": 5, "value": 21474836487, "op": "SCMP_CMP_)" + comparison + "\"}]}]}");
    return verdict(program, lseek, {0, 0, 0, 0, 0, argument}) != SECCOMP_RET_ALLOW;
  };
  const auto all = [&](const char* comparison) {
    std::string text;
    for (const std::uint64_t argument : {far_low, low, value, high, far_high})
      text += matches(comparison, argument) ? 'x' : '.';
    return text;
  };
  EXPECT_EQ(all("EQ"), "..x..");
  EXPECT_EQ(all("NE"), "xx.xx");
  EXPECT_EQ(all("LT"), "xx...");
  EXPECT_EQ(all("LE"), "xxx..");
  EXPECT_EQ(all("GE"), "..xxx");
  EXPECT_EQ(all("GT"), "...xx");
}

TEST(SeccompFile, ArgumentsOfARuleMustAllMatch) {
  const std::string program = compile(
      R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["lseek"], "action": "SCMP_ACT_ERRNO", "errnoRet": 7,
          "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"},
                   {"index": 2, "value": 61440, "valueTwo": 4096, "op": "SCMP_CMP_MASKED_EQ"}]}]})");
  EXPECT_EQ(verdict(program, lseek, {1, 9, 0x1abc}), SECCOMP_RET_ERRNO | 7u);
  EXPECT_EQ(verdict(program, lseek, {1, 9, 0x2abc}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(verdict(program, lseek, {2, 9, 0x1abc}), SECCOMP_RET_ALLOW);
}

TEST(SeccompFile, WithoutAnActionOrCallsThereIsNoFilter) {
  EXPECT_FALSE(parse_seccomp_profile("{}", {}, kernel));
  EXPECT_EQ(SeccompCache("").get("{}", {}), nullptr);
}

TEST(SeccompFile, BadProfilesAreRefusedWithTheirPlace) {
  const auto rule = [](const std::string& members) {
    return refusal(R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], )" + members + "}]}");
  };
  constexpr const char* prefix = "decoding seccomp profile failed: ";
  EXPECT_EQ(refusal("{"), prefix + std::string("it is not valid JSON"));
  EXPECT_EQ(refusal("[]"), prefix + std::string("it is not a JSON object"));
  EXPECT_EQ(refusal(R"({"defaultAction": "SCMP_ACT_FLY"})"),
            prefix + std::string("defaultAction: unknown action \"SCMP_ACT_FLY\""));
  EXPECT_EQ(rule(R"("action": 3)"), prefix + std::string("syscalls[0].action: wrong type (number)"));
  EXPECT_NE(rule(R"("action": "SCMP_ACT_NOTIFY")").find("SCMP_ACT_NOTIFY needs an agent"), std::string::npos);
  EXPECT_NE(
      rule(R"("action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "op": "SCMP_CMP_EQ"}])").find("syscalls[0].args[0].index"),
      std::string::npos);
  EXPECT_NE(rule(R"("action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "op": "=="}])").find("unknown comparison \"==\""),
            std::string::npos);
  EXPECT_NE(rule(R"("action": "SCMP_ACT_ERRNO", "includes": {"minKernel": "new"}])").find("decoding"), std::string::npos);
  EXPECT_NE(rule(R"("action": "SCMP_ACT_ERRNO", "includes": {"minKernel": "new"})").find("\"new\" is not like 4.8"),
            std::string::npos);
  EXPECT_NE(rule(R"("action": "SCMP_ACT_ERRNO", "name": "write")").find("both 'name' and 'names'"), std::string::npos);
  EXPECT_NE(
      refusal(R"({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_LOG"]})").find("FLAG_LOG is not supported"),
      std::string::npos);
  EXPECT_NE(refusal(R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"], "archMap": [{}]})")
                .find("both 'architectures' and 'archMap'"),
            std::string::npos);
}

TEST(SeccompFile, TheCacheTellsProfilesAndCapabilitiesApart) {
  const stack::test::TempDir directory;
  SeccompCache cache(directory.path());
  const std::string text = golden("deny_some.json");
  const auto first = cache.get(text, default_capabilities());
  EXPECT_EQ(cache.get(text, default_capabilities()), first);
  EXPECT_NE(*cache.get(text, {}), *first);
  EXPECT_NE(*cache.get(golden("native_only.json"), default_capabilities()), *first);
  EXPECT_EQ(*SeccompCache(directory.path()).get(text, default_capabilities()), *first);
}

}  // namespace
}  // namespace stack::engine::runtime
