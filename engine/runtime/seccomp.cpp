#include "engine/runtime/seccomp.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/digest.hpp"
#include "engine/runtime/seccomp_file.hpp"
#include "engine/runtime/seccomp_profile.hpp"
#include "engine/runtime/seccomp_program.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::runtime {

namespace {

constexpr const char* profile_version =
    "2";  ///< part of the cache's key: raised with every change of the rules or the compiler

constexpr std::uint32_t deny_action = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t no_such_call_action = SECCOMP_RET_ERRNO | ENOSYS;

/// The default profile's answers; the order is that of default_answers().
enum class Verdict : std::size_t { deny, no_such_call, allow, clone, socket, personality };

ArgumentTest first_argument_is(std::uint64_t value) { return {0, Comparison::equal, value, 0}; }

std::vector<Answer> default_answers() {
  Answer clone{{{{{0, Comparison::masked_equal, forbidden_clone_flags, 0}}, SECCOMP_RET_ALLOW}}, deny_action};
  Answer socket{{{{first_argument_is(forbidden_socket_family)}, deny_action}}, SECCOMP_RET_ALLOW};
  Answer personality{{}, deny_action};
  for (const std::uint32_t value : allowed_personalities)
    personality.cases.push_back({{first_argument_is(value)}, SECCOMP_RET_ALLOW});
  return {{{}, deny_action}, {{}, no_such_call_action}, {{}, SECCOMP_RET_ALLOW}, clone, socket, personality};
}

void set(AbiAnswers& answers, Abi abi, const char* name, Verdict verdict) {
  const auto number = known_call_number(abi, name);
  if (number && *number < answers.by_number.size()) answers.by_number[*number] = static_cast<std::size_t>(verdict);
}

AbiAnswers default_abi(Abi abi, std::uint32_t last, const std::vector<std::string>& capabilities) {
  const auto has = [&](const char* name) {
    return std::find(capabilities.begin(), capabilities.end(), name) != capabilities.end();
  };
  AbiAnswers answers;
  answers.by_number.assign(last + 1, static_cast<std::size_t>(Verdict::deny));
  answers.beyond = static_cast<std::size_t>(Verdict::no_such_call);
  for (const char* name : allowed_calls) set(answers, abi, name, Verdict::allow);
  set(answers, abi, "socket", Verdict::socket);
  set(answers, abi, "personality", Verdict::personality);
  set(answers, abi, "clone", Verdict::clone);
  // clone3's flags lie in memory, where no filter can look: programs fall back to clone
  set(answers, abi, "clone3", Verdict::no_such_call);
  for (const NewCall& call : new_calls) {
    if ((abi == Abi::i386 && !call.on_i386) || (call.capability != nullptr && !has(call.capability))) continue;
    answers.by_number[call.number] = static_cast<std::size_t>(Verdict::allow);
  }
  for (const CapabilityCalls& entry : capability_calls) {
    if (!has(entry.capability)) continue;
    for (const char* name : entry.calls) {
      if (name != nullptr) set(answers, abi, name, Verdict::allow);
    }
  }
  return answers;
}

/// The capabilities that change the default filter.
std::string key_of(const std::vector<std::string>& capabilities) {
  std::string key = profile_version;
  for (const CapabilityCalls& entry : capability_calls) {
    if (std::find(capabilities.begin(), capabilities.end(), entry.capability) != capabilities.end())
      key += std::string(",") + entry.capability;
  }
  return sha256_hex(key).substr(0, 32);
}

/// What a profile's filter depends on: its text, and what its conditions may ask for.
std::string key_of(const std::string& profile, const std::vector<std::string>& capabilities, const KernelVersion& kernel) {
  std::string key = std::string(profile_version) + "\n" + std::to_string(kernel.major) + "." + std::to_string(kernel.minor);
  for (const std::string& capability : capabilities) key += "," + capability;
  return sha256_hex(key + "\n" + profile).substr(0, 32);
}

}  // namespace

SeccompTables default_seccomp_tables(const std::vector<std::string>& capabilities) {
  return {default_answers(), default_abi(Abi::x86_64, last_call_x86_64, capabilities),
          default_abi(Abi::i386, last_call_i386, capabilities), default_abi(Abi::x32, last_call_x32, capabilities)};
}

std::string compile_default_seccomp(const std::vector<std::string>& capabilities) {
  return assemble(default_seccomp_tables(capabilities));
}

SeccompCache::SeccompCache(std::string directory) : directory_(std::move(directory)) {}

std::shared_ptr<const std::string> SeccompCache::get(const std::vector<std::string>& capabilities) {
  return get_or_make(key_of(capabilities), [&] { return compile_default_seccomp(capabilities); });
}

std::shared_ptr<const std::string> SeccompCache::get(const std::string& profile, const std::vector<std::string>& capabilities) {
  const KernelVersion kernel = running_kernel();
  return get_or_make(key_of(profile, capabilities, kernel), [&] {
    const auto tables = parse_seccomp_profile(profile, capabilities, kernel);
    return tables ? assemble(*tables) : std::string();
  });
}

std::shared_ptr<const std::string> SeccompCache::get_or_make(const std::string& key, const std::function<std::string()>& make) {
  const std::lock_guard lock(mutex_);
  auto& program = programs_[key];
  if (program) return program->empty() ? nullptr : program;
  const std::string path = directory_ + "/" + key + ".bpf";
  std::string cached = directory_.empty() ? std::string() : sys::read_file(AT_FDCWD, path.c_str());
  if (!is_plausible_program(cached)) {
    cached = make();
    if (!directory_.empty() && !cached.empty()) write(path, cached);
  }
  program = std::make_shared<const std::string>(std::move(cached));
  return program->empty() ? nullptr : program;
}

/// A cache that cannot be written costs time, nothing else.
void SeccompCache::write(const std::string& path, const std::string& program) const {
  const auto slash = directory_.rfind('/');
  ::mkdir(directory_.substr(0, slash).c_str(), 0700);
  ::mkdir(directory_.c_str(), 0700);
  const std::string temporary = path + ".new";
  if (sys::write_file(AT_FDCWD, temporary.c_str(), program, O_CREAT | O_TRUNC) == 0) ::rename(temporary.c_str(), path.c_str());
}

}  // namespace stack::engine::runtime
