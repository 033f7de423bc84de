#pragma once
// Which services are switched on.
#include <string>
#include <vector>

#include "compose/types.hpp"

namespace stack::compose {

/// Moves services between `services` and `disabled_services`: one without profiles is always on, one with is on when a
/// profile of it is active ("*": all are). The profiles of services in `named` become active too.
/// Throws not_found for a name in `named` that is no service.
void apply_profiles(Project& project, std::vector<std::string> active, const std::vector<std::string>& named);

}  // namespace stack::compose
