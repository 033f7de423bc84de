#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/project_containers.hpp"
#include "cli/session.hpp"
#include "cli/stats_view.hpp"

namespace stack::cli {
namespace {

struct StatsCommand {
  bool all = false, no_stream = false, full = false;
  std::string format = "table";
  std::vector<std::string> services;
};

asio::awaitable<std::vector<StatsTarget>> wanted(api::Client& client, const ProjectReference& reference,
                                                 const StatsCommand& options) {
  ContainerSelection selection;
  selection.services = options.services;
  selection.stopped = options.all;
  selection.one_off = true;
  std::vector<StatsTarget> targets;
  const std::vector<api::ContainerSummary> containers = co_await select_containers(client, reference, std::move(selection));
  for (const api::ContainerSummary& container : containers) targets.push_back({.id = container.id, .shown = container.id});
  co_return targets;
}

}  // namespace

int stats(const Invocation& invocation) {
  StatsCommand options;
  Flags flags("stats [OPTIONS] [SERVICE]", "Show what containers use: processors, memory, network, disks, processes.");
  flags.flag("-a,--all", options.all, "Also stopped containers");
  flags.value("--format", options.format, "FORMAT",
              "table, json (one object a line), a template like '{{.Name}} {{.CPUPerc}}' or 'table {{.Name}}\\t{{.MemUsage}}'");
  flags.flag("--no-stream", options.no_stream, "Measure once and end");
  flags.flag("--no-trunc", options.full, "Whole ids");
  flags.arguments(options.services, 0, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  const ProjectReference reference = find_project(invocation.global);
  Session session(invocation.global);
  StatsView view;
  view.targets = [&] { return wanted(session.client(), reference, options); };
  view.stream = !options.no_stream;
  view.full = options.full;
  view.format = options.format;
  session.run(show_stats(session.client(), std::move(view)));
  return 0;
}

}  // namespace stack::cli
