#include "engine/runtime/seccomp_file.hpp"

#include <errno.h>
#include <fmt/format.h>
#include <linux/seccomp.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace stack::engine::runtime {

namespace {

using nlohmann::json;

[[noreturn]] void bad(const std::string& why) {
  throw Error(ErrorCode::invalid_argument, "decoding seccomp profile failed: " + why);
}

/// A member that may be missing or null; `where` is for the message.
template <class T>
T member(const json& object, const char* name, const std::string& where, T otherwise = {}) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return otherwise;
  try {
    return found->get<T>();
  } catch (const json::exception&) {
    bad(fmt::format("{}{}: wrong type ({})", where, name, found->type_name()));
  }
}

const json& child(const json& object, const char* name, json::value_t kind, const std::string& where) {
  static const json none;
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return none;
  if (found->type() != kind) bad(fmt::format("{}{}: wrong type ({})", where, name, found->type_name()));
  return *found;
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

std::uint32_t action_of(const std::string& name, std::optional<std::uint32_t> error_number, const std::string& where) {
  const std::uint32_t data = error_number.value_or(EPERM);
  if (data > SECCOMP_RET_DATA) bad(fmt::format("{}: errnoRet {} is out of range", where, data));
  if (name == "SCMP_ACT_ALLOW") return SECCOMP_RET_ALLOW;
  if (name == "SCMP_ACT_ERRNO") return SECCOMP_RET_ERRNO | data;
  if (name == "SCMP_ACT_KILL" || name == "SCMP_ACT_KILL_THREAD") return SECCOMP_RET_KILL_THREAD;
  if (name == "SCMP_ACT_KILL_PROCESS") return SECCOMP_RET_KILL_PROCESS;
  if (name == "SCMP_ACT_TRAP") return SECCOMP_RET_TRAP;
  if (name == "SCMP_ACT_TRACE") return SECCOMP_RET_TRACE | data;
  if (name == "SCMP_ACT_LOG") return SECCOMP_RET_LOG;
  if (name == "SCMP_ACT_NOTIFY") bad(where + ": SCMP_ACT_NOTIFY needs an agent that listens, which is not supported");
  bad(fmt::format("{}: unknown action \"{}\"", where, name));
}

std::optional<std::uint32_t> error_number(const json& object, const char* name, const std::string& where) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return std::nullopt;
  return member<std::uint32_t>(object, name, where);
}

Comparison comparison_of(const std::string& name, const std::string& where) {
  static const std::map<std::string_view, Comparison> known{
      {"SCMP_CMP_NE", Comparison::not_equal},          {"SCMP_CMP_LT", Comparison::less},
      {"SCMP_CMP_LE", Comparison::less_or_equal},      {"SCMP_CMP_EQ", Comparison::equal},
      {"SCMP_CMP_GE", Comparison::greater_or_equal},   {"SCMP_CMP_GT", Comparison::greater},
      {"SCMP_CMP_MASKED_EQ", Comparison::masked_equal}};
  const auto found = known.find(name);
  if (found == known.end()) bad(fmt::format("{}: unknown comparison \"{}\"", where, name));
  return found->second;
}

ArgumentTest argument_test(const json& object, const std::string& where) {
  ArgumentTest test;
  test.index = member<std::uint32_t>(object, "index", where);
  if (test.index > 5) bad(fmt::format("{}index: a system call has no argument {}", where, test.index));
  test.comparison = comparison_of(member<std::string>(object, "op", where), where + "op");
  test.value = member<std::uint64_t>(object, "value", where);
  test.masked = member<std::uint64_t>(object, "valueTwo", where);
  return test;
}

KernelVersion kernel_of(const std::string& text, const std::string& where) {
  KernelVersion version;
  int end = 0;
  if (std::sscanf(text.c_str(), "%d.%d%n", &version.major, &version.minor, &end) != 2 ||
      static_cast<std::size_t>(end) != text.size())
    bad(fmt::format("{}minKernel: \"{}\" is not like 4.8", where, text));
  return version;
}

constexpr std::string_view our_architecture = "amd64";  ///< as profiles name it in includes and excludes

struct Conditions {
  const std::vector<std::string>& capabilities;
  const KernelVersion& kernel;

  bool has(const std::string& capability) const { return contains(capabilities, capability); }

  bool excluded(const json& rule, const std::string& where) const {
    const json& excludes = child(rule, "excludes", json::value_t::object, where);
    if (excludes.is_null()) return false;
    const auto caps = member<std::vector<std::string>>(excludes, "caps", where + "excludes.");
    const auto minimum = member<std::string>(excludes, "minKernel", where + "excludes.");
    return contains(member<std::vector<std::string>>(excludes, "arches", where + "excludes."), our_architecture) ||
           std::any_of(caps.begin(), caps.end(), [&](const auto& name) { return has(name); }) ||
           (!minimum.empty() && kernel >= kernel_of(minimum, where + "excludes."));
  }

  bool included(const json& rule, const std::string& where) const {
    const json& includes = child(rule, "includes", json::value_t::object, where);
    if (includes.is_null()) return true;
    const auto arches = member<std::vector<std::string>>(includes, "arches", where + "includes.");
    const auto caps = member<std::vector<std::string>>(includes, "caps", where + "includes.");
    const auto minimum = member<std::string>(includes, "minKernel", where + "includes.");
    return (arches.empty() || contains(arches, our_architecture)) &&
           std::all_of(caps.begin(), caps.end(), [&](const auto& name) { return has(name); }) &&
           (minimum.empty() || kernel >= kernel_of(minimum, where + "includes."));
  }
};

struct Rule {
  std::vector<std::string> names;
  std::uint32_t action = 0;
  std::vector<std::vector<ArgumentTest>> alternatives;  ///< one of them must hold; empty: always
};

/// Arguments are to hold together, unless one is named twice: then each test is a rule of its own.
std::vector<std::vector<ArgumentTest>> alternatives(const json& rule, const std::string& where) {
  std::vector<ArgumentTest> tests;
  const json& arguments = child(rule, "args", json::value_t::array, where);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].is_null()) continue;
    tests.push_back(argument_test(arguments[i], fmt::format("{}args[{}].", where, i)));
  }
  if (tests.empty()) return {};
  std::vector<std::uint32_t> indexes;
  indexes.reserve(tests.size());
  for (const ArgumentTest& test : tests) indexes.push_back(test.index);
  std::sort(indexes.begin(), indexes.end());
  if (std::adjacent_find(indexes.begin(), indexes.end()) == indexes.end()) return {tests};
  std::vector<std::vector<ArgumentTest>> each;
  each.reserve(tests.size());
  for (const ArgumentTest& test : tests) each.push_back({test});
  return each;
}

std::vector<Rule> rules_of(const json& profile, const Conditions& conditions) {
  std::vector<Rule> rules;
  const json& calls = child(profile, "syscalls", json::value_t::array, "");
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const json& call = calls[i];
    const std::string where = fmt::format("syscalls[{}].", i);
    if (!call.is_object()) bad(fmt::format("syscalls[{}]: wrong type ({})", i, call.type_name()));
    const auto name = member<std::string>(call, "name", where);
    Rule rule{member<std::vector<std::string>>(call, "names", where), 0, alternatives(call, where)};
    if (!name.empty() && !rule.names.empty())
      bad("both 'name' and 'names' are specified in the seccomp profile, use either 'name' or 'names'");
    if (!name.empty()) rule.names.push_back(name);
    rule.action =
        action_of(member<std::string>(call, "action", where), error_number(call, "errnoRet", where), where + "action");
    if (!conditions.excluded(call, where) && conditions.included(call, where)) rules.push_back(std::move(rule));
  }
  return rules;
}

/// Profiles are written for many machines: what is not ours is passed over.
constexpr std::string_view known_architectures[] = {
    "SCMP_ARCH_X86",   "SCMP_ARCH_X86_64", "SCMP_ARCH_X32",         "SCMP_ARCH_ARM",     "SCMP_ARCH_AARCH64",
    "SCMP_ARCH_MIPS",  "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32",   "SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64",
    "SCMP_ARCH_PPC",   "SCMP_ARCH_PPC64",  "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_S390",
    "SCMP_ARCH_S390X", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64",    "SCMP_ARCH_RISCV64", "SCMP_ARCH_LOONGARCH64",
    "SCMP_ARCH_M68K",  "SCMP_ARCH_SH",     "SCMP_ARCH_SHEB"};

/// The ABIs beside x86_64, which is always there.
struct Architectures {
  bool i386 = false, x32 = false;
  void add(const std::string& name) {
    i386 = i386 || name == "SCMP_ARCH_X86";
    x32 = x32 || name == "SCMP_ARCH_X32";
    if (std::find(std::begin(known_architectures), std::end(known_architectures), name) == std::end(known_architectures))
      bad(fmt::format("unknown architecture \"{}\"", name));
  }
};

Architectures architectures_of(const json& profile) {
  const auto listed = member<std::vector<std::string>>(profile, "architectures", "");
  const json& map = child(profile, "archMap", json::value_t::array, "");
  if (!listed.empty() && !map.empty())
    bad("both 'architectures' and 'archMap' are specified in the seccomp profile, use either 'architectures' or 'archMap'");
  Architectures result;
  for (const std::string& name : listed) result.add(name);
  for (const json& entry : map) {
    if (!entry.is_object()) bad("archMap: wrong type");
    if (member<std::string>(entry, "architecture", "archMap.") != "SCMP_ARCH_X86_64") continue;
    for (const std::string& name : member<std::vector<std::string>>(entry, "subArchitectures", "archMap.")) result.add(name);
    break;
  }
  return result;
}

void check_flags(const json& profile) {
  for (const std::string& flag : member<std::vector<std::string>>(profile, "flags", ""))
    if (flag != "SECCOMP_FILTER_FLAG_TSYNC" && flag != "SECCOMP_FILTER_FLAG_SPEC_ALLOW")
      bad(fmt::format("the flag {} is not supported", flag));
  if (!member<std::string>(profile, "listenerPath", "").empty()) bad("listenerPath is not supported");
}

/// i386 reaches these calls through one that takes the call as its first argument, and its arguments from memory.
struct Multiplexed {
  const char* name;
  const char* through;
  std::uint64_t number;
};
constexpr Multiplexed multiplexed[] = {{"socket", "socketcall", 1},
                                       {"bind", "socketcall", 2},
                                       {"connect", "socketcall", 3},
                                       {"listen", "socketcall", 4},
                                       {"accept", "socketcall", 5},
                                       {"getsockname", "socketcall", 6},
                                       {"getpeername", "socketcall", 7},
                                       {"socketpair", "socketcall", 8},
                                       {"send", "socketcall", 9},
                                       {"recv", "socketcall", 10},
                                       {"sendto", "socketcall", 11},
                                       {"recvfrom", "socketcall", 12},
                                       {"shutdown", "socketcall", 13},
                                       {"setsockopt", "socketcall", 14},
                                       {"getsockopt", "socketcall", 15},
                                       {"sendmsg", "socketcall", 16},
                                       {"recvmsg", "socketcall", 17},
                                       {"accept4", "socketcall", 18},
                                       {"recvmmsg", "socketcall", 19},
                                       {"sendmmsg", "socketcall", 20},
                                       {"semop", "ipc", 1},
                                       {"semget", "ipc", 2},
                                       {"semctl", "ipc", 3},
                                       {"semtimedop", "ipc", 4},
                                       {"msgsnd", "ipc", 11},
                                       {"msgrcv", "ipc", 12},
                                       {"msgget", "ipc", 13},
                                       {"msgctl", "ipc", 14},
                                       {"shmat", "ipc", 21},
                                       {"shmdt", "ipc", 22},
                                       {"shmget", "ipc", 23},
                                       {"shmctl", "ipc", 24}};

/// The rules of each call of one ABI, by number.
class AbiRules {
public:
  AbiRules(Abi abi, std::uint32_t default_action) : abi_(abi), default_(default_action) {}

  void add(const Rule& rule) {
    for (const std::string& name : rule.names) {
      if (const auto number = call_number(abi_, name)) {
        last_ = std::max(last_, *number);
        if (rule.action != default_) add(*number, rule);
      }
      if (abi_ == Abi::i386) add_multiplexed(name, rule);
    }
  }

  /// Calls newer than any the profile names are as if the kernel lacked them, so that programs fall back, unless the profile
  /// lets pass what it does not name.
  AbiAnswers answers(std::vector<Answer>& all) const {
    AbiAnswers result;
    const std::size_t plain = index_of({{}, default_}, all);
    result.by_number.assign(last_ + std::size_t{1}, plain);
    for (const auto& [number, answer] : calls_) result.by_number[number] = index_of(answer.answer, all);
    const std::uint32_t kind = default_ & SECCOMP_RET_ACTION_FULL;
    const bool permissive = kind == SECCOMP_RET_ALLOW || kind == SECCOMP_RET_LOG || kind == SECCOMP_RET_TRACE;
    result.beyond = permissive ? plain : index_of({{}, SECCOMP_RET_ERRNO | ENOSYS}, all);
    return result;
  }

private:
  struct Call {
    Answer answer;
    bool decided = false;  ///< by a rule without arguments: it stands above those with
  };

  static std::size_t index_of(const Answer& answer, std::vector<Answer>& all) {
    const auto found = std::find(all.begin(), all.end(), answer);
    if (found != all.end()) return static_cast<std::size_t>(found - all.begin());
    all.push_back(answer);
    return all.size() - 1;
  }

  void add(std::uint32_t number, const Rule& rule) {
    Call& call = calls_.try_emplace(number, Call{{{}, default_}, false}).first->second;
    if (call.decided) return;
    if (rule.alternatives.empty()) {
      call = {{{}, rule.action}, true};
      return;
    }
    for (const auto& tests : rule.alternatives) call.answer.cases.push_back({tests, rule.action});
  }

  void add_multiplexed(const std::string& name, const Rule& rule) {
    for (const Multiplexed& entry : multiplexed) {
      if (name != entry.name || rule.action == default_) continue;
      const auto number = call_number(abi_, entry.through);
      if (!number) continue;
      last_ = std::max(last_, *number);
      add(*number, {{}, rule.action, {{{0, Comparison::equal, entry.number, 0}}}});
    }
  }

  Abi abi_;
  std::uint32_t default_;
  std::uint32_t last_ = 0;
  std::map<std::uint32_t, Call> calls_;
};

}  // namespace

KernelVersion running_kernel() {
  utsname names{};
  KernelVersion version;
  if (::uname(&names) != 0 || std::sscanf(names.release, "%d.%d", &version.major, &version.minor) != 2) return {};
  return version;
}

std::optional<SeccompTables> parse_seccomp_profile(std::string_view text, const std::vector<std::string>& capabilities,
                                                   const KernelVersion& kernel) {
  const json profile = json::parse(text, nullptr, false);
  if (profile.is_discarded()) bad("it is not valid JSON");
  if (!profile.is_object()) bad("it is not a JSON object");
  const auto default_name = member<std::string>(profile, "defaultAction", "");
  const json& calls = child(profile, "syscalls", json::value_t::array, "");
  if (default_name.empty() && calls.empty()) return std::nullopt;
  const std::uint32_t default_action = action_of(default_name, error_number(profile, "defaultErrnoRet", ""), "defaultAction");
  check_flags(profile);
  const Architectures architectures = architectures_of(profile);
  const std::vector<Rule> rules = rules_of(profile, {capabilities, kernel});
  SeccompTables tables;
  const auto answers_of = [&](Abi abi) {
    AbiRules calls_of_abi(abi, default_action);
    for (const Rule& rule : rules) calls_of_abi.add(rule);
    return calls_of_abi.answers(tables.answers);
  };
  tables.x86_64 = answers_of(Abi::x86_64);
  if (architectures.i386) tables.i386 = answers_of(Abi::i386);
  if (architectures.x32) tables.x32 = answers_of(Abi::x32);
  return tables;
}

}  // namespace stack::engine::runtime
