// `pause` and `unpause`.
#include "cli/commands.hpp"
#include "cli/container_actions.hpp"
#include "cli/flags.hpp"
#include "cli/project_containers.hpp"
#include "cli/session.hpp"
#include "cli/shown_progress.hpp"

namespace stack::cli {
namespace {

using Request = asio::awaitable<void> (api::Client::*)(std::string id);

asio::awaitable<void> act_on_selected(api::Client& client, const ProjectReference& reference, ContainerSelection selection,
                                      Request request, std::string_view done, ShownProgress& progress) {
  std::vector<api::ContainerSummary> containers = co_await select_containers(client, reference, std::move(selection));
  ContainerAction action{.working = {}, .done = done, .run = {}};
  action.run = [&client, request](const std::string& id) { return (client.*request)(id); };
  co_await act_on(client, std::move(containers), std::move(action), progress);
}

int run_request(const Invocation& invocation, const char* usage, const char* about, Request request, std::string_view done) {
  ContainerSelection selection;
  Flags flags(usage, about);
  flags.arguments(selection.services);
  if (!flags.parse(invocation.arguments)) return 0;
  selection.orphans = false;
  const ProjectReference reference = find_project(invocation.global);
  ShownProgress progress(invocation.global, {});
  Session session(invocation.global);
  session.show(progress.renderer());
  session.run(act_on_selected(session.client(), reference, std::move(selection), request, done, progress));
  return 0;
}

}  // namespace

int pause(const Invocation& invocation) {
  return run_request(invocation, "pause [SERVICE...]", "Freeze the processes of running containers; `unpause` lets them go on.",
                     &api::Client::pause_container, "Paused");
}

int unpause(const Invocation& invocation) {
  return run_request(invocation, "unpause [SERVICE...]", "Let the processes of paused containers go on.",
                     &api::Client::unpause_container, "Unpaused");
}

}  // namespace stack::cli
