#pragma once
// The filter until= of the prunes, whatever is pruned.
#include <cstdint>
#include <optional>

#include "engine/container/filter.hpp"

namespace stack::engine::container {

/// A time as parse_log_time reads it, or a duration back from now: unix nanoseconds. Empty when absent; throws
/// invalid_argument.
std::optional<std::int64_t> parse_until(const Filters& filters);

}  // namespace stack::engine::container
