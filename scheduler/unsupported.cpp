#include "scheduler/unsupported.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"

namespace stack::scheduler {

using compose::Service;

namespace {

struct Unsupported {
  std::string_view key;
  bool (*given)(const Service& service);
  std::string_view what;
};

constexpr Unsupported needed[] = {
    {"provider", [](const Service& service) { return service.provider.has_value(); },
     "services that a program provides are not supported yet; give it an image, or a profile that is switched off"},
    {"models", [](const Service& service) { return !service.models.empty(); },
     "AI models are not supported yet; run a model server as a service of its own"},
    {"use_api_socket", [](const Service& service) { return service.use_api_socket; },
     "is not supported yet; mount the engine's socket as a volume"},
    {"pre_start", [](const Service& service) { return !service.pre_start.empty(); },
     "is not supported yet; make it a service of its own, and depend on it with service_completed_successfully"},
};

bool swarm_mode(const Service& service) {
  return service.deploy && !service.deploy->mode.empty() && service.deploy->mode != "replicated";
}

bool has_placement(const Service& service) {
  if (!service.deploy) return false;
  const compose::Placement& placement = service.deploy->placement;
  return !placement.constraints.empty() || !placement.preferences.empty() || placement.max_replicas_per_node != 0;
}

constexpr std::string_view swarm_only = "has a meaning only in a Swarm, and is ignored";

constexpr Unsupported ignored[] = {
    {"develop", [](const Service& service) { return service.develop && !service.develop->watch.empty(); },
     "files are not watched yet"},
    {"deploy.mode", swarm_mode, swarm_only},
    {"deploy.update_config", [](const Service& service) { return service.deploy && service.deploy->update_config; },
     swarm_only},
    {"deploy.rollback_config", [](const Service& service) { return service.deploy && service.deploy->rollback_config; },
     swarm_only},
    {"deploy.placement", has_placement, swarm_only},
};

std::string line(const Service& service, const Unsupported& key) {
  const std::string where = service.where(key.key);
  return fmt::format("{}{}{}: {}", where, where.empty() ? "" : ": ", service.path(key.key), key.what);
}

}  // namespace

namespace {

/// Those that wait for `run` are no mistake.
void check_jobs(const compose::Project& project, std::vector<std::string>& errors, std::vector<std::string>& warnings) {
  std::vector<std::string> by_hand;
  for (const auto& [name, job] : project.jobs) {
    if (!job.triggers || job.triggers->schedule.empty())
      by_hand.push_back(name);
    else
      errors.push_back(
          fmt::format("{}: {}: jobs are not run on a schedule yet; put it into a profile that is switched off, and "
                      "have `stack run {}` done by cron",
                      job.where("triggers.schedule"), job.path("triggers.schedule"), name));
  }
  if (!by_hand.empty())
    warnings.push_back(fmt::format("jobs are started by `stack run`, and are not now: {}", fmt::join(by_hand, ", ")));
}

}  // namespace

std::vector<std::string> check_supported(const compose::Project& project, const std::vector<std::string>& services) {
  std::vector<std::string> errors, warnings;
  for (const std::string& name : services) {
    const Service& service = project.services.at(name);
    for (const Unsupported& key : needed)
      if (key.given(service)) errors.push_back(line(service, key));
    for (const Unsupported& key : ignored)
      if (key.given(service)) warnings.push_back(line(service, key));
  }
  check_jobs(project, errors, warnings);
  if (!errors.empty()) throw Error(ErrorCode::not_implemented, fmt::format("{}", fmt::join(errors, "\n")));
  return warnings;
}

}  // namespace stack::scheduler
