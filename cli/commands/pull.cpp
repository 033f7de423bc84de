#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/project.hpp"
#include "cli/session.hpp"
#include "cli/shown_progress.hpp"
#include "scheduler/executor.hpp"
#include "scheduler/pull_policy.hpp"

namespace stack::cli {
namespace {

asio::awaitable<void> pull_images(api::Client& client, const compose::Project& project, const scheduler::PullOptions& options,
                                  ShownProgress& progress) {
  const scheduler::ObserveOptions observing = scheduler::observe_options_for(project);
  const scheduler::ObservedState observed = co_await scheduler::observe(client, project.name, observing);
  scheduler::Plan plan = scheduler::plan_pull(project, observed, options);
  co_await scheduler::execute(client, std::move(plan), progress);
}

}  // namespace

int pull(const Invocation& invocation) {
  scheduler::PullOptions options;
  bool quiet = false;
  std::vector<std::string> services;
  Flags flags("pull [OPTIONS] [SERVICE...]", "Pull the images of services from their registries.");
  flags.flag("--ignore-buildable", options.ignore_buildable, "Leave out services that have a build section");
  flags.flag("--ignore-pull-failures", options.ignore_failures, "Pull what can be pulled; failures are warnings");
  flags.flag("--include-deps", options.with_dependencies, "Also what the services depend on");
  flags.value("--policy", options.policy, "POLICY", "always, or missing: only images that are not there");
  flags.flag("-q,--quiet", quiet, "Show nothing but warnings");
  flags.arguments(services);
  if (!flags.parse(invocation.arguments)) return 0;
  if (options.policy && options.policy != "always" && options.policy != "missing")
    throw UsageError(fmt::format("invalid value \"{}\" for --policy: always or missing", *options.policy));
  const compose::Project project = load_project(invocation.global, services);
  options.services = {services.begin(), services.end()};
  ShownProgress progress(invocation.global, {.title = "Pulling", .quiet = quiet});
  Session session(invocation.global);
  session.show(progress.renderer());
  session.run(pull_images(session.client(), project, options, progress));
  return 0;
}

}  // namespace stack::cli
