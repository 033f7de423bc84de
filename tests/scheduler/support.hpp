#pragma once
// Projects from text and made-up engine states for the scheduler's tests.
#include <sstream>
#include <string>

#include "compose/loader.hpp"
#include "scheduler/config_hash.hpp"
#include "scheduler/container_config.hpp"
#include "scheduler/decide.hpp"
#include "scheduler/labels.hpp"
#include "scheduler/observed_state.hpp"
#include "scheduler/reconcile.hpp"

namespace stack::scheduler::test {

inline compose::Project project_of(const std::string& yaml) {
  std::istringstream input(yaml);
  compose::LoadOptions options;
  options.files = {"-"};
  options.project_name = "p";
  options.cwd = "/";
  options.project_directory = "/";
  options.standard_input = &input;
  return compose::load(options).project;
}

inline std::string id_of(const std::string& name) {
  std::string id;
  for (std::size_t i = 0; id.size() < 64; ++i) id += "0123456789abcdef"[static_cast<unsigned char>(name[i % name.size()]) % 16];
  return id;
}

inline constexpr const char* image_id = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

/// A container exactly as `up` of this project makes and starts it.
inline ObservedContainer running(const compose::Project& project, const std::string& service_name, int number = 1) {
  const compose::Service& service = project.services.at(service_name);
  ObservedContainer container;
  container.name = container_name(project, service, number);
  container.id = id_of(container.name);
  container.service = service_name;
  container.number = number;
  container.state = "running";
  container.health = service.healthcheck ? Health::healthy : Health::none;
  container.config_hash = config_hash(with_containers(service, [&](const SharedNamespace& shared) {
    return id_of(container_name(project, project.services.at(shared.service), 1));
  }));
  container.image = image_of(project, service);
  container.image_id = image_id;
  container.labels = container_labels(project, service, number);
  for (const auto& [key, network] : service.networks)
    container.networks[project.networks.at(key).name] = "net-" + project.networks.at(key).name;
  for (const compose::Mount& mount : service.volumes)
    if (mount.type == "volume" && !mount.source.empty())
      container.mounts.push_back(
          {.type = "volume", .name = project.volumes.at(mount.source).name, .destination = mount.target});
  return container;
}

/// All images, no containers, networks or volumes.
inline ObservedState nothing(const compose::Project& project) {
  ObservedState state;
  for (const auto& [name, service] : project.services) state.images[normalize_image(image_of(project, service))] = image_id;
  return state;
}

/// As after a complete `up`.
inline ObservedState all_up(const compose::Project& project) {
  ObservedState state = nothing(project);
  for (const auto& [key, network] : project.networks)
    state.networks.push_back({.id = "net-" + network.name,
                              .name = network.name,
                              .key = key,
                              .project = project.name,
                              .config_hash = network_body(project, key).labels.at(label::config_hash)});
  for (const auto& [key, volume] : project.volumes)
    state.volumes.push_back({.name = volume.name,
                             .key = key,
                             .project = project.name,
                             .config_hash = volume_body(project, key).labels.at(label::config_hash)});
  for (const auto& [name, service] : project.services)
    for (int number = 1; number <= service.replicas(); ++number) state.containers.push_back(running(project, name, number));
  return state;
}

inline std::string up(const compose::Project& project, const ObservedState& state, const ReconcileOptions& options = {}) {
  return to_text(reconcile(project, state, options));
}

}  // namespace stack::scheduler::test
