#include "engine/runtime/seccomp.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "engine/runtime/capabilities.hpp"
#include "engine/runtime/seccomp_profile.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::runtime {

namespace {

constexpr std::uint32_t x32_bit = 0x40000000;
constexpr const char* profile_version =
    "1";  ///< part of the cache's key: raised with every change of the rules or the compiler

enum class Verdict { deny, no_such_call, allow, clone, socket, personality };

/// One ABI's answer per call number, 0 … last.
struct Abi {
  std::uint32_t libseccomp_token;
  std::uint32_t first;  ///< the number that call 0 has in the filter's data
  std::uint32_t last;
  bool wide_arguments;  ///< 64-bit: the upper half counts where a value is compared as a whole
  std::vector<Verdict> verdicts;
};

using Program = std::vector<sock_filter>;

sock_filter statement(std::uint16_t code, std::uint32_t value) { return {code, 0, 0, value}; }
sock_filter jump(std::uint16_t code, std::uint32_t value, std::uint8_t when_true, std::uint8_t when_false) {
  return {code, when_true, when_false, value};
}
sock_filter load(std::size_t offset) { return statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
sock_filter give(std::uint32_t action) { return statement(BPF_RET | BPF_K, action); }
constexpr std::uint32_t deny_action = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t no_such_call_action = SECCOMP_RET_ERRNO | ENOSYS;
constexpr std::size_t argument_low = offsetof(seccomp_data, args);
constexpr std::size_t argument_high = argument_low + 4;

int number_of(const Abi& abi, std::string_view name) {
  if (abi.libseccomp_token == SCMP_ARCH_X86) {
    for (const DirectCall& call : i386_direct_calls) {
      if (name == call.name) return static_cast<int>(call.number);
    }
  }
  return seccomp_syscall_resolve_name_arch(abi.libseccomp_token, name.data());
}

void set(Abi& abi, const char* name, Verdict verdict) {
  const int number = number_of(abi, name);
  if (number < 0) return;  // this ABI has no such call
  const std::uint32_t index = static_cast<std::uint32_t>(number) - abi.first;
  if (index < abi.verdicts.size()) abi.verdicts[index] = verdict;
}

void fill(Abi& abi, const std::vector<std::string>& capabilities) {
  const auto has = [&](const char* name) {
    return std::find(capabilities.begin(), capabilities.end(), name) != capabilities.end();
  };
  abi.verdicts.assign(abi.last + 1, Verdict::deny);
  for (const char* name : allowed_calls) set(abi, name, Verdict::allow);
  set(abi, "socket", Verdict::socket);
  set(abi, "personality", Verdict::personality);
  set(abi, "clone", Verdict::clone);
  set(abi, "clone3", Verdict::no_such_call);  // its flags lie in memory, where no filter can look: programs fall back to clone
  for (const NewCall& call : new_calls) {
    if ((abi.libseccomp_token == SCMP_ARCH_X86 && !call.on_i386) || (call.capability != nullptr && !has(call.capability)))
      continue;
    abi.verdicts[call.number] = Verdict::allow;
  }
  for (const CapabilityCalls& entry : capability_calls) {
    if (!has(entry.capability)) continue;
    for (const char* name : entry.calls) {
      if (name != nullptr) set(abi, name, Verdict::allow);
    }
  }
}

/// Returns for the calls whose first argument decides; ends in a return on every path.
void add_argument_test(Program& program, Verdict verdict, bool wide) {
  if (verdict == Verdict::clone) {
    program.push_back(load(argument_low));
    program.push_back(jump(BPF_JMP | BPF_JSET | BPF_K, forbidden_clone_flags, 0, 1));
    program.push_back(give(deny_action));
    program.push_back(give(SECCOMP_RET_ALLOW));
    return;
  }
  const bool is_socket = verdict == Verdict::socket;
  if (wide) {  // a value that differs in its upper half equals none of those named
    program.push_back(load(argument_high));
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0));
    program.push_back(give(is_socket ? SECCOMP_RET_ALLOW : deny_action));
  }
  program.push_back(load(argument_low));
  if (is_socket) {
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, forbidden_socket_family, 0, 1));
    program.push_back(give(deny_action));
    program.push_back(give(SECCOMP_RET_ALLOW));
    return;
  }
  for (const std::uint32_t value : allowed_personalities) {
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    program.push_back(give(SECCOMP_RET_ALLOW));
  }
  program.push_back(give(deny_action));
}

struct Range {
  std::uint32_t start;
  Verdict verdict;
};

std::vector<Range> ranges_of(const Abi& abi) {
  std::vector<Range> ranges;
  for (std::uint32_t i = 0; i < abi.verdicts.size(); ++i) {
    if (ranges.empty() || ranges.back().verdict != abi.verdicts[i]) ranges.push_back({abi.first + i, abi.verdicts[i]});
  }
  ranges.push_back({abi.first + abi.last + 1, Verdict::no_such_call});
  return ranges;
}

/// Binary search over the ranges: about eight comparisons for any call.
Program search(std::span<const Range> ranges, bool wide) {
  Program program;
  if (ranges.size() == 1) {
    switch (ranges.front().verdict) {
      case Verdict::allow: program.push_back(give(SECCOMP_RET_ALLOW)); break;
      case Verdict::deny: program.push_back(give(deny_action)); break;
      case Verdict::no_such_call: program.push_back(give(no_such_call_action)); break;
      default: add_argument_test(program, ranges.front().verdict, wide);
    }
    return program;
  }
  const std::size_t middle = ranges.size() / 2;
  const Program below = search(ranges.first(middle), wide);
  const Program above = search(ranges.subspan(middle), wide);
  // conditional jumps reach 255 instructions, so the way to the upper half is a jump of its own
  program.push_back(jump(BPF_JMP | BPF_JGE | BPF_K, ranges[middle].start, 0, 1));
  program.push_back(statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(below.size())));
  program.insert(program.end(), below.begin(), below.end());
  program.insert(program.end(), above.begin(), above.end());
  return program;
}

Program section(Abi abi, const std::vector<std::string>& capabilities) {
  fill(abi, capabilities);
  return search(ranges_of(abi), abi.wide_arguments);
}

void append(Program& program, const Program& part) { program.insert(program.end(), part.begin(), part.end()); }

/// The capabilities that change the filter.
std::string key_of(const std::vector<std::string>& capabilities) {
  std::string key = profile_version;
  for (const CapabilityCalls& entry : capability_calls) {
    if (std::find(capabilities.begin(), capabilities.end(), entry.capability) != capabilities.end())
      key += std::string(",") + entry.capability;
  }
  return sha256_hex(key).substr(0, 32);
}

/// Programs are code for the kernel: one that is cut short must not be loaded.
bool plausible(const std::string& program) {
  return program.size() >= sizeof(sock_filter) && program.size() % sizeof(sock_filter) == 0 &&
         program.size() / sizeof(sock_filter) <= BPF_MAXINSNS;
}

}  // namespace

std::string compile_default_seccomp(const std::vector<std::string>& capabilities) {
  const Program i386 = section({SCMP_ARCH_X86, 0, last_call_i386, false, {}}, capabilities);
  const Program x86_64 = section({SCMP_ARCH_X86_64, 0, last_call_x86_64, true, {}}, capabilities);
  const Program x32 = section({SCMP_ARCH_X32, x32_bit, last_call_x32, false, {}}, capabilities);
  Program program{load(offsetof(seccomp_data, arch)),
                  jump(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 3, 0),
                  jump(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 1, 0),
                  give(SECCOMP_RET_KILL_THREAD),
                  statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(3 + x86_64.size() + x32.size())),
                  load(offsetof(seccomp_data, nr)),
                  jump(BPF_JMP | BPF_JGE | BPF_K, x32_bit, 0, 1),
                  statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(x86_64.size()))};
  append(program, x86_64);
  append(program, x32);
  program.push_back(load(offsetof(seccomp_data, nr)));
  append(program, i386);
  std::string bytes(program.size() * sizeof(sock_filter), '\0');
  std::memcpy(bytes.data(), program.data(), bytes.size());
  if (!plausible(bytes)) throw Error(ErrorCode::internal, "the seccomp filter is too long");
  return bytes;
}

SeccompCache::SeccompCache(std::string directory) : directory_(std::move(directory)) {}

std::shared_ptr<const std::string> SeccompCache::get(const std::vector<std::string>& capabilities) {
  const std::string key = key_of(capabilities);
  const std::lock_guard lock(mutex_);
  auto& program = programs_[key];
  if (program) return program;
  const std::string path = directory_ + "/" + key + ".bpf";
  std::string cached = directory_.empty() ? std::string() : sys::read_file(AT_FDCWD, path.c_str());
  if (!plausible(cached)) {
    cached = compile_default_seccomp(capabilities);
    if (!directory_.empty()) {
      const auto slash = directory_.rfind('/');
      ::mkdir(directory_.substr(0, slash).c_str(), 0700);
      ::mkdir(directory_.c_str(), 0700);
      const std::string temporary = path + ".new";
      // a cache that cannot be written costs time, nothing else
      if (sys::write_file(AT_FDCWD, temporary.c_str(), cached, O_CREAT | O_TRUNC) == 0)
        ::rename(temporary.c_str(), path.c_str());
    }
  }
  program = std::make_shared<const std::string>(std::move(cached));
  return program;
}

}  // namespace stack::engine::runtime
