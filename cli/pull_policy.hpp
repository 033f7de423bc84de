#pragma once
// --pull of the commands that make containers.
#include <optional>
#include <string>

#include "compose/types.hpp"

namespace stack::cli {

/// Takes the place of every service's pull_policy. Empty or "policy": the services' own. Throws UsageError for what is neither
/// always, missing, never nor build.
void set_pull_policy(compose::Project& project, const std::optional<std::string>& policy);

}  // namespace stack::cli
