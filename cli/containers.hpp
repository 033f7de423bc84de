#pragma once
// The containers of a project, as the engine lists them.
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "engine/api/client.hpp"

namespace stack::cli {

struct ContainerQuery {
  std::string project;
  std::vector<std::string> services;  ///< empty: all
  bool stopped = false;               ///< also what does not run
  bool one_off = false;               ///< also those of `run`
};

/// Sorted by name.
boost::asio::awaitable<std::vector<engine::api::ContainerSummary>> list_project(engine::api::Client& client,
                                                                                ContainerQuery query);

/// Container `index` of a service that runs (0: the first). Throws not_found `service "web" is not running`.
boost::asio::awaitable<engine::api::ContainerSummary> running_container(engine::api::Client& client, std::string project,
                                                                        std::string service, int index);

std::string label_of(const engine::api::ContainerSummary& container, const std::string& name);  ///< "" when absent
std::string service_of(const engine::api::ContainerSummary& container);
std::string project_of(const engine::api::ContainerSummary& container);
int number_of(const engine::api::ContainerSummary& container);              ///< 0 when it has none
std::string name_of(const engine::api::ContainerSummary& container);        ///< without the leading slash
std::string short_name_of(const engine::api::ContainerSummary& container);  ///< without the project: "web-1"

}  // namespace stack::cli
