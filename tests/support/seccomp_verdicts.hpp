#pragma once
// What a seccomp filter answers for every system call, found by interpreting its BPF program: no call is made.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace stack::test {

using BpfProgram = std::vector<sock_filter>;

inline BpfProgram to_program(const std::string& bytes) {
  BpfProgram program(bytes.size() / sizeof(sock_filter));
  std::memcpy(program.data(), bytes.data(), program.size() * sizeof(sock_filter));
  return program;
}

/// Runs classic BPF as the kernel does for seccomp.
inline std::uint32_t evaluate(const BpfProgram& program, const seccomp_data& data) {
  std::uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = {};
  const char* bytes = reinterpret_cast<const char*>(&data);
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const sock_filter& i = program[pc];
    const auto branch = [&](bool taken) { pc += taken ? i.jt : i.jf; };
    switch (i.code) {
      case BPF_LD | BPF_W | BPF_ABS: std::memcpy(&a, bytes + i.k, sizeof a); break;
      case BPF_LD | BPF_MEM: a = memory[i.k]; break;
      case BPF_LDX | BPF_MEM: x = memory[i.k]; break;
      case BPF_LDX | BPF_IMM: x = i.k; break;
      case BPF_LD | BPF_IMM: a = i.k; break;
      case BPF_ST: memory[i.k] = a; break;
      case BPF_STX: memory[i.k] = x; break;
      case BPF_MISC | BPF_TAX: x = a; break;
      case BPF_MISC | BPF_TXA: a = x; break;
      case BPF_ALU | BPF_AND | BPF_K: a &= i.k; break;
      case BPF_ALU | BPF_OR | BPF_K: a |= i.k; break;
      case BPF_JMP | BPF_JA: pc += i.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: branch(a == i.k); break;
      case BPF_JMP | BPF_JGT | BPF_K: branch(a > i.k); break;
      case BPF_JMP | BPF_JGE | BPF_K: branch(a >= i.k); break;
      case BPF_JMP | BPF_JSET | BPF_K: branch((a & i.k) != 0); break;
      case BPF_JMP | BPF_JEQ | BPF_X: branch(a == x); break;
      case BPF_RET | BPF_K: return i.k;
      case BPF_RET | BPF_A: return a;
      default: throw std::runtime_error("BPF instruction " + std::to_string(i.code));
    }
  }
  throw std::runtime_error("BPF program without return");
}

inline std::string describe(std::uint32_t action) {
  const std::uint32_t value = action & SECCOMP_RET_DATA;
  switch (action & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW: return "allow";
    case SECCOMP_RET_ERRNO: return "errno " + std::to_string(value);
    case SECCOMP_RET_KILL_THREAD: return "kill";
    case SECCOMP_RET_KILL_PROCESS: return "kill process";
    default: return "action " + std::to_string(action);
  }
}

struct AbiProbe {
  const char* name;
  std::uint32_t arch;
  std::uint32_t first;
};
inline constexpr AbiProbe abis[] = {
    {"x86_64", AUDIT_ARCH_X86_64, 0}, {"x32", AUDIT_ARCH_X86_64, 0x40000000}, {"i386", AUDIT_ARCH_I386, 0}};

/// Every number up to 1023 and some far out, on each ABI; first with a first argument of 0, then what other first arguments
/// change: clone flags, socket families, personalities, and values that differ in their upper half only.
inline std::string print_verdicts(const BpfProgram& program) {
  std::string text;
  const auto verdict = [&](const AbiProbe& abi, std::uint32_t number, std::uint64_t argument) {
    seccomp_data data{};
    data.nr = static_cast<int>(abi.first + number);
    data.arch = abi.arch;
    data.args[0] = argument;
    return describe(evaluate(program, data));
  };
  constexpr std::uint32_t last = 1023;
  for (const AbiProbe& abi : abis) {
    std::uint32_t start = 0;
    std::string now = verdict(abi, 0, 0);
    for (std::uint32_t number = 1; number <= last + 1; ++number) {
      const std::string next = number <= last ? verdict(abi, number, 0) : "";
      if (next == now) continue;
      text += std::string(abi.name) + " " + std::to_string(start) + "-" + std::to_string(number - 1) + " " + now + "\n";
      start = number;
      now = next;
    }
    for (const std::uint32_t number : {5000u, 0x3fffffffu})
      text += std::string(abi.name) + " " + std::to_string(number) + " " + verdict(abi, number, 0) + "\n";
  }
  std::vector<std::uint64_t> arguments{1,           2,
                                       3,           8,
                                       9,           10,
                                       16,          17,
                                       38,          40,
                                       41,          0x11,
                                       0x20000,     0x20008,
                                       0x20009,     0xffffffff,
                                       0xfffffffe,  0x7e020000,
                                       0x100000000, 0x100000028,
                                       0x100000008, 0xffffffffffffffff};
  for (int bit = 4; bit < 40; ++bit) arguments.push_back(std::uint64_t{1} << bit);
  for (const AbiProbe& abi : abis) {
    for (std::uint32_t number = 0; number <= last; ++number) {
      for (const std::uint64_t argument : arguments) {
        const std::string changed = verdict(abi, number, argument);
        if (changed == verdict(abi, number, 0)) continue;
        char line[96];
        std::snprintf(line, sizeof line, "%s %u arg0=%llx %s\n", abi.name, number, static_cast<unsigned long long>(argument),
                      changed.c_str());
        text += line;
      }
    }
  }
  for (const std::uint32_t arch : std::initializer_list<std::uint32_t>{AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM, 0}) {
    seccomp_data data{};
    data.arch = arch;
    text += "other " + std::to_string(arch) + " " + describe(evaluate(program, data)) + "\n";
  }
  return text;
}

}  // namespace stack::test
