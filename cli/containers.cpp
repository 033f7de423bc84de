#include "cli/containers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace stack::cli {

namespace api = engine::api;
namespace asio = boost::asio;

std::string label_of(const api::ContainerSummary& container, const std::string& name) {
  const auto found = container.labels.find(name);
  return found == container.labels.end() ? std::string() : found->second;
}

std::string service_of(const api::ContainerSummary& container) { return label_of(container, "com.docker.compose.service"); }
std::string project_of(const api::ContainerSummary& container) { return label_of(container, "com.docker.compose.project"); }

int number_of(const api::ContainerSummary& container) {
  const std::string text = label_of(container, "com.docker.compose.container-number");
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string name_of(const api::ContainerSummary& container) {
  // Links add names with a second slash; the container's own has only the leading one.
  for (const std::string& name : container.names)
    if (name.find('/', 1) == std::string::npos) return name.starts_with('/') ? name.substr(1) : name;
  return container.id.substr(0, 12);
}

std::string short_name_of(const api::ContainerSummary& container) {
  std::string name = name_of(container);
  const std::string prefix = project_of(container) + "-";
  return name.starts_with(prefix + service_of(container)) ? name.substr(prefix.size()) : name;
}

asio::awaitable<std::vector<api::ContainerSummary>> list_project(api::Client& client, ContainerQuery query) {
  std::vector<std::string> labels{"com.docker.compose.project=" + query.project};
  if (!query.one_off) labels.emplace_back("com.docker.compose.oneoff=False");
  if (query.services.size() == 1) labels.push_back("com.docker.compose.service=" + query.services.front());
  api::ListContainers options;
  options.all = query.stopped;
  options.filters["label"] = std::move(labels);
  std::vector<api::ContainerSummary> containers = co_await client.list_containers(std::move(options));
  const auto& services = query.services;
  std::erase_if(containers, [&](const api::ContainerSummary& container) {
    return !services.empty() && std::find(services.begin(), services.end(), service_of(container)) == services.end();
  });
  std::sort(containers.begin(), containers.end(),
            [](const api::ContainerSummary& a, const api::ContainerSummary& b) { return name_of(a) < name_of(b); });
  co_return containers;
}

asio::awaitable<api::ContainerSummary> running_container(api::Client& client, std::string project, std::string service,
                                                         int index) {
  ContainerQuery query;
  query.project = std::move(project);
  query.services = {service};
  std::vector<api::ContainerSummary> containers = co_await list_project(client, std::move(query));
  const api::ContainerSummary* chosen = nullptr;
  for (const api::ContainerSummary& container : containers) {
    if (index > 0 && number_of(container) != index) continue;
    if (!chosen || number_of(container) < number_of(*chosen)) chosen = &container;
  }
  if (!chosen)
    throw Error(ErrorCode::not_found, index > 0 ? fmt::format("service \"{}\" is not running container #{}", service, index)
                                                : fmt::format("service \"{}\" is not running", service));
  co_return *chosen;
}

}  // namespace stack::cli
