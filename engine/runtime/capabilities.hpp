#pragma once
// Linux capabilities: names, sets as bit masks, and the calls that apply them.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/runtime/spec.hpp"

namespace stack::engine::runtime {

std::optional<int> capability_number(std::string_view name);  ///< "CAP_CHOWN"
std::vector<std::string> capability_names(std::uint64_t mask);
std::uint64_t capability_mask(const std::vector<std::string>& names);  ///< names that are unknown count for nothing
std::uint64_t bounding_set();                                          ///< of this process: what can be given at all

// for the child side: 0 or an errno
int drop_bounding(std::uint64_t keep);
int set_capabilities(std::uint64_t effective, std::uint64_t permitted, std::uint64_t inheritable);
int set_ambient(std::uint64_t mask);

}  // namespace stack::engine::runtime
