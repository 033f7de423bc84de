#include "scheduler/reconcile.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "compose/print.hpp"
#include "scheduler/container_config.hpp"
#include "scheduler/decide.hpp"
#include "scheduler/hooks.hpp"
#include "scheduler/image_plan.hpp"
#include "scheduler/injected_files.hpp"
#include "scheduler/key_places.hpp"
#include "scheduler/labels.hpp"
#include "scheduler/plan_builder.hpp"
#include "scheduler/unsupported.hpp"

namespace stack::scheduler {

using compose::DependencyCondition;
using compose::Project;
using compose::Service;

namespace {

/// A container without a health check is up when it has run this long. docker compose looks for the first time after as much.
constexpr std::chrono::milliseconds settle_time(500);

/// Second half of reconcile(): writes the operations down, dependencies first.
class UpPlanner {
public:
  UpPlanner(const Project& project, const ObservedState& observed, const ReconcileOptions& options)
      : project_(project),
        observed_(observed),
        options_(options),
        builder_(project.name),
        images_(builder_, project, observed, options) {}

  Plan run() {
    decisions_ = decide(project_, observed_, options_);
    builder_.plan.warnings = decisions_.warnings;
    for (std::string& warning : check_supported(project_, decisions_.order))
      builder_.plan.warnings.push_back(std::move(warning));
    for (const std::string& name : decisions_.order) images_.add(*decisions_.services.at(name).service);
    remove_orphans();
    remove_before_networks();
    add_networks();
    add_volumes();
    for (const std::string& name : decisions_.order) add_service(decisions_.services.at(name));
    if (options_.wait && !options_.no_start) add_final_waits();
    put_images_first();
    return std::move(builder_.plan);
  }

private:
  void remove_orphans() {
    for (const ObservedContainer* container : decisions_.orphans)
      orphan_removals_.push_back(add_removal(builder_, *container, "orphan", {}, false, {options_.timeout, {}}));
  }

  /// Containers on a network that is made anew go first.
  void remove_before_networks() {
    for (const std::string& name : decisions_.order)
      for (const Replica& replica : decisions_.services.at(name).replicas)
        if (replica.fate == Replica::Fate::replace)
          replaced_[replica.existing] = add_removal(builder_, *replica.existing, replica.reason, {}, false,
                                                    {options_.timeout, pre_stop_hooks(*decisions_.services.at(name).service)});
  }

  static bool makes_image(const Operation& operation) {
    return std::holds_alternative<PullImage>(operation.action) || std::holds_alternative<BuildImage>(operation.action);
  }

  /// Nothing is changed before every image is there: an operation that waits for nothing but images waits for all of them,
  /// and so do those after it.
  void put_images_first() {
    Ids images;
    for (const Operation& operation : builder_.plan.operations)
      if (makes_image(operation)) images.push_back(operation.id);
    const auto is_image = [&](int id) { return std::find(images.begin(), images.end(), id) != images.end(); };
    for (Operation& operation : builder_.plan.operations)
      if (!is_image(operation.id) && std::all_of(operation.after.begin(), operation.after.end(), is_image))
        operation.after = images;
  }

  /// Those of the services that are meant, and those of no service, which only `--all-resources` leaves in a project.
  std::set<std::string> used_networks() const {
    std::set<std::string> keys;
    for (const auto& [key, network] : project_.networks) keys.insert(key);
    for (const auto& [name, service] : project_.services)
      for (const auto& [key, details] : service.networks) keys.erase(key);
    for (const std::string& name : decisions_.order)
      for (const auto& [key, details] : project_.services.at(name).networks) keys.insert(key);
    return keys;
  }

  std::set<std::string> used_volumes() const {
    std::set<std::string> keys;
    for (const auto& [key, volume] : project_.volumes) keys.insert(key);
    for (const auto& [name, service] : project_.services)
      for (const compose::Mount& mount : service.volumes)
        if (mount.type == "volume") keys.erase(mount.source);
    for (const std::string& name : decisions_.order)
      for (const compose::Mount& mount : project_.services.at(name).volumes)
        if (mount.type == "volume" && project_.volumes.contains(mount.source)) keys.insert(mount.source);
    return keys;
  }

  void add_networks() {
    for (const std::string& key : used_networks()) {
      const compose::Network& network = project_.networks.at(key);
      const ObservedNetwork* found = observed_.network(network.name);
      if (found && !decisions_.changed_networks.contains(key)) continue;
      const std::string where = to_string(network.location);
      if (network.external)
        throw Error(ErrorCode::not_found, (where.empty() ? "" : where + ": ") + "networks." + key + ": network " +
                                              network.name + " declared as external, but could not be found");
      Operation operation;
      operation.resource = "network:" + key;
      operation.subject = "Network " + network.name;
      operation.where = where;
      operation.reason = found ? "configuration changed" : "missing";
      if (found) {
        operation.action = RemoveNetwork{.network = found->id};
        for (const auto& [container, removal] : replaced_) operation.after.push_back(removal);
        operation.after = {builder_.add(operation)};
      }
      operation.action = CreateNetwork{.body = network_body(project_, key)};
      networks_[key] = builder_.add(std::move(operation));
    }
  }

  void add_volumes() {
    for (const std::string& key : used_volumes()) {
      const compose::Volume& volume = project_.volumes.at(key);
      if (observed_.volume(volume.name)) continue;
      const std::string where = to_string(volume.location);
      if (volume.external)
        throw Error(ErrorCode::not_found, (where.empty() ? "" : where + ": ") + "volumes." + key + ": external volume \"" +
                                              volume.name + "\" not found");
      Operation operation;
      operation.resource = "volume:" + key;
      operation.subject = "Volume " + volume.name;
      operation.where = where;
      operation.reason = "missing";
      operation.action = CreateVolume{.body = volume_body(project_, key)};
      volumes_[key] = builder_.add(std::move(operation));
    }
  }

  void add_service(const ServiceDecision& decision) {
    const Service& service = *decision.service;
    for (const Surplus& surplus : decision.surplus)
      surplus_removals_[service.name].push_back(add_removal(builder_, *surplus.container, surplus.reason, {}, surplus.volumes,
                                                            {options_.timeout, pre_stop_hooks(service)}));
    if (recreates(decision)) stop_dependents_that_restart(service.name);
    const Ids needed = options_.no_start ? Ids() : ready(service);
    for (const Replica& replica : decision.replicas) add_replica(decision, replica, needed);
  }

  static bool recreates(const ServiceDecision& decision) {
    return std::any_of(decision.replicas.begin(), decision.replicas.end(), [](const Replica& replica) {
      return replica.fate == Replica::Fate::recreate || replica.fate == Replica::Fate::replace;
    });
  }

  /// depends_on.<name>.restart: running dependents are stopped before `name` is replaced, and started again (or replaced
  /// themselves) after it.
  void stop_dependents_that_restart(const std::string& name) {
    for (const std::string& other : decisions_.order) {
      const ServiceDecision& dependent = decisions_.services.at(other);
      const auto dependency = dependent.service->depends_on.find(name);
      if (dependency == dependent.service->depends_on.end() || !dependency->second.restart) continue;
      for (const Replica& replica : dependent.replicas) {
        const bool stays = replica.fate == Replica::Fate::keep || replica.fate == Replica::Fate::recreate;
        if (!stays || !replica.existing->running()) continue;
        Operation stop =
            container_operation(*replica.existing, "restarts with " + name, dependent.service->where("depends_on." + name));
        stop.action = StopContainer{
            .container = replica.existing->id, .timeout = options_.timeout, .before = pre_stop_hooks(*dependent.service)};
        if (!stopped_.contains(replica.existing)) stopped_[replica.existing] = builder_.add(std::move(stop));
        dependent_stops_[name].push_back(stopped_[replica.existing]);
      }
    }
  }

  void add_replica(const ServiceDecision& decision, const Replica& replica, const Ids& needed) {
    const Service& service = *decision.service;
    Ids before_start = needed;
    append(before_start, orphan_removals_);
    append(before_start, surplus_removals_[service.name]);
    switch (replica.fate) {
      case Replica::Fate::create:
      case Replica::Fate::replace: before_start.push_back(add_creation(decision, replica, replica.name)); break;
      case Replica::Fate::recreate: before_start.push_back(add_recreation(decision, replica)); break;
      case Replica::Fate::rename_and_keep:
        before_start.push_back(add_rename(service, replica, replica.existing->id, {}));
        break;
      case Replica::Fate::keep: break;
    }
    if (replica.fate != Replica::Fate::keep) created_[service.name].push_back(before_start.back());
    if (!options_.no_start) add_start(service, replica, std::move(before_start));
  }

  void add_start(const Service& service, const Replica& replica, Ids after) {
    const bool kept = replica.kept();
    const auto stopped = kept ? stopped_.find(replica.existing) : stopped_.end();
    if (stopped != stopped_.end()) after.push_back(stopped->second);
    if (kept && replica.existing->running() && stopped == stopped_.end()) {
      builder_.plan.unchanged.push_back("Container " + replica.name);
      return;
    }
    std::string reason = kept && replica.reason.empty() ? replica.existing->state : replica.reason;
    if (stopped != stopped_.end()) reason = "restarts";
    Operation start = container_operation(service.name, replica.number, replica.name, reason, service.where());
    start.action = StartContainer{.container = replica.fate == Replica::Fate::keep ? replica.existing->id : replica.name,
                                  .after = post_start_hooks(service)};
    start.after = std::move(after);
    start.keys = key_places(project_, service);
    starts_[service.name].push_back(builder_.add(std::move(start)));
  }

  /// What has to exist before this service's container can be made: image, networks, volumes, and another service's container
  /// whose namespaces it shares.
  Ids before_creation(const Service& service, const Replica& replica) const {
    Ids after;
    after.push_back(images_.operation_for(service));
    for (const auto& [key, details] : service.networks)
      if (const auto found = networks_.find(key); found != networks_.end()) after.push_back(found->second);
    for (const compose::Mount& mount : service.volumes) {
      if (mount.type == "image") after.push_back(images_.operation_for(mount.source));
      if (const auto found = volumes_.find(mount.source); mount.type == "volume" && found != volumes_.end())
        after.push_back(found->second);
    }
    for (const SharedNamespace& shared : shared_namespaces(service))
      if (const auto found = created_.find(shared.service); found != created_.end()) append(after, found->second);
    if (const auto found = replaced_.find(replica.existing); replica.existing && found != replaced_.end())
      after.push_back(found->second);
    return after;
  }

  int add_creation(const ServiceDecision& decision, const Replica& replica, const std::string& name) {
    const Service& service = *decision.service;
    CreateContainer create;
    create.name = name;
    create.platform = service.platform;
    const Service resolved = with_containers(service, [&](const SharedNamespace& shared) {
      const std::string id = container_to_share(decisions_, observed_, service, shared);
      return id.empty() ? made_by(first_made_.at(shared.service)) : id;
    });
    create.body = container_config(project_, resolved, replica.number);
    auto& labels = create.body.config.labels;
    if (decision.config_hash.empty())
      create.hashed = compose::json_for_hash(as_hashed(resolved));
    else
      labels[label::config_hash] = decision.config_hash;
    create.files = injected_files(project_, service);
    warn_of_files(service);
    create.image_operation = images_.operation_for(service);
    if (create.image_operation == 0) labels[label::image] = observed_.image_id(create.body.config.image);
    if (replica.fate == Replica::Fate::recreate) labels[label::replace] = service.name + "-" + std::to_string(replica.number);
    if (replica.existing && !options_.renew_anonymous_volumes) hand_on_volumes(*replica.existing, create.body);
    Operation operation = container_operation(service.name, replica.number, replica.name, replica.reason, service.where());
    operation.recreate = replica.fate == Replica::Fate::recreate;
    operation.after = before_creation(service, replica);
    operation.keys = key_places(project_, service);
    operation.action = std::move(create);
    const int made = builder_.add(std::move(operation));
    first_made_.emplace(service.name, made);
    return made;
  }

  void warn_of_files(const Service& service) {
    auto& warnings = builder_.plan.warnings;
    for (std::string& warning : file_warnings(project_, service))
      if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end()) warnings.push_back(std::move(warning));
  }

  /// The anonymous volumes of the container that goes belong to the one that comes.
  static void hand_on_volumes(const ObservedContainer& old, api::ContainerCreateRequest& body) {
    auto& mounts = body.host_config.mounts;
    const bool borrows = !body.host_config.volumes_from.empty();  // then what it does not name itself may be another's
    for (const api::MountPoint& point : old.mounts) {
      const bool anonymous = point.type == "volume" && point.name.size() == 64;
      if (!anonymous) continue;
      const auto same = std::find_if(mounts.begin(), mounts.end(),
                                     [&](const api::Mount& mount) { return mount.target == point.destination; });
      if (same == mounts.end() && !borrows)
        mounts.push_back({.type = "volume", .source = point.name, .target = point.destination});
      else if (same != mounts.end() && same->type == "volume")
        same->source = point.name;
    }
  }

  int add_recreation(const ServiceDecision& decision, const Replica& replica) {
    const ObservedContainer& old = *replica.existing;
    const int create = add_creation(decision, replica, old.id.substr(0, 12) + "_" + replica.name);
    Ids after = dependent_stops_[decision.service->name];
    after.push_back(create);
    const std::string where = decision.service->where();
    if (const auto stopped = stopped_.find(&old); stopped != stopped_.end()) {
      after.push_back(stopped->second);
    } else if (old.running()) {
      Operation stop = container_operation(old, replica.reason, where);
      stop.recreate = true;
      stop.after = std::move(after);
      stop.action =
          StopContainer{.container = old.id, .timeout = options_.timeout, .before = pre_stop_hooks(*decision.service)};
      after = {builder_.add(std::move(stop))};
    }
    Operation remove = container_operation(old, replica.reason, where);
    remove.recreate = true;
    remove.after = std::move(after);
    remove.action = RemoveContainer{.container = old.id, .volumes = options_.renew_anonymous_volumes};
    const int removed = builder_.add(std::move(remove));
    return add_rename(*decision.service, replica, old.id.substr(0, 12) + "_" + replica.name, {create, removed});
  }

  int add_rename(const Service& service, const Replica& replica, const std::string& container, Ids after) {
    Operation rename = container_operation(service.name, replica.number, replica.name,
                                           replica.reason.empty() ? "left over" : replica.reason, service.where());
    rename.recreate = true;
    rename.after = std::move(after);
    rename.action = RenameContainer{.container = container, .name = replica.name};
    return builder_.add(std::move(rename));
  }

  /// What has to have happened before this service may start.
  Ids ready(const Service& service) {
    Ids after;
    for (const auto& [name, dependency] : service.depends_on) {
      if (!decisions_.services.contains(name)) continue;  // not there, or left out by --no-deps
      if (dependency.condition == DependencyCondition::service_started)
        append(after, starts_[name]);
      else
        after.push_back(wait_for(name, dependency, service.where("depends_on." + name)));
    }
    return after;
  }

  static WaitFor wait_for_condition(DependencyCondition condition) {
    return condition == DependencyCondition::service_healthy ? WaitFor::healthy : WaitFor::completed;
  }

  /// The operation that waits for a dependency, made when first asked for; 0: it is as wanted already.
  int wait_for(const std::string& name, const compose::Dependency& dependency, const std::string& where) {
    const auto key = std::make_tuple(name, dependency.condition, dependency.required);
    if (const auto known = waits_.find(key); known != waits_.end()) return known->second;
    const WaitFor condition = wait_for_condition(dependency.condition);
    if (starts_[name].empty() && satisfied(decisions_.services.at(name), condition)) return waits_[key] = 0;
    WaitContainers wait{.condition = condition, .required = dependency.required, .dependency = true};
    return waits_[key] = add_wait(name, std::move(wait), starts_[name], where);
  }

  static bool satisfied(const ServiceDecision& decision, WaitFor condition) {
    return std::all_of(decision.replicas.begin(), decision.replicas.end(), [&](const Replica& replica) {
      if (!replica.existing) return false;
      if (condition == WaitFor::healthy)
        return replica.existing->health == Health::healthy && replica.existing->state == "running";
      return replica.existing->state == "exited" && replica.existing->exit_code == 0;
    });
  }

  int add_wait(const std::string& name, WaitContainers wait, Ids after, const std::string& where) {
    const ServiceDecision& decision = decisions_.services.at(name);
    if (decision.replicas.empty()) return 0;
    Operation operation;
    operation.resource = "service:" + name;
    operation.service = name;
    operation.where = where;
    operation.keys = health_places(*decision.service);
    wait.timeout = options_.wait_timeout;
    for (const Replica& replica : decision.replicas) {
      wait.containers.push_back(replica.name);
      operation.subject += (operation.subject.empty() ? "Container " : ", ") + replica.name;
    }
    operation.action = std::move(wait);
    operation.after = std::move(after);
    return builder_.add(std::move(operation));
  }

  bool somebody_awaits_completion(const std::string& name) const {
    return std::any_of(decisions_.order.begin(), decisions_.order.end(), [&](const std::string& other) {
      const auto& needed = decisions_.services.at(other).service->depends_on;
      const auto found = needed.find(name);
      return found != needed.end() && found->second.condition == DependencyCondition::service_completed_successfully;
    });
  }

  void add_final_waits() {
    Ids all;
    std::vector<std::string> stay_up;
    for (const std::string& name : decisions_.order) {
      const bool completes = somebody_awaits_completion(name);
      const auto known = waits_.find(std::make_tuple(
          name, completes ? DependencyCondition::service_completed_successfully : DependencyCondition::service_healthy, true));
      if (!completes) stay_up.push_back(name);
      if (known != waits_.end()) {
        all.push_back(known->second);
        continue;
      }
      WaitContainers wait{.condition = completes ? WaitFor::completed : WaitFor::running_or_healthy};
      if (!starts_[name].empty()) wait.settle = settle_time;
      all.push_back(add_wait(name, std::move(wait), starts_[name], project_.services.at(name).where()));
    }
    if (anything_starts() && all.size() > 1) add_second_looks(stay_up, all);
  }

  bool anything_starts() const {
    return std::any_of(starts_.begin(), starts_.end(), [](const auto& entry) { return !entry.second.empty(); });
  }

  /// What was up when it was looked at may have ended while the others were still waited for.
  void add_second_looks(const std::vector<std::string>& services, const Ids& all) {
    for (const std::string& name : services)
      add_wait(name, {.condition = WaitFor::still_up}, all, project_.services.at(name).where());
  }

  const Project& project_;
  const ObservedState& observed_;
  const ReconcileOptions& options_;
  PlanBuilder builder_;
  ImagePlanner images_;
  Decisions decisions_;
  Ids orphan_removals_;
  std::map<const ObservedContainer*, int> replaced_, stopped_;                        ///< → removal, → stop
  std::map<std::string, int> networks_, volumes_;                                     ///< key → creation
  std::map<std::string, Ids> created_, starts_, dependent_stops_, surplus_removals_;  ///< by service
  std::map<std::string, int> first_made_;                                             ///< service → its first creation
  std::map<std::tuple<std::string, DependencyCondition, bool>, int> waits_;
};

}  // namespace

Plan reconcile(const Project& project, const ObservedState& observed, const ReconcileOptions& options) {
  return UpPlanner(project, observed, options).run();
}

}  // namespace stack::scheduler
