#include "compose/normalize.hpp"

#include <fmt/format.h>

#include <cstring>
#include <set>

#include "base/error.hpp"
#include "compose/dotenv.hpp"
#include "compose/text_file.hpp"

namespace stack::compose {
namespace {

/// The x of "service:x", or "".
std::string_view service_of(std::string_view mode) {
  constexpr std::string_view prefix = "service:";
  return mode.starts_with(prefix) ? mode.substr(prefix.size()) : std::string_view();
}

void imply_dependencies(Service& service) {
  const auto imply = [&](std::string_view other, bool restart) {
    if (other.empty()) return;
    const auto [entry, fresh] = service.depends_on.try_emplace(std::string(other));
    if (fresh) entry->second.restart = restart;
  };
  for (const std::string& link : service.links) imply(std::string_view(link).substr(0, link.find(':')), true);
  for (const std::string* mode : {&service.network_mode, &service.ipc, &service.pid, &service.uts, &service.cgroup})
    imply(service_of(*mode), true);
  for (const std::string& from : service.volumes_from)
    if (!from.starts_with("container:")) imply(std::string_view(from).substr(0, from.find(':')), false);
}

void normalize_service(Service& service, const Lookup& lookup) {
  if (service.network_mode.empty() && service.networks.empty() && !service.provider)
    service.networks.emplace("default", std::nullopt);
  if (service.build) {
    if (service.build->dockerfile.empty() && service.build->dockerfile_inline.empty()) service.build->dockerfile = "Dockerfile";
    for (auto& [argument, value] : service.build->args)
      if (!value) value = lookup(argument);
    std::erase_if(service.build->args, [](const auto& argument) { return !argument.second; });
  }
  if (service.pull_policy == "if_not_present") service.pull_policy = "missing";
  if (service.scale && service.deploy && !service.deploy->replicas) service.deploy->replicas = service.scale;
  imply_dependencies(service);
}

template <class Objects>
void name_objects(Objects& objects, const std::string& project) {
  for (auto& [key, object] : objects)
    if (object.name.empty()) object.name = object.external ? key : fmt::format("{}_{}", project, key);
}

void merge_env_files(Service& service, const Lookup& lookup) {
  StringMap merged;
  const Lookup first_environment = [&](std::string_view name) -> std::optional<std::string> {
    if (std::optional<std::string> value = lookup(name)) return value;
    const auto found = service.environment.find(std::string(name));
    return found == service.environment.end() ? std::nullopt : found->second;
  };
  for (std::size_t i = 0; i < service.env_files.size(); ++i) {
    const EnvFile& file = service.env_files[i];
    const std::optional<std::string> text = read_text_file(file.path);
    const std::string where = service.where(fmt::format("env_file[{}]", i));
    if (!text) {
      if (!file.required) continue;
      throw Error(ErrorCode::not_found,
                  fmt::format("{}: {}: cannot read {}: {}", where, service.path("env_file"), file.path, std::strerror(errno)));
    }
    if (file.format == "raw")
      parse_raw_env(*text, file.path, lookup, merged);
    else if (file.format.empty())
      parse_dotenv(*text, file.path, first_environment, merged);
    else
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("{}: {}: unknown format '{}'; only raw is known", where, service.path("env_file"), file.format));
  }
  for (auto& [name, value] : merged) service.environment.try_emplace(name, std::move(value));
  service.env_files.clear();
}

void merge_label_files(Service& service) {
  StringMap merged;
  const Lookup nothing = [](std::string_view) { return std::nullopt; };
  for (std::size_t i = 0; i < service.label_files.size(); ++i) {
    const std::string& path = service.label_files[i];
    const std::optional<std::string> text = read_text_file(path);
    if (!text)
      throw Error(ErrorCode::not_found,
                  fmt::format("{}: {}: cannot read {}: {}", service.where(fmt::format("label_file[{}]", i)),
                              service.path("label_file"), path, std::strerror(errno)));
    parse_dotenv(*text, path, nothing, merged);
  }
  for (auto& [name, value] : merged) service.labels.try_emplace(name, std::move(value));
  service.label_files.clear();
}

/// Services and jobs, switched on or off.
template <class Visit>
void for_all(Project& project, const Visit& visit) {
  for (auto* containers : {&project.services, &project.disabled_services, &project.jobs, &project.disabled_jobs})
    for (auto& [name, container] : *containers) visit(container);
}

/// Those that are switched on.
template <class P, class Visit>
void for_enabled(P& project, const Visit& visit) {
  for (auto* containers : {&project.services, &project.jobs})
    for (auto& [name, container] : *containers) visit(container);
}

template <class Objects>
void keep_only(Objects& objects, const std::set<std::string>& used) {
  std::erase_if(objects, [&](const auto& entry) { return !used.contains(entry.first); });
}

}  // namespace

void place_secrets(Project& project) {
  for_all(project, [](Service& service) {
    for (FileReference& secret : service.secrets)
      if (secret.target.empty()) secret.target = "/run/secrets/" + secret.source;
  });
}

void normalize(Project& project, const Lookup& lookup) {
  bool default_used = false;
  for_all(project, [&](Service& service) {
    normalize_service(service, lookup);
    default_used = default_used || service.networks.contains("default");
  });
  if (default_used) project.networks.try_emplace("default");
  name_objects(project.networks, project.name);
  name_objects(project.volumes, project.name);
  name_objects(project.secrets, project.name);
  name_objects(project.configs, project.name);
}

void resolve_environment(Project& project, const LookupAt& variable_at) {
  for_all(project, [&](Service& service) {
    for (auto& [variable, value] : service.environment)
      if (!value) value = variable_at(service.written_at("environment." + variable).value_or(service.location), variable);
  });
}

void merge_env_files(Project& project, const Lookup& lookup) {
  for_enabled(project, [&](Service& service) {
    if (!service.env_files.empty()) merge_env_files(service, lookup);
  });
}

void merge_label_files(Project& project) {
  for_enabled(project, [](Service& service) {
    if (!service.label_files.empty()) merge_label_files(service);
  });
}

void resolve_file_objects(Project& project, const LookupAt& variable_at) {
  for (auto* objects : {&project.secrets, &project.configs})
    for (auto& [name, object] : *objects)
      if (!object.environment.empty()) object.content = variable_at(object.location, object.environment);
}

namespace {

struct Used {
  std::set<std::string> networks, volumes, secrets, configs, models;

  void add(const Service& service) {
    for (const auto& [network, options] : service.networks) networks.insert(network);
    for (const Mount& mount : service.volumes)
      if (mount.type == "volume") volumes.insert(mount.source);
    for (const FileReference& secret : service.secrets) secrets.insert(secret.source);
    if (service.build)
      for (const FileReference& secret : service.build->secrets) secrets.insert(secret.source);
    for (const FileReference& config : service.configs) configs.insert(config.source);
    for (const auto& [model, options] : service.models) models.insert(model);
    for (const Service& container : service.pre_start) add(container);
  }
};

}  // namespace

void drop_unused(Project& project) {
  Used used;
  for_enabled(project, [&](const Service& service) { used.add(service); });
  keep_only(project.networks, used.networks);
  keep_only(project.volumes, used.volumes);
  keep_only(project.secrets, used.secrets);
  keep_only(project.configs, used.configs);
  keep_only(project.models, used.models);
}

}  // namespace stack::compose
