#pragma once
// What the host's `ps` prints, narrowed to the processes of one container.
#include <sys/types.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/types.hpp"

namespace stack::engine::container {

/// Splits "-o pid,comm" at blanks. Throws invalid_argument when it would give the column of process ids another name
/// ("-o pid=x"), because the rows could not be told apart then.
std::vector<std::string> parse_ps_arguments(std::string_view text);

/// The last column takes the rest of its line. Throws invalid_argument when there is no column PID.
api::TopResponse parse_ps_output(std::string_view text, const std::set<pid_t>& pids);

/// Runs `ps` (blocking). Throws invalid_argument with what it says when it refuses the arguments, unavailable when the host has
/// no such program.
std::string run_ps(const std::vector<std::string>& arguments);

}  // namespace stack::engine::container
