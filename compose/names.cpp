#include "compose/names.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace stack::compose {

std::string name_separator(const Project& project) {
  const auto wanted = project.environment.find("COMPOSE_COMPATIBILITY");
  constexpr std::array<std::string_view, 6> yes{"1", "t", "T", "true", "TRUE", "True"};
  return wanted != project.environment.end() && std::find(yes.begin(), yes.end(), wanted->second) != yes.end() ? "_" : "-";
}

std::string image_name(const Project& project, const Service& service) {
  return service.image.empty() ? project.name + name_separator(project) + service.name : service.image;
}

}  // namespace stack::compose
