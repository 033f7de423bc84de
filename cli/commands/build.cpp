#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/project.hpp"
#include "cli/session.hpp"
#include "cli/shown_progress.hpp"
#include "scheduler/executor.hpp"

namespace stack::cli {
namespace {

/// --build-arg NAME=VALUE, or NAME for the value of the environment; of every service that is built.
void add_build_arguments(compose::Project& project, const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    std::optional<std::string> value;
    if (equals != std::string::npos)
      value = argument.substr(equals + 1);
    else if (const auto found = project.environment.find(name); found != project.environment.end())
      value = found->second;
    if (!value) continue;
    for (auto& [_, service] : project.services)
      if (service.build) service.build->args[name] = value;
  }
}

asio::awaitable<bool> build_images(api::Client& client, const compose::Project& project, const scheduler::ReconcileOptions& options,
                                   ShownProgress& progress) {
  const scheduler::ObservedState observed =
      co_await scheduler::observe(client, project.name, scheduler::observe_options_for(project));
  scheduler::Plan plan = scheduler::plan_images(project, observed, options);
  std::erase_if(plan.operations,
                [](const scheduler::Operation& operation) { return !std::holds_alternative<scheduler::BuildImage>(operation.action); });
  const bool anything = !plan.empty();
  co_await scheduler::execute(client, std::move(plan), progress);
  co_return anything;
}

}  // namespace

int build(const Invocation& invocation) {
  scheduler::ReconcileOptions options;
  options.build = scheduler::BuildMode::always;
  options.with_dependencies = false;
  bool quiet = false;
  std::vector<std::string> services;
  std::vector<std::string> arguments;
  Flags flags("build [OPTIONS] [SERVICE...]", "Build the images of services that have a build section.");
  flags.values("--build-arg", arguments, "NAME=VALUE", "Set a build argument; repeatable");
  flags.flag("--no-cache", options.no_cache, "Run every step anew");
  flags.flag("--pull", options.pull, "Look for newer base images");
  flags.flag("-q,--quiet", quiet, "Do not show the output of the steps");
  flags.flag("--with-dependencies", options.with_dependencies, "Also what the services depend on");
  flags.arguments(services);
  if (!flags.parse(invocation.arguments)) return 0;
  options.services = {services.begin(), services.end()};
  compose::Project project = load_project(invocation.global, services);
  add_build_arguments(project, arguments);
  ShownProgress progress(invocation.global, {.title = "Building", .quiet_build = quiet});
  Session session(invocation.global);
  session.show(progress.renderer());
  if (!session.run(build_images(session.client(), project, options, progress)))
    progress.warning("no service to build: none of them has a build section");
  return 0;
}

}  // namespace stack::cli
