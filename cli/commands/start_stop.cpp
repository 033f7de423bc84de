// `start`, `stop` and `restart`: the same but for the plan.
#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/project.hpp"
#include "cli/session.hpp"
#include "cli/shown_progress.hpp"
#include "scheduler/executor.hpp"

namespace stack::cli {
namespace {

using MakePlan = scheduler::Plan (*)(const std::string& project_name, const compose::Project* project,
                                     const scheduler::ObservedState& observed, const scheduler::SelectOptions& options);

struct Selection {
  std::vector<std::string> services;
  std::optional<int> timeout;
  bool no_dependencies = false;
  bool start_dependencies = false;  ///< also the services that the named ones depend on
};

asio::awaitable<void> carry_out(api::Client& client, MakePlan make_plan, const ProjectReference& reference,
                                const scheduler::SelectOptions& options, ShownProgress& progress) {
  scheduler::ObserveOptions observing;
  observing.images = false;
  observing.volumes = false;
  const scheduler::ObservedState observed = co_await scheduler::observe(client, reference.name, observing);
  scheduler::Plan plan = make_plan(reference.name, reference.project ? &*reference.project : nullptr, observed, options);
  co_await scheduler::execute(client, std::move(plan), progress);
}

int run_plan(const Invocation& invocation, const Selection& selection, MakePlan make_plan) {
  scheduler::SelectOptions options;
  options.services = {selection.services.begin(), selection.services.end()};
  if (selection.timeout) options.timeout = std::chrono::seconds(*selection.timeout);
  options.with_dependencies = !selection.no_dependencies;
  const ProjectReference reference = find_project(invocation.global, selection.services);
  if (selection.start_dependencies && reference.project)
    options.services = with_dependencies(*reference.project, std::move(options.services));
  ShownProgress progress(invocation.global, {});
  Session session(invocation.global);
  const ProjectLock lock(session, reference.name);
  session.show(progress.renderer());
  session.run(carry_out(session.client(), make_plan, reference, options, progress));
  return 0;
}

constexpr const char* timeout_help = "How long a container may take to stop before it is killed";

}  // namespace

int start(const Invocation& invocation) {
  Selection selection;
  selection.start_dependencies = true;
  Flags flags("start [SERVICE...]", "Start existing containers, dependencies first.");
  flags.arguments(selection.services);
  if (!flags.parse(invocation.arguments)) return 0;
  return run_plan(invocation, selection, scheduler::plan_start);
}

int stop(const Invocation& invocation) {
  Selection selection;
  Flags flags("stop [OPTIONS] [SERVICE...]", "Stop containers without removing them; `start` brings them back.");
  flags.value("-t,--timeout", selection.timeout, "SECONDS", timeout_help);
  flags.arguments(selection.services);
  if (!flags.parse(invocation.arguments)) return 0;
  return run_plan(invocation, selection, scheduler::plan_stop);
}

int restart(const Invocation& invocation) {
  Selection selection;
  Flags flags("restart [OPTIONS] [SERVICE...]",
              "Restart containers as they are. A changed Compose file takes effect with `up`, not with this.");
  flags.value("-t,--timeout", selection.timeout, "SECONDS", timeout_help);
  flags.flag("--no-deps", selection.no_dependencies, "Not those that depend on them with `restart: true`");
  flags.arguments(selection.services);
  if (!flags.parse(invocation.arguments)) return 0;
  return run_plan(invocation, selection, scheduler::plan_restart);
}

}  // namespace stack::cli
