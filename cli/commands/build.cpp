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

/// The services to build: the named ones (all, if none is), with their dependencies when asked; only those with a build
/// section.
std::set<std::string> buildable(const compose::Project& project, const std::vector<std::string>& named, bool dependencies) {
  std::set<std::string> services(named.begin(), named.end());
  if (named.empty())
    for (const auto& [name, _] : project.services) services.insert(name);
  if (dependencies) services = with_dependencies(project, std::move(services));
  std::erase_if(services, [&](const std::string& name) {
    const auto service = project.services.find(name);
    return service == project.services.end() || !service->second.build;
  });
  return services;
}

asio::awaitable<void> build_images(api::Client& client, const compose::Project& project,
                                   const scheduler::ReconcileOptions& options, ShownProgress& progress) {
  const scheduler::ObserveOptions observing = scheduler::observe_options_for(project);
  const scheduler::ObservedState observed = co_await scheduler::observe(client, project.name, observing);
  scheduler::Plan plan = scheduler::plan_images(project, observed, options);
  co_await scheduler::execute(client, std::move(plan), progress);
}

}  // namespace

int build(const Invocation& invocation) {
  scheduler::ReconcileOptions options;
  options.build = scheduler::BuildMode::always;
  options.with_dependencies = false;
  bool dependencies = false;
  bool quiet = false;
  std::vector<std::string> services;
  std::vector<std::string> arguments;
  Flags flags("build [OPTIONS] [SERVICE...]", "Build the images of services that have a build section.");
  flags.values("--build-arg", arguments, "NAME=VALUE", "Set a build argument; repeatable");
  flags.flag("--no-cache", options.no_cache, "Run every step anew");
  flags.flag("--pull", options.pull, "Look for newer base images");
  flags.flag("-q,--quiet", quiet, "Do not show the output of the steps");
  flags.flag("--with-dependencies", dependencies, "Also what the services depend on");
  for (const char* name : {"--check", "--print", "--push"}) flags.not_yet(name);
  for (const char* name : {"--builder", "-m,--memory", "--provenance", "--sbom", "--ssh"}) flags.not_yet(name, "VALUE");
  flags.arguments(services);
  if (!flags.parse(invocation.arguments)) return 0;
  compose::Project project = load_project(invocation.global, services);
  add_build_arguments(project, arguments);
  options.services = buildable(project, services, dependencies);
  ShownProgress progress(invocation.global, {.title = "Building", .quiet_build = quiet});
  if (options.services.empty()) {
    progress.warning("no service to build: none of them has a build section");
    return 0;
  }
  Session session(invocation.global);
  session.show(progress.renderer());
  session.run(build_images(session.client(), project, options, progress));
  return 0;
}

}  // namespace stack::cli
