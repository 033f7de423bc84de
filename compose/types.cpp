#include "compose/types.hpp"

namespace stack::compose {

std::string_view to_string(DependencyCondition condition) {
  switch (condition) {
    case DependencyCondition::service_started: return "service_started";
    case DependencyCondition::service_healthy: return "service_healthy";
    case DependencyCondition::service_completed_successfully: return "service_completed_successfully";
  }
  return "service_started";
}

int Service::replicas() const {
  if (scale) return *scale;
  return deploy && deploy->replicas ? *deploy->replicas : 1;
}

std::string Service::where(std::string_view attribute) const {
  while (!attribute.empty()) {
    if (const auto found = locations.find(attribute); found != locations.end()) return to_string(found->second);
    const auto cut = attribute.find_last_of(".[");
    attribute = cut == std::string_view::npos ? std::string_view() : attribute.substr(0, cut);
  }
  return to_string(location);
}

}  // namespace stack::compose
