#include <algorithm>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/project_containers.hpp"
#include "cli/render/table.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

struct Processes {
  std::string service, number;
  api::TopResponse top;
};

asio::awaitable<std::vector<Processes>> list_processes(api::Client& client, const ProjectReference& reference,
                                                       ContainerSelection selection) {
  const std::vector<api::ContainerSummary> containers = co_await select_containers(client, reference, std::move(selection));
  std::vector<Processes> all;
  for (const api::ContainerSummary& container : containers) {
    if (container.state == "restarting") continue;  // nothing runs in it right now
    api::TopResponse top = co_await client.top_container(container.id);
    all.push_back({.service = service_of(container),
                   .number = label_of(container, "com.docker.compose.container-number"),
                   .top = std::move(top)});
  }
  co_return all;
}

/// Engines may give containers different columns: the table has them all, "-" where a container has none.
std::string table_of(const std::vector<Processes>& all) {
  std::vector<std::string> titles;
  for (const Processes& processes : all)
    for (const std::string& title : processes.top.titles)
      if (std::find(titles.begin(), titles.end(), title) == titles.end()) titles.push_back(title);
  std::vector<std::string> header{"SERVICE", "#"};
  header.insert(header.end(), titles.begin(), titles.end());
  render::Table table(header, {.minimum = 4, .padding = 2});
  for (const Processes& processes : all) {
    for (const std::vector<std::string>& process : processes.top.processes) {
      std::vector<std::string> cells(header.size(), "-");
      cells[0] = processes.service;
      cells[1] = processes.number;
      for (std::size_t i = 0; i < std::min(process.size(), processes.top.titles.size()); ++i) {
        const auto column = std::find(titles.begin(), titles.end(), processes.top.titles[i]) - titles.begin();
        cells[static_cast<std::size_t>(column) + 2] = process[i];
      }
      table.add(std::move(cells));
    }
  }
  return table.text();
}

}  // namespace

int top(const Invocation& invocation) {
  ContainerSelection selection;
  Flags flags("top [SERVICE...]", "List the processes that run in the containers.");
  flags.arguments(selection.services);
  if (!flags.parse(invocation.arguments)) return 0;
  selection.one_off = true;
  const ProjectReference reference = find_project(invocation.global);
  Session session(invocation.global);
  const std::vector<Processes> all = session.run(list_processes(session.client(), reference, std::move(selection)));
  if (all.empty()) return 0;
  return write_all(1, table_of(all)) ? 0 : 1;
}

}  // namespace stack::cli
