#include <algorithm>

#include "base/error.hpp"
#include "scheduler/container_config.hpp"
#include "scheduler/decide.hpp"
#include "scheduler/graph.hpp"
#include "scheduler/hooks.hpp"
#include "scheduler/labels.hpp"
#include "scheduler/plan_builder.hpp"

namespace stack::scheduler {

using compose::Dependency;
using compose::Project;

namespace {

using Dependencies = std::map<std::string, std::map<std::string, Dependency>>;

/// Of every service that has a container: as the file says, else as the container's label remembers.
Dependencies dependencies_of(const Project* project, const ObservedState& observed) {
  Dependencies all;
  for (const ObservedContainer& container : observed.containers) {
    const auto label_value = container.labels.find(label::depends_on);
    if (label_value != container.labels.end()) all[container.service] = parse_depends_on(label_value->second);
    all.try_emplace(container.service);
  }
  if (!project) return all;
  for (const auto* services : {&project->services, &project->disabled_services})
    for (const auto& [name, service] : *services)
      if (all.contains(name)) all[name] = service.depends_on;
  return all;
}

Graph graph_of(const Dependencies& all) {
  Graph graph;
  for (const auto& [service, dependencies] : all) {
    std::set<std::string> names;
    for (const auto& [name, dependency] : dependencies)
      if (all.contains(name)) names.insert(name);
    graph.add(service, names);
  }
  return graph;
}

std::string where_of(const Project* project, const std::string& service) {
  if (!project) return {};
  const auto found = project->services.find(service);
  return found == project->services.end() ? std::string() : found->second.where();
}

bool is_orphan(const Project* project, const ObservedContainer& container) {
  return project && !project->services.contains(container.service) && !project->disabled_services.contains(container.service);
}

/// What stop, start, restart and down have in common: the containers by service, in dependency order. Services whose profiles
/// are not active are left alone, as by docker compose; so are those that the files do not know, unless `with_orphans`.
class Existing {
public:
  Existing(const std::string& name, const Project* project, const ObservedState& observed,
           const std::set<std::string>& services, bool with_orphans = false)
      : builder(name), project_(project), dependencies_(dependencies_of(project, observed)), graph_(graph_of(dependencies_)) {
    if (project) selected_services(*project, services, false);  // complains about unknown names
    for (const ObservedContainer& container : observed.containers) {
      const bool known = !project || project->services.contains(container.service);
      if (!known && !(with_orphans && is_orphan(project, container))) continue;
      if (services.empty() || services.contains(container.service)) containers_[container.service].push_back(&container);
    }
  }

  std::vector<std::string> order() const { return graph_.order(); }
  std::vector<std::string> reverse_order() const {
    auto services = graph_.order();
    std::reverse(services.begin(), services.end());
    return services;
  }
  const std::vector<const ObservedContainer*>& containers(const std::string& service) { return containers_[service]; }
  void drop(auto&& unwanted) {
    for (auto& [service, list] : containers_) std::erase_if(list, unwanted);
  }
  const std::map<std::string, Dependency>& dependencies(const std::string& service) { return dependencies_[service]; }
  std::set<std::string> dependents(const std::string& service) const { return graph_.dependents(service); }
  /// Empty without files: nothing else tells them.
  std::vector<HookCommand> hooks(const std::string& service, std::vector<HookCommand> (*of)(const compose::Service&)) const {
    if (!project_) return {};
    const auto found = project_->services.find(service);
    return found == project_->services.end() ? std::vector<HookCommand>() : of(found->second);
  }
  Operation operation(const ObservedContainer& container, const std::string& reason) const {
    return container_operation(container, reason, where_of(project_, container.service));
  }

  PlanBuilder builder;

private:
  const Project* project_;
  Dependencies dependencies_;
  Graph graph_;
  std::map<std::string, std::vector<const ObservedContainer*>> containers_;
};

/// Stops of all containers that run, dependents first. Gives the stop of each.
std::map<const ObservedContainer*, int> add_stops(Existing& existing, const std::string& reason,
                                                  std::optional<std::chrono::seconds> timeout) {
  std::map<const ObservedContainer*, int> stops;
  std::map<std::string, Ids> by_service;
  for (const std::string& service : existing.reverse_order()) {
    Ids after;
    for (const std::string& dependent : existing.dependents(service)) append(after, by_service[dependent]);
    for (const ObservedContainer* container : existing.containers(service)) {
      if (!container->running()) continue;
      Operation stop = existing.operation(*container, reason);
      stop.action =
          StopContainer{.container = container->id, .timeout = timeout, .before = existing.hooks(service, pre_stop_hooks)};
      stop.after = after;
      stops[container] = existing.builder.add(std::move(stop));
      by_service[service].push_back(stops[container]);
    }
    if (by_service[service].empty()) by_service[service] = after;  // the order holds across a service that does not run
  }
  return stops;
}

/// Throws not_found, naming the first of the services that should have a container and has none.
void require_containers(Existing& existing, const Project& project, const std::set<std::string>& services) {
  for (const std::string& service : selected_services(project, services, false))
    if (existing.containers(service).empty() && project.services.at(service).replicas() > 0)
      throw Error(ErrorCode::not_found, project.services.at(service).where() + ": service \"" + service +
                                            "\" has no container to start: `up` makes one");
}

void add_network_removals(PlanBuilder& builder, const Project* project, const ObservedState& observed, const Ids& after) {
  for (const ObservedNetwork& network : observed.networks) {
    if (network.project != builder.plan.project) continue;
    Operation operation;
    operation.resource = "network:" + (network.key.empty() ? network.name : network.key);
    operation.subject = "Network " + network.name;
    operation.reason = "down";
    if (project && project->networks.contains(network.key))
      operation.where = to_string(project->networks.at(network.key).location);
    operation.action = RemoveNetwork{.network = network.id};
    operation.after = after;
    builder.add(std::move(operation));
  }
}

void add_volume_removals(PlanBuilder& builder, const ObservedState& observed, const Ids& after) {
  for (const ObservedVolume& volume : observed.volumes) {
    if (volume.project != builder.plan.project) continue;
    Operation operation;
    operation.resource = "volume:" + (volume.key.empty() ? volume.name : volume.key);
    operation.subject = "Volume " + volume.name;
    operation.reason = "down";
    operation.action = RemoveVolume{.volume = volume.name};
    operation.after = after;
    builder.add(std::move(operation));
  }
}

void add_image_removals(PlanBuilder& builder, const Project* project, const ObservedState& observed, DownOptions::Images which,
                        const Ids& after) {
  if (!project || which == DownOptions::Images::keep) return;
  std::set<std::string> images;
  for (const auto& [name, service] : project->services)
    if (which == DownOptions::Images::all || (service.build && service.image.empty()))
      images.insert(image_of(*project, service));
  for (const std::string& image : images) {
    if (observed.image_id(image).empty()) continue;
    Operation operation;
    operation.resource = "image:" + image;
    operation.subject = "Image " + image;
    operation.reason = "down";
    operation.action = RemoveImage{.image = image};
    operation.after = after;
    builder.add(std::move(operation));
  }
}

}  // namespace

Plan plan_down(const std::string& project_name, const Project* project, const ObservedState& observed,
               const DownOptions& options) {
  Existing existing(project_name, project, observed, options.services, options.remove_orphans);
  existing.drop([&](const ObservedContainer* container) {
    return project && !options.remove_orphans && container->oneoff && container->running();
  });
  const auto stops = add_stops(existing, "down", options.timeout);
  Ids removals;
  for (const std::string& service : existing.reverse_order())
    for (const ObservedContainer* container : existing.containers(service)) {
      Operation remove = existing.operation(*container, "down");
      remove.action = RemoveContainer{.container = container->id, .volumes = options.volumes};
      if (const auto stop = stops.find(container); stop != stops.end()) remove.after = {stop->second};
      removals.push_back(existing.builder.add(std::move(remove)));
    }
  const bool others_stay = !options.services.empty() && removals.size() < observed.containers.size();
  if (others_stay) return std::move(existing.builder.plan);
  add_network_removals(existing.builder, project, observed, removals);
  if (options.volumes) add_volume_removals(existing.builder, observed, removals);
  add_image_removals(existing.builder, project, observed, options.images, removals);
  return std::move(existing.builder.plan);
}

Plan plan_stop(const std::string& project_name, const Project* project, const ObservedState& observed,
               const SelectOptions& options) {
  Existing existing(project_name, project, observed, options.services);
  existing.drop([](const ObservedContainer* container) { return container->oneoff; });
  add_stops(existing, "stop", options.timeout);
  return std::move(existing.builder.plan);
}

namespace {

/// The waits a service's start needs, one per dependency, made when first asked for.
class StartWaits {
public:
  StartWaits(Existing& existing, std::map<std::string, Ids>& starts) : existing_(existing), starts_(starts) {}

  Ids before(const std::string& service) {
    Ids after;
    for (const auto& [name, dependency] : existing_.dependencies(service)) {
      if (existing_.containers(name).empty()) continue;
      if (dependency.condition == compose::DependencyCondition::service_started)
        append(after, starts_[name]);
      else if (!starts_[name].empty())
        after.push_back(wait(name, dependency));
    }
    return after;
  }

private:
  int wait(const std::string& name, const Dependency& dependency) {
    int& known = waits_[{name, dependency.condition}];
    if (known != 0) return known;
    WaitContainers action;
    action.condition =
        dependency.condition == compose::DependencyCondition::service_healthy ? WaitFor::healthy : WaitFor::completed;
    action.required = dependency.required;
    action.dependency = true;
    Operation operation;
    operation.resource = "service:" + name;
    operation.service = name;
    for (const ObservedContainer* container : existing_.containers(name)) {
      action.containers.push_back(container->name);
      operation.subject += (operation.subject.empty() ? "Container " : ", ") + container->name;
    }
    operation.action = std::move(action);
    operation.after = starts_[name];
    return known = existing_.builder.add(std::move(operation));
  }

  Existing& existing_;
  std::map<std::string, Ids>& starts_;
  std::map<std::pair<std::string, compose::DependencyCondition>, int> waits_;
};

}  // namespace

Plan plan_start(const std::string& project_name, const Project* project, const ObservedState& observed,
                const SelectOptions& options) {
  Existing existing(project_name, project, observed, options.services);
  existing.drop([](const ObservedContainer* container) { return container->oneoff; });
  std::map<std::string, Ids> starts;
  StartWaits waits(existing, starts);
  if (project) require_containers(existing, *project, options.services);
  for (const std::string& service : existing.order()) {
    const Ids after = waits.before(service);
    for (const ObservedContainer* container : existing.containers(service)) {
      if (container->running()) {
        existing.builder.plan.unchanged.push_back("Container " + container->name);
        continue;
      }
      Operation start = existing.operation(*container, container->state);
      start.action = StartContainer{.container = container->id, .after = existing.hooks(service, post_start_hooks)};
      start.after = after;
      starts[service].push_back(existing.builder.add(std::move(start)));
    }
  }
  return std::move(existing.builder.plan);
}

Plan plan_restart(const std::string& project_name, const Project* project, const ObservedState& observed,
                  const SelectOptions& options) {
  std::set<std::string> services = options.services;
  if (options.with_dependencies && !services.empty()) {
    Graph restarting;
    for (const auto& [service, dependencies] : dependencies_of(project, observed))
      for (const auto& [name, dependency] : dependencies)
        if (dependency.restart) restarting.add(service, {name});
    services.merge(restarting.with_dependents(services));
  }
  Existing existing(project_name, project, observed, services);
  existing.drop([](const ObservedContainer* container) { return container->oneoff; });
  std::map<std::string, Ids> restarts;
  for (const std::string& service : existing.order()) {
    Ids after;
    for (const auto& [name, dependency] : existing.dependencies(service)) append(after, restarts[name]);
    for (const ObservedContainer* container : existing.containers(service)) {
      Operation restart = existing.operation(*container, "restart");
      restart.action = RestartContainer{.container = container->id,
                                        .timeout = options.timeout,
                                        .before = existing.hooks(service, pre_stop_hooks),
                                        .after = existing.hooks(service, post_start_hooks)};
      restart.after = after;
      restarts[service].push_back(existing.builder.add(std::move(restart)));
    }
  }
  return std::move(existing.builder.plan);
}

}  // namespace stack::scheduler
