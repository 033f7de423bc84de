#pragma once
// What `config --no-interpolate` prints: the merged files before anything is taken for its type. Docker compose prints these
// with sorted keys, the structures (ports, mounts, dependencies, …) in long form, everything else as it was written.
#include "compose/loader.hpp"

namespace stack::compose {

/// `result` was loaded with interpolate off.
Node raw_model(const LoadResult& result, const LoadOptions& options);

}  // namespace stack::compose
