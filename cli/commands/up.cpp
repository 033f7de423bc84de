#include <fmt/format.h>

#include "cli/attached_up.hpp"
#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/project.hpp"
#include "cli/pull_policy.hpp"
#include "cli/scale.hpp"
#include "cli/session.hpp"
#include "scheduler/executor.hpp"

namespace stack::cli {
namespace {

struct UpFlags {
  UpOptions options;
  bool build = false, no_build = false, no_deps = false, yes = false;
  std::optional<int> timeout, wait_timeout;
  std::optional<std::string> pull;
  std::vector<std::string> scale, services;
};

void declare(Flags& flags, UpFlags& up) {
  scheduler::ReconcileOptions& reconcile = up.options.reconcile;
  flags.flag("-d,--detach", up.options.detach, "Run in the background: return when everything is started");
  flags.flag("--build", up.build, "Build images before starting, even if they are there");
  flags.flag("--no-build", up.no_build, "Never build; a missing image is an error");
  flags.flag("--wait", reconcile.wait, "Return when all run, or are healthy; implies -d");
  flags.value("--wait-timeout", up.wait_timeout, "SECONDS", "How long --wait may take for each service");
  flags.flag("--force-recreate", reconcile.force_recreate, "Recreate containers even if nothing changed");
  flags.flag("--always-recreate-deps", reconcile.recreate_dependencies,
             "Recreate also what the named services depend on, even if nothing changed");
  flags.flag("--no-recreate", reconcile.no_recreate, "Keep existing containers even if something changed");
  flags.flag("-V,--renew-anon-volumes", reconcile.renew_anonymous_volumes, "Give recreated containers new anonymous volumes");
  flags.flag("--remove-orphans", reconcile.remove_orphans, "Remove containers of services that the files no longer define");
  flags.flag("--no-deps", up.no_deps, "Leave the services they depend on alone");
  flags.flag("--no-start", reconcile.no_start, "Create, but do not start");
  flags.values("--scale", up.scale, "SERVICE=N", "Number of containers of a service; repeatable");
  flags.value("-t,--timeout", up.timeout, "SECONDS", "How long containers may take to stop before they are killed");
  flags.flag("--abort-on-container-exit", up.options.abort_on_exit, "Stop all when one container ends");
  flags.flag("--abort-on-container-failure", up.options.abort_on_failure, "Stop all when one container fails");
  flags.value("--exit-code-from", up.options.exit_code_from, "SERVICE",
              "Exit with this service's code; implies --abort-on-container-exit");
  flags.value("--pull", up.pull, "POLICY", "Pull images: always, missing or never (default: as the files say)");
  flags.values("--attach", up.options.attach, "SERVICE", "Show only this service's output; repeatable");
  flags.flag("--attach-dependencies", up.options.attach_dependencies,
             "Show also the output of what the named services depend on");
  flags.values("--no-attach", up.options.no_attach, "SERVICE", "Do not show this service's output; repeatable");
  flags.flag("--no-color", up.options.no_color, "No colours in the output of containers");
  flags.flag("--no-log-prefix", up.options.no_prefix, "Lines only, without the container's name");
  flags.flag("--timestamps", up.options.timestamps, "Show when each line was written");
  flags.flag("--quiet-pull", up.options.quiet_pull, "Do not show the progress of pulls");
  flags.flag("--quiet-build", up.options.quiet_build, "Do not show the output of builds");
  flags.flag("-y,--yes", up.yes, "Accepted; nothing is asked");
  flags.not_yet("--menu");
  flags.not_yet("-w,--watch");
  flags.arguments(up.services);
}

void refuse_contradictions(const UpFlags& up) {
  const UpOptions& options = up.options;
  const auto refuse = [](bool both, const char* text) {
    if (both) throw UsageError(text);
  };
  const bool aborts = options.abort_on_exit || options.abort_on_failure || !options.exit_code_from.empty();
  refuse(up.build && up.no_build, "--build and --no-build are incompatible");
  refuse(options.reconcile.force_recreate && options.reconcile.no_recreate,
         "--force-recreate and --no-recreate are incompatible");
  refuse(options.reconcile.recreate_dependencies && options.reconcile.no_recreate,
         "--always-recreate-deps and --no-recreate are incompatible");
  refuse(options.attach_dependencies && !options.attach.empty(), "--attach and --attach-dependencies are incompatible");
  refuse((options.detach || options.reconcile.wait) && aborts,
         "--detach and --wait cannot be combined with --abort-on-container-exit, --abort-on-container-failure or "
         "--exit-code-from");
  refuse(up.wait_timeout && !options.reconcile.wait, "--wait-timeout needs --wait");
}

UpOptions& resolve(UpFlags& up) {
  refuse_contradictions(up);
  UpOptions& options = up.options;
  options.reconcile.services = {up.services.begin(), up.services.end()};
  options.reconcile.with_dependencies = !up.no_deps;
  options.reconcile.scale = parse_scale(up.scale, "--scale");
  if (up.timeout) options.reconcile.timeout = std::chrono::seconds(*up.timeout);
  if (up.wait_timeout) options.reconcile.wait_timeout = std::chrono::seconds(*up.wait_timeout);
  if (up.build) options.reconcile.build = scheduler::BuildMode::always;
  if (up.no_build) options.reconcile.build = scheduler::BuildMode::never;
  options.abort_on_exit = options.abort_on_exit || !options.exit_code_from.empty();
  options.detach = options.detach || options.reconcile.wait || options.reconcile.no_start;
  return options;
}

void check_names(const compose::Project& project, const UpOptions& options) {
  std::vector<std::string> names(options.attach);
  names.insert(names.end(), options.no_attach.begin(), options.no_attach.end());
  for (const auto& [service, _] : options.reconcile.scale) names.push_back(service);
  if (!options.exit_code_from.empty()) names.push_back(options.exit_code_from);
  check_services(project, names);
}

asio::awaitable<void> bring_up(api::Client& client, const compose::Project& project, const UpOptions& options,
                               ShownProgress& progress) {
  const scheduler::Plan plan = co_await scheduler::converge(client, project, options.reconcile, progress);
  progress.unchanged(plan.unchanged);
}

int run_attached(Session& session, const Invocation& invocation, const compose::Project& project, const UpOptions& options,
                 ShownProgress& progress, std::optional<ProjectLock>& lock) {
  AttachedUp attached(session.client(), invocation.global, project, options, progress);
  return session.run_without_signals(attached.run([&lock] { lock.reset(); }));
}

}  // namespace

int up(const Invocation& invocation) {
  UpFlags parsed;
  Flags flags("up [OPTIONS] [SERVICE...]",
              "Bring a project up: create and start what is missing, recreate what has changed, leave the rest alone. In the "
              "foreground it shows what the containers write; Ctrl-C stops them.");
  declare(flags, parsed);
  if (!flags.parse(invocation.arguments)) return 0;
  const UpOptions& options = resolve(parsed);
  compose::Project project = load_project(invocation.global, parsed.services);
  set_pull_policy(project, parsed.pull);
  check_names(project, options);
  ShownProgress progress(invocation.global, {.quiet_pull = options.quiet_pull, .quiet_build = options.quiet_build});
  Session session(invocation.global);
  std::optional<ProjectLock> lock(std::in_place, session, project.name);
  session.show(progress.renderer());
  if (!options.detach) return run_attached(session, invocation, project, options, progress, lock);
  session.run(bring_up(session.client(), project, options, progress));
  return 0;
}

}  // namespace stack::cli
