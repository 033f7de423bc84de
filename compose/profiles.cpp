#include "compose/profiles.hpp"

#include <set>

#include "base/error.hpp"

namespace stack::compose {

void apply_profiles(Project& project, std::vector<std::string> active, const std::vector<std::string>& named) {
  std::map<std::string, Service> all;
  all.merge(project.services);
  all.merge(project.disabled_services);
  std::set<std::string> wanted(active.begin(), active.end());
  for (const std::string& name : named) {
    const auto service = all.find(name);
    if (service == all.end()) throw Error(ErrorCode::not_found, "no such service: " + name);
    if (wanted.contains("*")) continue;
    for (const std::string& profile : service->second.profiles)
      if (wanted.insert(profile).second) active.push_back(profile);
  }
  project.services.clear();
  project.disabled_services.clear();
  for (auto& [name, service] : all) {
    bool on = service.profiles.empty() || wanted.contains("*");
    for (const std::string& profile : service.profiles) on = on || wanted.contains(profile);
    (on ? project.services : project.disabled_services).emplace(name, std::move(service));
  }
  project.profiles = std::move(active);
}

}  // namespace stack::compose
