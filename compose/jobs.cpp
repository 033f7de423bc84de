#include "compose/jobs.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace stack::compose {

void make_services_of_job(Project& project, const std::string& name) {
  const auto found = project.jobs.find(name);
  if (found == project.jobs.end()) return;
  if (found->second.triggers && !found->second.triggers->manual.value_or(true))
    throw Error(ErrorCode::invalid_argument, fmt::format("{}: jobs.{}.triggers.manual: false: it cannot be run by hand",
                                                         found->second.where("triggers.manual"), name));
  Service& job = project.services.insert(project.jobs.extract(found)).position->second;
  for (auto& [other, dependency] : job.depends_on) {
    if (!project.jobs.contains(other)) continue;
    dependency.condition = DependencyCondition::service_completed_successfully;
    make_services_of_job(project, other);
  }
}

}  // namespace stack::compose
