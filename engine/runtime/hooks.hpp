#pragma once
// Running the hooks of the runtime specification.
#include <string>
#include <string_view>
#include <vector>

#include "engine/runtime/spec.hpp"

namespace stack::engine::runtime {

/// Runs them one after the other, each with `state` (JSON) on its standard input, until one fails: then what went wrong, with
/// what it wrote. Empty: all succeeded. `kind`: "prestart" …, for the text. `environment`: of hooks that name none; our own
/// without it. Only in a process with one thread.
std::string run_hooks(const std::vector<Hook>& hooks, std::string_view kind, std::string_view state,
                      const std::vector<std::string>* environment = nullptr);

}  // namespace stack::engine::runtime
