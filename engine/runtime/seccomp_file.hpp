#pragma once
// Seccomp profiles of users, in the JSON that Docker takes: archMap or architectures, rules with arguments, includes and
// excludes by capability, architecture and kernel.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/runtime/seccomp_program.hpp"

namespace stack::engine::runtime {

struct KernelVersion {
  int major = 0, minor = 0;
  auto operator<=>(const KernelVersion&) const = default;
};
KernelVersion running_kernel();

/// What the profile says for a container with these capabilities (its bounding set) on this kernel. Empty: it names neither a
/// default action nor a call, which is no filter. Throws invalid_argument "decoding seccomp profile failed: …".
std::optional<SeccompTables> parse_seccomp_profile(std::string_view text, const std::vector<std::string>& capabilities,
                                                   const KernelVersion& kernel);

}  // namespace stack::engine::runtime
