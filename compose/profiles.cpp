#include "compose/profiles.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"

namespace stack::compose {

void apply_profiles(Project& project, std::vector<std::string> active, const std::vector<std::string>& named) {
  project.services.merge(project.disabled_services);
  project.disabled_services.clear();
  const auto has_one_of = [](const Service& service, const std::set<std::string>& profiles) {
    return std::any_of(service.profiles.begin(), service.profiles.end(),
                       [&](const std::string& profile) { return profiles.contains(profile); });
  };
  const std::set<std::string> asked(active.begin(), active.end());
  std::set<std::string> wanted = asked;
  for (const std::string& name : named) {
    const auto service = project.services.find(name);
    if (service == project.services.end()) throw Error(ErrorCode::not_found, "no such service: " + name);
    if (asked.contains("*")) continue;
    for (const std::string& profile : service->second.profiles)
      if (wanted.insert(profile).second) active.push_back(profile);
  }
  const std::set<std::string> needed = with_dependencies(project, {named.begin(), named.end()});
  for (auto entry = project.services.begin(); entry != project.services.end();) {
    const auto service = entry++;
    const bool on = service->second.profiles.empty() || asked.contains("*") || has_one_of(service->second, asked) ||
                    (needed.contains(service->first) && has_one_of(service->second, wanted));
    if (!on) project.disabled_services.insert(project.services.extract(service));
  }
  project.profiles = std::move(active);
}

std::set<std::string> with_dependencies(const Project& project, std::set<std::string> services) {
  std::vector<std::string> open(services.begin(), services.end());
  while (!open.empty()) {
    const auto service = project.services.find(open.back());
    open.pop_back();
    if (service == project.services.end()) continue;
    for (const auto& [dependency, _] : service->second.depends_on)
      if (services.insert(dependency).second) open.push_back(dependency);
  }
  return services;
}

}  // namespace stack::compose
