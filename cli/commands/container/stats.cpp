#include "cli/commands.hpp"
#include "cli/containers.hpp"
#include "cli/flags.hpp"
#include "cli/listing.hpp"
#include "cli/session.hpp"
#include "cli/stats_view.hpp"

namespace stack::cli {
namespace {

/// Those that were named, else all.
asio::awaitable<std::vector<StatsTarget>> wanted(api::Client& client, std::vector<std::string> names, bool all) {
  std::vector<StatsTarget> targets;
  for (const std::string& name : names) targets.push_back({.id = name, .shown = name});
  if (!names.empty()) co_return targets;
  api::ListContainers query;
  query.all = all;
  const std::vector<api::ContainerSummary> containers = co_await client.list_containers(std::move(query));
  for (const api::ContainerSummary& container : containers)
    targets.push_back({.id = container.id, .shown = container.id.substr(0, 12)});
  co_return targets;
}

asio::awaitable<void> check(api::Client& client, std::vector<std::string> names) {
  for (const std::string& name : names) co_await client.inspect_container(name);
}

}  // namespace

int container_stats(const Invocation& invocation) {
  bool all = false;
  bool once = false;
  StatsView view;
  std::vector<std::string> names;
  Flags flags("container stats [OPTIONS] [CONTAINER...]",
              "Show what containers use: processors, memory, network, disks, processes.");
  flags.flag("-a,--all", all, "Also those that do not run");
  add_format_flag(flags, view.format);
  flags.flag("--no-stream", once, "Measure once and end");
  flags.flag("--no-trunc", view.full, "Whole ids");
  flags.arguments(names);
  if (!flags.parse(invocation.arguments)) return 0;
  use_configured_format(view.format, "statsFormat");
  view.stream = !once;
  Session session(invocation.global);
  session.run(check(session.client(), names));  // a name that is wrong is an error, one that vanishes later is not
  view.targets = [&] { return wanted(session.client(), names, all); };
  session.run(show_stats(session.client(), std::move(view)));
  return 0;
}

}  // namespace stack::cli
