#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/container_actions.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/project_containers.hpp"
#include "cli/session.hpp"
#include "cli/shown_progress.hpp"
#include "cli/terminal.hpp"
#include "scheduler/executor.hpp"

namespace stack::cli {
namespace {

struct RmOptions {
  bool force = false, stop = false, volumes = false;
  std::vector<std::string> services;
};

asio::awaitable<std::vector<api::ContainerSummary>> removable(api::Client& client, const ProjectReference& reference,
                                                              const RmOptions& options) {
  ContainerSelection selection;
  selection.services = options.services;
  selection.stopped = true;
  selection.orphans = false;
  std::vector<api::ContainerSummary> containers = co_await select_containers(client, reference, std::move(selection));
  if (!options.stop) std::erase_if(containers, is_active);
  co_return containers;
}

/// Tells what would go and, unless forced, reads the answer from stdin: its end means no.
bool confirm(const std::vector<api::ContainerSummary>& containers, bool force) {
  std::string names;
  for (const api::ContainerSummary& container : containers) names += (names.empty() ? "" : ", ") + name_of(container);
  const bool asks_a_person = !force && is_terminal(STDIN_FILENO);
  write_all(STDOUT_FILENO, fmt::format("Going to remove {}{}", names, force ? "\n" : asks_a_person ? " (y/N) " : ""));
  if (force) return true;
  std::string answer;
  std::cin >> answer;
  std::transform(answer.begin(), answer.end(), answer.begin(), [](unsigned char c) { return std::tolower(c); });
  constexpr std::array<std::string_view, 5> agreements{"y", "yes", "true", "t", "1"};
  return std::find(agreements.begin(), agreements.end(), answer) != agreements.end();
}

asio::awaitable<void> stop_services(api::Client& client, const ProjectReference& reference,
                                    const std::vector<api::ContainerSummary>& containers, ShownProgress& progress) {
  scheduler::SelectOptions selection;
  for (const api::ContainerSummary& container : containers) selection.services.insert(service_of(container));
  scheduler::ObserveOptions observing;
  observing.images = observing.volumes = false;
  const scheduler::ObservedState observed = co_await scheduler::observe(client, reference.name, observing);
  scheduler::Plan plan = scheduler::plan_stop(reference.name, nullptr, observed, selection);
  co_await scheduler::execute(client, std::move(plan), progress);
}

asio::awaitable<void> remove_containers(api::Client& client, const ProjectReference& reference,
                                        std::vector<api::ContainerSummary> containers, const RmOptions& options,
                                        ShownProgress& progress) {
  if (options.stop) co_await stop_services(client, reference, containers, progress);
  api::RemoveOptions removal;
  removal.force = options.force;
  removal.volumes = options.volumes;
  ContainerAction action{.working = "Removing", .done = "Removed", .run = {}};
  action.run = [&client, removal](const std::string& id) { return client.remove_container(id, removal); };
  co_await act_on(client, std::move(containers), std::move(action), progress);
}

}  // namespace

int rm(const Invocation& invocation) {
  RmOptions options;
  Flags flags(
      "rm [OPTIONS] [SERVICE...]",
      "Remove stopped containers, with everything in them that is not in a volume. Anonymous volumes stay, unless -v is "
      "given.");
  flags.flag("-f,--force", options.force, "Do not ask");
  flags.flag("-s,--stop", options.stop, "Stop running containers first");
  flags.flag("-v,--volumes", options.volumes, "Also remove the containers' anonymous volumes");
  flags.arguments(options.services);
  if (!flags.parse(invocation.arguments)) return 0;
  const ProjectReference reference = find_project(invocation.global);
  ShownProgress progress(invocation.global, {});
  Session session(invocation.global);
  std::vector<api::ContainerSummary> containers = session.run(removable(session.client(), reference, options));
  if (containers.empty()) {
    write_all(STDERR_FILENO, "No stopped containers\n");
    return 0;
  }
  if (!confirm(containers, options.force)) return 0;
  const ProjectLock lock(session, reference.name);
  session.show(progress.renderer());
  session.run(remove_containers(session.client(), reference, std::move(containers), options, progress));
  return 0;
}

}  // namespace stack::cli
