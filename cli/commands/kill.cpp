#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/container_actions.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/project_containers.hpp"
#include "cli/session.hpp"
#include "cli/shown_progress.hpp"

namespace stack::cli {
namespace {

asio::awaitable<bool> kill_selected(api::Client& client, const ProjectReference& reference, ContainerSelection selection,
                                    std::string signal, ShownProgress& progress) {
  std::vector<api::ContainerSummary> containers = co_await select_containers(client, reference, std::move(selection));
  const bool any = !containers.empty();
  ContainerAction action{.working = "Killing", .done = "Killed", .run = {}};
  action.run = [&client, signal](const std::string& id) { return client.kill_container(id, signal); };
  co_await act_on(client, std::move(containers), std::move(action), progress);
  co_return any;
}

}  // namespace

int kill(const Invocation& invocation) {
  std::string signal = "SIGKILL";
  ContainerSelection selection;
  bool orphans = false;
  Flags flags("kill [OPTIONS] [SERVICE...]", "Send a signal to running containers: SIGKILL, which ends them at once.");
  flags.value("-s,--signal", signal, "SIGNAL", "The signal, by name or number (default SIGKILL)");
  flags.flag("--remove-orphans", orphans, "Also containers of services that the files no longer define");
  flags.arguments(selection.services);
  if (!flags.parse(invocation.arguments)) return 0;
  selection.one_off = true;
  selection.orphans = orphans;
  const ProjectReference reference = find_project(invocation.global);
  ShownProgress progress(invocation.global, {.title = "Killing"});
  Session session(invocation.global);
  session.show(progress.renderer());
  // No project lock: this has to work while an `up` is stuck.
  if (!session.run(kill_selected(session.client(), reference, std::move(selection), signal, progress)))
    write_all(STDERR_FILENO, "no container to kill\n");
  return 0;
}

}  // namespace stack::cli
