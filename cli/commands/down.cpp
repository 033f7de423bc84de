#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/project.hpp"
#include "cli/session.hpp"
#include "cli/shown_progress.hpp"
#include "scheduler/executor.hpp"

namespace stack::cli {
namespace {

scheduler::DownOptions::Images parse_images(const std::string& text) {
  using Images = scheduler::DownOptions::Images;
  if (text.empty()) return Images::keep;
  if (text == "local") return Images::local;
  if (text == "all") return Images::all;
  throw UsageError(fmt::format("invalid value \"{}\" for --rmi: local or all", text));
}

asio::awaitable<bool> take_down(api::Client& client, const ProjectReference& reference, const scheduler::DownOptions& options,
                                ShownProgress& progress) {
  scheduler::ObserveOptions observing;
  observing.images = options.images != scheduler::DownOptions::Images::keep;
  const scheduler::ObservedState observed = co_await scheduler::observe(client, reference.name, observing);
  scheduler::Plan plan =
      scheduler::plan_down(reference.name, reference.project ? &*reference.project : nullptr, observed, options);
  const bool anything = !plan.empty();
  co_await scheduler::execute(client, std::move(plan), progress);
  co_return anything;
}

}  // namespace

int down(const Invocation& invocation) {
  scheduler::DownOptions options;
  std::optional<int> timeout;
  std::string images;
  std::vector<std::string> services;
  Flags flags("down [OPTIONS] [SERVICE...]",
              "Stop and remove a project's containers and networks, or only the containers of services. Named volumes stay, "
              "unless -v is given.");
  flags.flag("-v,--volumes", options.volumes, "Also remove the volumes the files declare, and anonymous ones");
  flags.flag("--remove-orphans", options.remove_orphans, "Also containers of services that the files no longer define");
  flags.value("--rmi", images, "WHICH", "Also remove images: local (those without a name of their own) or all");
  flags.value("-t,--timeout", timeout, "SECONDS", "How long containers may take to stop before they are killed");
  flags.arguments(services);
  if (!flags.parse(invocation.arguments)) return 0;
  options.services = {services.begin(), services.end()};
  if (timeout) options.timeout = std::chrono::seconds(*timeout);
  options.images = parse_images(images);
  const ProjectReference reference = find_project(invocation.global, services);
  ShownProgress progress(invocation.global, {});
  Session session(invocation.global);
  const ProjectLock lock(session, reference.name);
  session.show(progress.renderer());
  if (!session.run(take_down(session.client(), reference, options, progress)))
    progress.warning(fmt::format("project {} has nothing to remove", reference.name));
  return 0;
}

}  // namespace stack::cli
