#include "engine/runtime/seccomp_program.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <span>

#include "base/error.hpp"
#include "engine/runtime/seccomp_profile.hpp"

namespace stack::engine::runtime {

namespace {

using Program = std::vector<sock_filter>;

sock_filter statement(std::uint16_t code, std::uint32_t value) { return {code, 0, 0, value}; }
sock_filter jump(std::uint16_t code, std::uint32_t value, std::uint8_t when_true, std::uint8_t when_false) {
  return {code, when_true, when_false, value};
}
sock_filter load(std::size_t offset) { return statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
sock_filter give(std::uint32_t action) { return statement(BPF_RET | BPF_K, action); }
void append(Program& program, const Program& part) { program.insert(program.end(), part.begin(), part.end()); }

/// The tests of one case, one after the other. A jump's distance is known only when everything behind it is written: until
/// then it holds one of these marks.
class CaseWriter {
public:
  explicit CaseWriter(bool wide) : wide_(wide) {}

  void test(const ArgumentTest& test) {
    const std::size_t begin = program_.size();
    const auto low = static_cast<std::uint32_t>(test.value), high = static_cast<std::uint32_t>(test.value >> 32);
    if (test.comparison == Comparison::masked_equal)
      masked(test, low, high);
    else
      compare(test, low, high);
    resolve(begin, holds);
  }

  Program finish(std::uint32_t action) {
    program_.push_back(give(action));
    resolve(0, fails);
    return std::move(program_);
  }

private:
  static constexpr std::uint8_t next = 0, holds = 254, fails = 255;

  std::size_t offset(const ArgumentTest& test, bool upper) const {
    return offsetof(seccomp_data, args) + test.index * sizeof(std::uint64_t) + (upper ? sizeof(std::uint32_t) : 0);
  }
  void branch(std::uint16_t operation, std::uint32_t value, std::uint8_t when_true, std::uint8_t when_false) {
    program_.push_back(jump(BPF_JMP | operation | BPF_K, value, when_true, when_false));
  }
  void load_half(const ArgumentTest& test, bool upper) { program_.push_back(load(offset(test, upper))); }

  void masked(const ArgumentTest& test, std::uint32_t low, std::uint32_t high) {
    const auto want_low = static_cast<std::uint32_t>(test.masked), want_high = static_cast<std::uint32_t>(test.masked >> 32);
    if (wide_ && (high != 0 || want_high != 0)) {
      load_half(test, true);
      program_.push_back(statement(BPF_ALU | BPF_AND | BPF_K, high));
      branch(BPF_JEQ, want_high, next, fails);
    }
    load_half(test, false);
    program_.push_back(statement(BPF_ALU | BPF_AND | BPF_K, low));
    branch(BPF_JEQ, want_low, next, fails);
  }

  /// Upper halves first; the lower ones count where those are equal.
  void compare(const ArgumentTest& test, std::uint32_t low, std::uint32_t high) {
    const Comparison comparison = test.comparison;
    if (wide_) {
      load_half(test, true);
      switch (comparison) {
        case Comparison::not_equal: branch(BPF_JEQ, high, next, holds); break;
        case Comparison::greater:
        case Comparison::greater_or_equal:
          branch(BPF_JGT, high, holds, next);
          branch(BPF_JEQ, high, next, fails);
          break;
        case Comparison::less:
        case Comparison::less_or_equal:
          branch(BPF_JGT, high, fails, next);
          branch(BPF_JEQ, high, next, holds);
          break;
        default: branch(BPF_JEQ, high, next, fails);
      }
    }
    load_half(test, false);
    switch (comparison) {
      case Comparison::not_equal: branch(BPF_JEQ, low, fails, next); break;
      case Comparison::greater: branch(BPF_JGT, low, next, fails); break;
      case Comparison::greater_or_equal: branch(BPF_JGE, low, next, fails); break;
      case Comparison::less: branch(BPF_JGE, low, fails, next); break;
      case Comparison::less_or_equal: branch(BPF_JGT, low, fails, next); break;
      default: branch(BPF_JEQ, low, next, fails);
    }
  }

  /// Turns the marks since `begin` into the distance to the end of the program so far.
  void resolve(std::size_t begin, std::uint8_t mark) {
    for (std::size_t i = begin; i < program_.size(); ++i) {
      sock_filter& at = program_[i];
      if (BPF_CLASS(at.code) != BPF_JMP) continue;
      const auto distance = static_cast<std::uint8_t>(program_.size() - i - 1);
      if (at.jt == mark) at.jt = distance;
      if (at.jf == mark) at.jf = distance;
    }
  }

  bool wide_;
  Program program_;
};

Program write_answer(const Answer& answer, bool wide) {
  Program program;
  for (const Answer::Case& entry : answer.cases) {
    CaseWriter writer(wide);
    for (const ArgumentTest& test : entry.all_of) writer.test(test);
    append(program, writer.finish(entry.action));
  }
  program.push_back(give(answer.otherwise));
  return program;
}

struct Range {
  std::uint32_t start;
  std::size_t answer;
};

std::vector<Range> ranges_of(const AbiAnswers& abi, std::uint32_t first) {
  std::vector<Range> ranges;
  const auto add = [&](std::size_t number, std::size_t answer) {
    if (ranges.empty() || ranges.back().answer != answer)
      ranges.push_back({first + static_cast<std::uint32_t>(number), answer});
  };
  for (std::size_t i = 0; i < abi.by_number.size(); ++i) add(i, abi.by_number[i]);
  add(abi.by_number.size(), abi.beyond);
  return ranges;
}

/// Binary search over the ranges: about eight comparisons for any call.
Program search(std::span<const Range> ranges, const std::vector<Program>& answers) {
  if (ranges.size() == 1) return answers[ranges.front().answer];
  const std::size_t middle = ranges.size() / 2;
  const Program below = search(ranges.first(middle), answers);
  const Program above = search(ranges.subspan(middle), answers);
  // conditional jumps reach 255 instructions, so the way to the upper half is a jump of its own
  Program program{jump(BPF_JMP | BPF_JGE | BPF_K, ranges[middle].start, 0, 1),
                  statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(below.size()))};
  append(program, below);
  append(program, above);
  return program;
}

/// `wide`: 64-bit arguments, whose upper half counts where a value is compared as a whole.
Program section(const SeccompTables& tables, const std::optional<AbiAnswers>& abi, std::uint32_t first, bool wide) {
  if (!abi) return {give(SECCOMP_RET_KILL_THREAD)};
  std::vector<Program> answers;
  for (const Answer& answer : tables.answers) answers.push_back(write_answer(answer, wide));
  return search(ranges_of(*abi, first), answers);
}

std::uint32_t token_of(Abi abi) {
  return abi == Abi::x86_64 ? SCMP_ARCH_X86_64 : abi == Abi::i386 ? SCMP_ARCH_X86 : SCMP_ARCH_X32;
}

}  // namespace

std::string assemble(const SeccompTables& tables) {
  const Program i386 = section(tables, tables.i386, 0, false);
  const Program x86_64 = section(tables, tables.x86_64, 0, true);
  const Program x32 = section(tables, tables.x32, x32_bit, false);
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
  if (!is_plausible_program(bytes))
    throw Error(ErrorCode::invalid_argument, "the seccomp filter is longer than the kernel takes");
  return bytes;
}

bool is_plausible_program(std::string_view bytes) {
  return bytes.size() >= sizeof(sock_filter) && bytes.size() % sizeof(sock_filter) == 0 &&
         bytes.size() / sizeof(sock_filter) <= BPF_MAXINSNS;
}

std::optional<std::uint32_t> known_call_number(Abi abi, const std::string& name) {
  if (abi == Abi::i386) {
    for (const DirectCall& call : i386_direct_calls) {
      if (name == call.name) return call.number;
    }
  }
  const int number = seccomp_syscall_resolve_name_arch(token_of(abi), name.c_str());
  if (number < 0) return std::nullopt;
  return static_cast<std::uint32_t>(number) & ~x32_bit;
}

std::optional<std::uint32_t> call_number(Abi abi, const std::string& name) {
  if (const auto known = known_call_number(abi, name)) return known;
  const auto found = std::find_if(std::begin(new_calls), std::end(new_calls),
                                  [&](const NewCall& call) { return name == call.name && (call.on_i386 || abi != Abi::i386); });
  return found == std::end(new_calls) ? std::nullopt : std::optional(found->number);
}

}  // namespace stack::engine::runtime
