#pragma once
// When an image that is there is pulled again, and what `pull` as a command does.
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "compose/types.hpp"
#include "scheduler/observed_state.hpp"
#include "scheduler/plan.hpp"

namespace stack::scheduler {

/// "daily", "weekly", "every_<duration>": how old an image may get. Empty for every other policy.
std::optional<std::chrono::seconds> pull_interval(std::string_view policy);

/// Is the image with this id, which is there, to be pulled again?
bool pull_is_due(std::string_view policy, const ObservedState& observed, const std::string& image_id);

/// Can what asks for the platform "linux/arm64/v8", "linux/arm64" or "arm64" use this image? What either does not say fits.
bool is_for_platform(const InspectedImage& image, std::string_view wanted);

struct PullOptions {
  std::set<std::string> services;  ///< empty: all
  bool with_dependencies = false;
  bool ignore_failures = false;
  bool ignore_buildable = false;      ///< leave out what has a build section
  std::optional<std::string> policy;  ///< instead of the services' own: "always" or "missing"
};

/// Pulls the images of services, each once. What can be built may fail to be pulled. Pure.
Plan plan_pull(const compose::Project& project, const ObservedState& observed, const PullOptions& options);

}  // namespace stack::scheduler
