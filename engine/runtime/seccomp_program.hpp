#pragma once
// From answers to a BPF program: what is to happen for each system call of x86_64, i386 and x32, compiled by us
// (docs/adr/0003).
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stack::engine::runtime {

inline constexpr std::uint32_t x32_bit = 0x40000000;  ///< in the number of every call made through x32

enum class Comparison : std::uint8_t { not_equal, less, less_or_equal, equal, greater_or_equal, greater, masked_equal };

/// A test of one argument of a call.
struct ArgumentTest {
  std::uint32_t index = 0;  ///< 0 to 5
  Comparison comparison = Comparison::equal;
  std::uint64_t value = 0;   ///< masked_equal: the mask
  std::uint64_t masked = 0;  ///< masked_equal: what `argument & value` must be
  auto operator<=>(const ArgumentTest&) const = default;
};

/// What a filter says about one call.
struct Answer {
  struct Case {
    std::vector<ArgumentTest> all_of;
    std::uint32_t action = 0;  ///< SECCOMP_RET_*
    auto operator<=>(const Case&) const = default;
  };
  std::vector<Case> cases;      ///< the first whose tests all hold decides
  std::uint32_t otherwise = 0;  ///< when none does
  auto operator<=>(const Answer&) const = default;
};

/// One ABI's answers. An ABI that has none is not allowed: a call through it kills the thread.
struct AbiAnswers {
  std::vector<std::size_t> by_number;  ///< index into SeccompTables::answers for call 0, 1, …
  std::size_t beyond = 0;              ///< the same for every later call
};

struct SeccompTables {
  std::vector<Answer> answers;
  AbiAnswers x86_64;
  std::optional<AbiAnswers> i386, x32;
};

/// struct sock_filter[] as bytes. Throws invalid_argument when that is longer than the kernel takes.
std::string assemble(const SeccompTables& tables);

/// May these bytes be a program? What is cut short must not be loaded.
bool is_plausible_program(std::string_view bytes);

enum class Abi : std::uint8_t { x86_64, i386, x32 };
/// The number of a call by its name (without the x32 bit); empty: the ABI has no such call.
std::optional<std::uint32_t> call_number(Abi abi, const std::string& name);
/// The same for i386 only as libseccomp and its direct calls name it, without calls newer than libseccomp.
std::optional<std::uint32_t> known_call_number(Abi abi, const std::string& name);

}  // namespace stack::engine::runtime
