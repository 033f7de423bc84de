// `create` and `scale`: `up -d` with other flags.
#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/project.hpp"
#include "cli/pull_policy.hpp"
#include "cli/scale.hpp"
#include "cli/session.hpp"
#include "cli/shown_progress.hpp"
#include "scheduler/executor.hpp"

namespace stack::cli {
namespace {

asio::awaitable<void> bring_about(api::Client& client, const compose::Project& project,
                                  const scheduler::ReconcileOptions& options, ShownProgress& progress) {
  const scheduler::Plan plan = co_await scheduler::converge(client, project, options, progress);
  if (!options.no_start) progress.unchanged(plan.unchanged);
}

void converge(const Invocation& invocation, const compose::Project& project, const scheduler::ReconcileOptions& options,
              const ShownProgress::Options& shown) {
  ShownProgress progress(invocation.global, shown);
  Session session(invocation.global);
  const ProjectLock lock(session, project.name);
  session.show(progress.renderer());
  session.run(bring_about(session.client(), project, options, progress));
}

}  // namespace

int create(const Invocation& invocation) {
  scheduler::ReconcileOptions options;
  ShownProgress::Options shown{.title = "Creating"};
  bool build = false;
  bool no_build = false;
  bool assume_yes = false;  // nothing is asked
  std::optional<std::string> pull;
  std::vector<std::string> scale;
  std::vector<std::string> services;
  Flags flags("create [OPTIONS] [SERVICE...]", "Create what `up` would, but start nothing.");
  flags.flag("--build", build, "Build images first, even if they are there");
  flags.flag("--no-build", no_build, "Never build; a missing image is an error");
  flags.flag("--force-recreate", options.force_recreate, "Recreate containers even if nothing changed");
  flags.flag("--no-recreate", options.no_recreate, "Keep existing containers even if something changed");
  flags.value("--pull", pull, "POLICY", "Pull images: always, missing, never or build (default: as the files say)");
  flags.flag("--quiet-pull", shown.quiet_pull, "Do not show the progress of pulls");
  flags.flag("--remove-orphans", options.remove_orphans, "Remove containers of services that the files no longer define");
  flags.values("--scale", scale, "SERVICE=N", "Number of containers of a service; repeatable");
  flags.flag("-y,--yes", assume_yes, "Accepted; nothing is asked");
  flags.arguments(services);
  if (!flags.parse(invocation.arguments)) return 0;
  if (build && no_build) throw UsageError("--build and --no-build are incompatible");
  if (options.force_recreate && options.no_recreate) throw UsageError("--force-recreate and --no-recreate are incompatible");
  if (build) options.build = scheduler::BuildMode::always;
  if (no_build) options.build = scheduler::BuildMode::never;
  options.no_start = true;
  options.services = {services.begin(), services.end()};
  options.scale = parse_scale(scale, "--scale");
  compose::Project project = load_project(invocation.global, services);
  for (const auto& [service, _] : options.scale) check_services(project, {service});
  set_pull_policy(project, pull);
  converge(invocation, project, options, shown);
  return 0;
}

int scale(const Invocation& invocation) {
  scheduler::ReconcileOptions options;
  bool no_dependencies = false;
  std::vector<std::string> arguments;
  Flags flags("scale [OPTIONS] SERVICE=N...", "Start or remove containers until a service has N of them.");
  flags.flag("--no-deps", no_dependencies, "Leave the services they depend on alone");
  flags.arguments(arguments, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  options.scale = parse_scale(arguments, "scale");
  options.with_dependencies = !no_dependencies;
  std::vector<std::string> services;
  for (const auto& [service, _] : options.scale) services.push_back(service);
  options.services = {services.begin(), services.end()};
  const compose::Project project = load_project(invocation.global, services);
  converge(invocation, project, options, {.title = "Scaling"});
  return 0;
}

}  // namespace stack::cli
