#pragma once
// The containers a command is about: of the services it was given, else of the whole project.
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "cli/containers.hpp"
#include "cli/project.hpp"

namespace stack::cli {

struct ContainerSelection {
  std::vector<std::string> services;  ///< empty: all
  bool stopped = false;               ///< also what does not run
  bool one_off = false;               ///< also those of `run`
  /// Without services named: also those of services that the files do not define or that no active profile enables.
  bool orphans = true;
};

/// Sorted by service, number, name. Throws not_found "no such service: x" for a named service that neither the files nor a
/// container knows.
boost::asio::awaitable<std::vector<engine::api::ContainerSummary>> select_containers(engine::api::Client& client,
                                                                                     const ProjectReference& reference,
                                                                                     ContainerSelection selection);

bool is_active(const engine::api::ContainerSummary& container);  ///< running, paused or about to be restarted

}  // namespace stack::cli
