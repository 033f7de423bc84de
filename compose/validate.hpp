#pragma once
// What one key at a time cannot tell: references, contradictions, circles.
#include "compose/mistakes.hpp"
#include "compose/types.hpp"

namespace stack::compose {

/// Reports every mistake among the enabled services.
void validate(const Project& project, Mistakes& mistakes);

}  // namespace stack::compose
