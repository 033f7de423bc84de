#pragma once
// Which services are switched on.
#include <set>
#include <string>
#include <vector>

#include "compose/types.hpp"

namespace stack::compose {

/// Moves services and jobs between `services` and `disabled_services`: one without profiles is always on, one with is on when a
/// profile of it is active ("*": all are). A service in `named` makes its profiles active too, but switches on only itself and
/// what it depends on: others of its profiles may lack what they need.
/// Throws not_found for a name in `named` that is neither a service nor a job.
void apply_profiles(Project& project, std::vector<std::string> active, const std::vector<std::string>& named);

/// `services` (or jobs) and everything they depend on, of what is switched on.
std::set<std::string> with_dependencies(const Project& project, std::set<std::string> services);

}  // namespace stack::compose
