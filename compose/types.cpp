#include "compose/types.hpp"

#include "compose/node_path.hpp"

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

std::string Service::path(std::string_view attribute) const {
  std::string path = triggers ? "jobs." : "services.";
  path += name;
  if (!attribute.empty()) path += '.';
  return path += attribute;
}

std::optional<Location> Service::written_at(std::string_view attribute) const {
  return written == nullptr ? std::nullopt : place_of_path(*written, attribute);
}

Location Service::place_of(std::string_view attribute) const {
  while (!attribute.empty()) {
    if (const auto found = written_at(attribute)) return *found;
    const auto cut = attribute.find_last_of(".[");
    attribute = cut == std::string_view::npos ? std::string_view() : attribute.substr(0, cut);
  }
  return location;
}

std::string Service::where(std::string_view attribute) const { return to_string(place_of(attribute)); }

}  // namespace stack::compose
