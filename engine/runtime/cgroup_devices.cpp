// The device filter of cgroup v2: a BPF program instead of v1's devices.allow and devices.deny files.
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "engine/runtime/cgroup_limits.hpp"

namespace stack::engine::runtime {

namespace {

using Program = std::vector<bpf_insn>;

// registers: 2 type, 3 access, 4 major, 5 minor
constexpr std::uint8_t type_register = 2, access_register = 3, major_register = 4, minor_register = 5, scratch = 6;

bpf_insn instruction(std::uint8_t code, std::uint8_t destination, std::uint8_t source, std::int16_t offset,
                     std::int32_t value) {
  bpf_insn result{};
  result.code = code;
  result.dst_reg = destination & 0xf;
  result.src_reg = source & 0xf;
  result.off = offset;
  result.imm = value;
  return result;
}
bpf_insn load_word(std::uint8_t destination, std::int16_t offset) {
  return instruction(BPF_LDX | BPF_MEM | BPF_W, destination, 1, offset, 0);
}
bpf_insn move(std::uint8_t destination, std::uint8_t source) {
  return instruction(BPF_ALU64 | BPF_MOV | BPF_X, destination, source, 0, 0);
}
bpf_insn keep_bits(std::uint8_t destination, std::int32_t mask) {
  return instruction(BPF_ALU | BPF_AND | BPF_K, destination, 0, 0, mask);
}
bpf_insn shift_right(std::uint8_t destination, std::int32_t bits) {
  return instruction(BPF_ALU | BPF_RSH | BPF_K, destination, 0, 0, bits);
}

void answer(Program& program, bool allow) {
  program.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, allow ? 1 : 0));
  program.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

std::int32_t access_bits(const std::string& access) {
  std::int32_t bits = 0;
  for (const char letter : access)
    bits |= letter == 'm' ? BPF_DEVCG_ACC_MKNOD : letter == 'r' ? BPF_DEVCG_ACC_READ : letter == 'w' ? BPF_DEVCG_ACC_WRITE : 0;
  return bits;
}

/// One rule: every test that fails jumps behind it.
void add_rule(Program& program, const DeviceRule& rule) {
  Program tests;
  const auto unless_equal = [&](std::uint8_t reg, std::int64_t value) {
    tests.push_back(instruction(BPF_JMP | BPF_JNE | BPF_K, reg, 0, 0, static_cast<std::int32_t>(value)));
  };
  if (rule.type != 'a') unless_equal(type_register, rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
  const std::int32_t access = rule.type == 'a' ? 7 : access_bits(rule.access);
  if (access != 7) {
    tests.push_back(move(scratch, access_register));
    tests.push_back(keep_bits(scratch, access));
    // an allowance must cover all that is asked for, a denial any of it
    tests.push_back(rule.allow ? instruction(BPF_JMP | BPF_JNE | BPF_X, scratch, access_register, 0, 0)
                               : instruction(BPF_JMP | BPF_JEQ | BPF_K, scratch, 0, 0, 0));
  }
  if (rule.type != 'a' && rule.major) unless_equal(major_register, *rule.major);
  if (rule.type != 'a' && rule.minor) unless_equal(minor_register, *rule.minor);
  constexpr std::size_t answer_length = 2;
  for (std::size_t i = 0; i < tests.size(); ++i) {
    if (BPF_CLASS(tests[i].code) == BPF_JMP) tests[i].off = static_cast<std::int16_t>(tests.size() - i - 1 + answer_length);
    program.push_back(tests[i]);
  }
  answer(program, rule.allow);
}

Program compile(const std::vector<DeviceRule>& rules) {
  Program program{load_word(type_register, 0),      move(access_register, type_register), keep_bits(type_register, 0xffff),
                  shift_right(access_register, 16), load_word(major_register, 4),         load_word(minor_register, 8)};
  // the last rule that matches decides, so they are tried from the end; what is behind a rule for everything is never reached
  for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
    add_rule(program, *rule);
    if (rule->type == 'a') return program;
  }
  answer(program, false);
  return program;
}

int bpf(bpf_cmd command, bpf_attr& attributes) {
  return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

}  // namespace

void attach_device_filter(const std::string& directory, const std::vector<DeviceRule>& rules) {
  const Program program = compile(rules);
  static constexpr char license[] = "Apache";
  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load.insns = reinterpret_cast<std::uint64_t>(program.data());
  load.insn_cnt = static_cast<std::uint32_t>(program.size());
  load.license = reinterpret_cast<std::uint64_t>(license);
  const UniqueFd loaded(bpf(BPF_PROG_LOAD, load));
  if (!loaded) throw errno_error("load device filter");
  const UniqueFd group(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!group) throw errno_error("open " + directory);
  bpf_attr attach{};
  attach.target_fd = static_cast<std::uint32_t>(group.get());
  attach.attach_bpf_fd = static_cast<std::uint32_t>(loaded.get());
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  if (bpf(BPF_PROG_ATTACH, attach) != 0) throw errno_error("attach device filter to " + directory);
}

}  // namespace stack::engine::runtime
