#include "scheduler/decide.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "scheduler/config_hash.hpp"
#include "scheduler/container_config.hpp"
#include "scheduler/graph.hpp"
#include "scheduler/labels.hpp"

namespace stack::scheduler {

using compose::Project;
using compose::Service;

api::NetworkCreate network_body(const Project& project, const std::string& key) {
  const compose::Network& network = project.networks.at(key);
  api::NetworkCreate body;
  body.name = network.name;
  body.driver = network.driver;
  body.enable_ipv4 = network.enable_ipv4;
  body.enable_ipv6 = network.enable_ipv6;
  body.internal = network.internal;
  body.attachable = network.attachable;
  body.options = network.driver_opts;
  if (!network.ipam_pools.empty() || !network.ipam_driver.empty()) {
    api::Ipam& ipam = body.ipam.emplace();
    if (!network.ipam_driver.empty()) ipam.driver = network.ipam_driver;
    ipam.config.emplace();
    for (const compose::IpamPool& pool : network.ipam_pools)
      ipam.config->push_back(
          {.subnet = pool.subnet, .ip_range = pool.ip_range, .gateway = pool.gateway, .aux_addresses = pool.aux_addresses});
  }
  body.labels = network_labels(project, key, network);
  body.labels[label::config_hash] = config_hash(network);
  return body;
}

api::VolumeCreate volume_body(const Project& project, const std::string& key) {
  const compose::Volume& volume = project.volumes.at(key);
  api::VolumeCreate body;
  body.name = volume.name;
  body.driver = volume.driver;
  body.driver_opts = volume.driver_opts;
  body.labels = volume_labels(project, key, volume);
  body.labels[label::config_hash] = config_hash(volume);
  return body;
}

std::set<std::string> selected_services(const Project& project, const std::set<std::string>& named, bool with_dependencies) {
  std::set<std::string> all;
  for (const auto& [name, service] : project.services) all.insert(name);
  for (const std::string& name : named)
    if (!all.contains(name)) throw Error(ErrorCode::not_found, "no such service: " + name);
  if (named.empty()) return all;
  return with_dependencies ? Graph(project).with_dependencies(named) : named;
}

namespace {

class Decider {
public:
  Decider(const Project& project, const ObservedState& observed, const ReconcileOptions& options)
      : project_(project), observed_(observed), options_(options) {}

  Decisions run() {
    const auto selected = selected_services(project_, options_.services, options_.with_dependencies);
    for (const std::string& name : Graph(project_).order())
      if (selected.contains(name)) decisions_.order.push_back(name);
    find_changed_networks(selected);
    check_volumes();
    for (const std::string& name : decisions_.order) decide_service(project_.services.at(name));
    find_orphans();
    return std::move(decisions_);
  }

private:
  using Existing = std::vector<const ObservedContainer*>;

  void find_changed_networks(const std::set<std::string>& selected) {
    for (const auto& [key, network] : project_.networks) {
      const ObservedNetwork* found = observed_.network(network.name);
      if (network.external || !found || found->project != project_.name || options_.no_recreate) continue;
      if (found->config_hash.empty() || found->config_hash == config_hash(network)) continue;
      const bool others_use_it =
          std::any_of(observed_.containers.begin(), observed_.containers.end(), [&](const auto& container) {
            return container.networks.contains(found->name) && !selected.contains(container.service);
          });
      if (others_use_it)
        decisions_.warnings.push_back("network " + network.name +
                                      " has changed, but is kept: services that were not named use it");
      else
        decisions_.changed_networks.insert(key);
    }
  }

  void check_volumes() {
    for (const auto& [key, volume] : project_.volumes) {
      const ObservedVolume* found = observed_.volume(volume.name);
      if (volume.external || !found || found->config_hash.empty()) continue;
      if (found->config_hash != config_hash(volume))
        decisions_.warnings.push_back("volume " + volume.name +
                                      " exists with another configuration and is kept as it is, with its data");
    }
  }

  void decide_service(const Service& service) {
    ServiceDecision& decision = decisions_.services[service.name];
    decision.service = &service;
    decision.config_hash = hash_of(service);
    Existing existing;
    for (const ObservedContainer& container : observed_.containers)
      if (container.service == service.name && !container.oneoff) existing.push_back(&container);
    drop_left_over(service, existing, decision);
    keep_wanted(service, existing, decision);
    add_missing(service, decision);
    std::sort(decision.replicas.begin(), decision.replicas.end(),
              [](const auto& a, const auto& b) { return a.number < b.number; });
  }

  std::string hash_of(const Service& service) const {
    bool known = true;
    const Service resolved = with_containers(service, [&](const SharedNamespace& shared) {
      const std::string id = container_to_share(decisions_, observed_, service, shared);
      known &= !id.empty();
      return id;
    });
    return known ? config_hash(resolved) : std::string();
  }

  /// A replacement "1a2b3c4d5e6f_shop-web-1" whose predecessor still has the name: an earlier run was cut short.
  void drop_left_over(const Service& service, Existing& existing, ServiceDecision& decision) {
    const auto has_name = [&](const std::string& name) {
      return std::any_of(existing.begin(), existing.end(), [&](const auto* container) { return container->name == name; });
    };
    const auto left_over = [&](const ObservedContainer* container) {
      const std::string name = container_name(project_, service, container->number);
      return is_replacement(*container, name) && has_name(name);
    };
    const auto first = std::stable_partition(existing.begin(), existing.end(), [&](const auto* c) { return !left_over(c); });
    for (auto at = first; at != existing.end(); ++at) decision.surplus.push_back({.container = *at, .reason = "left over"});
    existing.erase(first, existing.end());
  }

  static bool is_replacement(const ObservedContainer& container, const std::string& final_name) {
    return !container.replaces.empty() && container.name.ends_with("_" + final_name);
  }

  int wanted(const Service& service) const {
    const auto scaled = options_.scale.find(service.name);
    return scaled == options_.scale.end() ? service.replicas() : scaled->second;
  }

  /// When there are too many, those that are up to date stay, then those with the lowest numbers.
  void keep_wanted(const Service& service, const Existing& existing, ServiceDecision& decision) {
    std::vector<Replica> candidates;
    for (const ObservedContainer* container : existing) candidates.push_back(judge(service, *container, decision));
    std::stable_sort(candidates.begin(), candidates.end(), [](const Replica& a, const Replica& b) {
      const bool a_obsolete = !a.kept(), b_obsolete = !b.kept();
      return a_obsolete != b_obsolete ? b_obsolete : a.number < b.number;
    });
    const auto limit = static_cast<std::size_t>(std::max(0, wanted(service)));
    for (std::size_t i = 0; i < candidates.size(); ++i)
      if (i < limit)
        decision.replicas.push_back(std::move(candidates[i]));
      else
        decision.surplus.push_back({.container = candidates[i].existing, .reason = "scaled down", .volumes = true});
  }

  Replica judge(const Service& service, const ObservedContainer& container, const ServiceDecision& decision) const {
    Replica replica;
    replica.existing = &container;
    replica.number = container.number;
    replica.name = container_name(project_, service, container.number);
    replica.reason = obsolete_because(service, container, decision);
    const bool cut_short = is_replacement(container, replica.name);
    if (replica.reason.empty())
      replica.fate = cut_short ? Replica::Fate::rename_and_keep : Replica::Fate::keep;
    else if (uses_changed_network(service))
      replica.fate = Replica::Fate::replace;
    else
      replica.fate = Replica::Fate::recreate;
    return replica;
  }

  bool uses_changed_network(const Service& service) const {
    return std::any_of(service.networks.begin(), service.networks.end(),
                       [&](const auto& network) { return decisions_.changed_networks.contains(network.first); });
  }

  bool forced(const Service& service) const {
    const bool named = options_.services.empty() || options_.services.contains(service.name);
    return named ? options_.force_recreate : options_.recreate_dependencies;
  }

  /// Empty: it is as the file says.
  std::string obsolete_because(const Service& service, const ObservedContainer& container,
                               const ServiceDecision& decision) const {
    if (options_.no_recreate) return {};
    if (forced(service)) return "forced";
    if (container.state == "dead" || container.state == "removing") return "dead";
    if (decision.config_hash.empty()) return "shares namespaces with a new container";
    if (container.config_hash != decision.config_hash) return "configuration changed";
    const std::string image = observed_.image_id(image_of(project_, service));
    if (!image.empty() && container.image_id != image) return "image changed";
    if (uses_changed_network(service) || networks_differ(service, container)) return "network changed";
    return volumes_differ(service, container) ? "volume changed" : "";
  }

  bool networks_differ(const Service& service, const ObservedContainer& container) const {
    for (const auto& [key, details] : service.networks) {
      const std::string& name = project_.networks.at(key).name;
      const auto attached = container.networks.find(name);
      if (attached == container.networks.end()) {
        if (container.running()) return true;
        continue;
      }
      const ObservedNetwork* network = observed_.network(name);
      if (!attached->second.empty() && (!network || network->id != attached->second)) return true;
    }
    return false;
  }

  bool volumes_differ(const Service& service, const ObservedContainer& container) const {
    for (const compose::Mount& mount : service.volumes) {
      const auto declared = project_.volumes.find(mount.source);
      if (mount.type != "volume" || declared == project_.volumes.end()) continue;
      const bool found = std::any_of(container.mounts.begin(), container.mounts.end(),
                                     [&](const api::MountPoint& point) { return point.name == declared->second.name; });
      if (!found) return true;
    }
    return false;
  }

  void add_missing(const Service& service, ServiceDecision& decision) {
    int highest = 0;
    for (const Replica& replica : decision.replicas) highest = std::max(highest, replica.number);
    while (decision.replicas.size() < static_cast<std::size_t>(std::max(0, wanted(service)))) {
      Replica replica;
      replica.number = ++highest;
      replica.name = container_name(project_, service, replica.number);
      replica.reason = "missing";
      decision.replicas.push_back(std::move(replica));
    }
  }

  /// Containers of services that the files no longer have, and one-off ones that have ended.
  void find_orphans() {
    for (const ObservedContainer& container : observed_.containers) {
      const bool known =
          project_.services.contains(container.service) || project_.disabled_services.contains(container.service);
      if (container.oneoff ? !container.running() : !known) decisions_.orphans.push_back(&container);
    }
    if (decisions_.orphans.empty() || options_.remove_orphans) return;
    std::string names;
    for (const ObservedContainer* container : decisions_.orphans)
      if (!container->oneoff) names += (names.empty() ? "" : " ") + container->name;
    if (!names.empty())
      decisions_.warnings.push_back(
          "Found orphan containers ([" + names +
          "]) for this project. If you removed or renamed this service in your compose file, you can run "
          "this command with the --remove-orphans flag to clean it up.");
    decisions_.orphans.clear();
  }

  const Project& project_;
  const ObservedState& observed_;
  const ReconcileOptions& options_;
  Decisions decisions_;
};

}  // namespace

std::string container_to_share(const Decisions& decisions, const ObservedState& observed, const Service& service,
                               const SharedNamespace& shared) {
  const auto decided = decisions.services.find(shared.service);
  if (decided != decisions.services.end() && !decided->second.replicas.empty()) {
    const Replica& first = decided->second.replicas.front();
    return first.kept() ? first.existing->id : std::string();
  }
  if (decided == decisions.services.end())
    for (const ObservedContainer& container : observed.containers)
      if (container.service == shared.service && !container.oneoff) return container.id;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("{}: services.{}.{}: service \"{}\" has no container whose namespace could be shared",
                          service.where(shared.attribute), service.name, shared.attribute, shared.service));
}

Decisions decide(const Project& project, const ObservedState& observed, const ReconcileOptions& options) {
  return Decider(project, observed, options).run();
}

}  // namespace stack::scheduler
