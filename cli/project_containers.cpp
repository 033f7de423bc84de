#include "cli/project_containers.hpp"

#include <algorithm>
#include <tuple>

namespace stack::cli {

namespace asio = boost::asio;
namespace api = engine::api;

namespace {

bool has_container(const std::vector<api::ContainerSummary>& containers, const std::string& service) {
  return std::any_of(containers.begin(), containers.end(),
                     [&](const api::ContainerSummary& container) { return service_of(container) == service; });
}

}  // namespace

bool is_active(const api::ContainerSummary& container) {
  return container.state == "running" || container.state == "paused" || container.state == "restarting";
}

asio::awaitable<std::vector<api::ContainerSummary>> select_containers(api::Client& client, const ProjectReference& reference,
                                                                      ContainerSelection selection) {
  ContainerQuery query;
  query.project = reference.name;
  query.services = selection.services;
  query.stopped = true;  // a service whose containers are all stopped exists, too
  query.one_off = selection.one_off;
  std::vector<api::ContainerSummary> containers = co_await list_project(client, std::move(query));
  if (reference.project) {
    std::vector<std::string> unknown = selection.services;
    std::erase_if(unknown, [&](const std::string& service) { return has_container(containers, service); });
    check_services(*reference.project, unknown);
  }
  std::erase_if(containers, [&](const api::ContainerSummary& container) {
    if (!selection.stopped && !is_active(container)) return true;
    const bool defined = !reference.project || reference.project->services.contains(service_of(container));
    return selection.services.empty() && !selection.orphans && !defined;
  });
  std::sort(containers.begin(), containers.end(), [](const api::ContainerSummary& a, const api::ContainerSummary& b) {
    return std::make_tuple(service_of(a), number_of(a), name_of(a)) < std::make_tuple(service_of(b), number_of(b), name_of(b));
  });
  co_return containers;
}

}  // namespace stack::cli
