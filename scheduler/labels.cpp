#include "scheduler/labels.hpp"

#include <fmt/format.h>

#include <array>

namespace stack::scheduler {

namespace {

StringMap project_labels(const compose::Project& project) {
  return {{label::project, project.name}, {label::version, version_value}};
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

StringMap service_labels(const compose::Project& project, const compose::Service& service) {
  StringMap labels = service.labels;
  labels.merge(project_labels(project));
  labels[label::service] = service.name;
  labels[label::depends_on] = format_depends_on(service.depends_on);
  labels[label::config_files] = join(project.compose_files);
  labels[label::working_dir] = project.working_dir;
  return labels;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace

StringMap container_labels(const compose::Project& project, const compose::Service& service, int number) {
  StringMap labels = service_labels(project, service);
  labels[label::container_number] = std::to_string(number);
  labels[label::oneoff] = "False";
  return labels;
}

StringMap oneoff_labels(const compose::Project& project, const compose::Service& service, const std::string& slug) {
  StringMap labels = service_labels(project, service);
  labels[label::slug] = slug;
  labels[label::oneoff] = "True";
  return labels;
}

StringMap network_labels(const compose::Project& project, const std::string& key, const compose::Network& network) {
  StringMap labels = network.labels;
  labels.merge(project_labels(project));
  labels[label::network] = key;
  return labels;
}

StringMap volume_labels(const compose::Project& project, const std::string& key, const compose::Volume& volume) {
  StringMap labels = volume.labels;
  labels.merge(project_labels(project));
  labels[label::volume] = key;
  return labels;
}

StringMap image_labels(const compose::Project& project, const compose::Service& service) {
  StringMap labels = service.build ? service.build->labels : StringMap();
  labels.merge(project_labels(project));
  labels[label::service] = service.name;
  return labels;
}

std::string format_depends_on(const std::map<std::string, compose::Dependency>& dependencies) {
  std::string text;
  for (const auto& [name, dependency] : dependencies)
    text += fmt::format("{}{}:{}:{}", text.empty() ? "" : ",", name, to_string(dependency.condition), dependency.restart);
  return text;
}

std::map<std::string, compose::Dependency> parse_depends_on(std::string_view text) {
  using compose::DependencyCondition;
  std::map<std::string, compose::Dependency> dependencies;
  for (const std::string_view entry : split(text, ',')) {
    const auto parts = split(entry, ':');
    if (parts.empty() || parts[0].empty()) continue;
    compose::Dependency dependency;
    for (const auto condition : {DependencyCondition::service_started, DependencyCondition::service_healthy,
                                 DependencyCondition::service_completed_successfully})
      if (parts.size() > 1 && parts[1] == to_string(condition)) dependency.condition = condition;
    dependency.restart = parts.size() > 2 && parts[2] == "true";
    dependencies.emplace(parts[0], dependency);
  }
  return dependencies;
}

}  // namespace stack::scheduler
