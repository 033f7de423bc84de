#include "cli/pull_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/flags.hpp"

namespace stack::cli {

void set_pull_policy(compose::Project& project, const std::optional<std::string>& policy) {
  if (!policy || policy->empty() || *policy == "policy") return;
  constexpr std::array<std::string_view, 4> known{"always", "missing", "never", "build"};
  if (std::find(known.begin(), known.end(), *policy) == known.end())
    throw UsageError(fmt::format("invalid value \"{}\" for --pull: always, missing, never or build", *policy));
  for (auto& [_, service] : project.services) service.pull_policy = *policy;
}

}  // namespace stack::cli
