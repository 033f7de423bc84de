#include "compose/profiles.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"

namespace stack::compose {

namespace {

using Services = std::map<std::string, Service>;

/// Nothing when the name is unknown.
const Service* find(const Project& project, const std::string& name) {
  for (const Services* all : {&project.services, &project.jobs})
    if (const auto found = all->find(name); found != all->end()) return &found->second;
  return nullptr;
}

template <class IsOn>
void move_switched_off(Services& all, Services& disabled, const IsOn& is_on) {
  for (auto entry = all.begin(); entry != all.end();) {
    const auto service = entry++;
    if (!is_on(service->first, service->second)) disabled.insert(all.extract(service));
  }
}

}  // namespace

void apply_profiles(Project& project, std::vector<std::string> active, const std::vector<std::string>& named) {
  project.services.merge(project.disabled_services);
  project.disabled_services.clear();
  project.jobs.merge(project.disabled_jobs);
  project.disabled_jobs.clear();
  const auto has_one_of = [](const Service& service, const std::set<std::string>& profiles) {
    return std::any_of(service.profiles.begin(), service.profiles.end(),
                       [&](const std::string& profile) { return profiles.contains(profile); });
  };
  const std::set<std::string> asked(active.begin(), active.end());
  std::set<std::string> wanted = asked;
  for (const std::string& name : named) {
    const Service* service = find(project, name);
    if (service == nullptr) throw Error(ErrorCode::not_found, "no such service: " + name);
    if (asked.contains("*")) continue;
    for (const std::string& profile : service->profiles)
      if (wanted.insert(profile).second) active.push_back(profile);
  }
  const std::set<std::string> needed = with_dependencies(project, {named.begin(), named.end()});
  const auto is_on = [&](const std::string& name, const Service& service) {
    return service.profiles.empty() || asked.contains("*") || has_one_of(service, asked) ||
           (needed.contains(name) && has_one_of(service, wanted));
  };
  move_switched_off(project.services, project.disabled_services, is_on);
  move_switched_off(project.jobs, project.disabled_jobs, is_on);
  project.profiles = std::move(active);
}

std::set<std::string> with_dependencies(const Project& project, std::set<std::string> services) {
  std::vector<std::string> open(services.begin(), services.end());
  while (!open.empty()) {
    const Service* service = find(project, open.back());
    open.pop_back();
    if (service == nullptr) continue;
    for (const auto& [dependency, _] : service->depends_on)
      if (services.insert(dependency).second) open.push_back(dependency);
  }
  return services;
}

}  // namespace stack::compose
