#include "engine/runtime/seccomp_oci.hpp"

#include <linux/seccomp.h>
#include <seccomp.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

namespace stack::engine::runtime {

namespace {

using nlohmann::json;

void set_action(json& rule, std::uint32_t action) {
  switch (action & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW: rule["action"] = "SCMP_ACT_ALLOW"; return;
    case SECCOMP_RET_KILL_PROCESS: rule["action"] = "SCMP_ACT_KILL_PROCESS"; return;
    case SECCOMP_RET_KILL_THREAD: rule["action"] = "SCMP_ACT_KILL_THREAD"; return;
    case SECCOMP_RET_TRAP: rule["action"] = "SCMP_ACT_TRAP"; return;
    case SECCOMP_RET_LOG: rule["action"] = "SCMP_ACT_LOG"; return;
    case SECCOMP_RET_TRACE: rule["action"] = "SCMP_ACT_TRACE"; break;
    default: rule["action"] = "SCMP_ACT_ERRNO";
  }
  rule["errnoRet"] = action & SECCOMP_RET_DATA;
}

const char* name_of(Comparison comparison) {
  switch (comparison) {
    case Comparison::not_equal: return "SCMP_CMP_NE";
    case Comparison::less: return "SCMP_CMP_LT";
    case Comparison::less_or_equal: return "SCMP_CMP_LE";
    case Comparison::equal: return "SCMP_CMP_EQ";
    case Comparison::greater_or_equal: return "SCMP_CMP_GE";
    case Comparison::greater: return "SCMP_CMP_GT";
    case Comparison::masked_equal: return "SCMP_CMP_MASKED_EQ";
  }
  return "";
}

void add_test(json& rule, const ArgumentTest& test, Comparison comparison) {
  rule["args"].push_back(
      {{"index", test.index}, {"value", test.value}, {"valueTwo", test.masked}, {"op", name_of(comparison)}});
}

std::vector<json> rules_of(const Answer& answer, std::uint32_t default_action) {
  std::vector<json> rules;
  // such rules only say when to differ from the default: "all but one value" is said the other way round
  if (answer.otherwise != default_action && answer.cases.size() == 1 && answer.cases.front().action == default_action &&
      answer.cases.front().all_of.size() == 1 && answer.cases.front().all_of.front().comparison == Comparison::equal) {
    json rule;
    set_action(rule, answer.otherwise);
    add_test(rule, answer.cases.front().all_of.front(), Comparison::not_equal);
    return {rule};
  }
  for (const Answer::Case& entry : answer.cases) {
    json rule;
    set_action(rule, entry.action);
    for (const ArgumentTest& test : entry.all_of) add_test(rule, test, test.comparison);
    rules.push_back(std::move(rule));
  }
  if (answer.otherwise != default_action) {
    json rule;
    set_action(rule, answer.otherwise);
    rules.push_back(std::move(rule));
  }
  return rules;
}

/// The answer that most calls get: what the profile says of those it does not name.
std::size_t most_common(const AbiAnswers& abi) {
  std::map<std::size_t, std::size_t> counts;
  for (const std::size_t answer : abi.by_number) ++counts[answer];
  std::size_t best = abi.beyond;
  for (const auto& [answer, count] : counts)
    if (count > counts[best]) best = answer;
  return best;
}

}  // namespace

std::string to_oci_seccomp(const SeccompTables& tables) {
  std::map<std::size_t, std::vector<std::string>> names;
  for (std::size_t number = 0; number < tables.x86_64.by_number.size(); ++number) {
    const std::unique_ptr<char, void (*)(void*)> name(
        ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, static_cast<int>(number)), ::free);
    if (name) names[tables.x86_64.by_number[number]].emplace_back(name.get());
  }
  // a profile that denies by default has many more names to allow than to deny: deny is meant all the same
  const Answer denied{{}, SECCOMP_RET_ERRNO | 1u};
  std::uint32_t default_action = tables.answers[most_common(tables.x86_64)].otherwise;
  for (const auto& [index, list] : names)
    if (tables.answers[index] == denied) default_action = denied.otherwise;
  json profile{{"architectures", {"SCMP_ARCH_X86_64"}}, {"syscalls", json::array()}};
  if (tables.i386) profile["architectures"].push_back("SCMP_ARCH_X86");
  if (tables.x32) profile["architectures"].push_back("SCMP_ARCH_X32");
  json default_rule;
  set_action(default_rule, default_action);
  profile["defaultAction"] = default_rule["action"];
  if (default_rule.contains("errnoRet")) profile["defaultErrnoRet"] = default_rule["errnoRet"];
  for (const auto& [index, list] : names)
    for (json& rule : rules_of(tables.answers[index], default_action)) {
      rule["names"] = list;
      profile["syscalls"].push_back(std::move(rule));
    }
  return profile.dump();
}

}  // namespace stack::engine::runtime
