#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/project_containers.hpp"
#include "cli/render/format.hpp"
#include "cli/render/stats_row.hpp"
#include "cli/render/table.hpp"
#include "cli/session.hpp"
#include "cli/task_group.hpp"
#include "cli/terminal.hpp"
#include "engine/api/stats_types.hpp"

namespace stack::cli {
namespace {

struct StatsCommand {
  bool all = false, no_stream = false, full = false;
  std::string format = "table";
  std::vector<std::string> services;
};

constexpr std::chrono::seconds interval{1};  ///< over which the share of the processors is measured

using Samples = std::map<std::string, api::ContainerStats>;  ///< by container id

asio::awaitable<void> take_sample(api::Client& client, std::string id, api::ContainerStats& into) {
  try {
    const api::Response answer = co_await client.request("GET", "/containers/" + id + "/stats?stream=0&one-shot=1");
    into = answer.as<api::ContainerStats>();
  } catch (const api::ApiError& error) {
    if (error.code() != ErrorCode::not_found) throw;  // removed since the list was made
  }
}

/// Of all containers at the same time. The map's entries stay where they are.
asio::awaitable<Samples> take_samples(api::Client& client, const std::vector<api::ContainerSummary>& containers) {
  Samples samples;
  TaskGroup tasks(client.executor());
  for (const api::ContainerSummary& container : containers)
    tasks.spawn(take_sample(client, container.id, samples[container.id]));
  co_await tasks.join();
  if (tasks.failure()) std::rethrow_exception(tasks.failure());
  std::erase_if(samples, [](const auto& entry) { return entry.second.id.empty(); });
  co_return samples;
}

/// In a coroutine of its own: joining a group ends the cancellation of the one that does it, and Ctrl-C must go on to work
/// here.
asio::awaitable<Samples> sample_once(api::Client& client, const std::vector<api::ContainerSummary>& containers) {
  co_return co_await asio::co_spawn(client.executor(), take_samples(client, containers), asio::use_awaitable);
}

asio::awaitable<std::vector<api::ContainerSummary>> wanted(api::Client& client, const ProjectReference& reference,
                                                           const StatsCommand& options) {
  ContainerSelection selection;
  selection.services = options.services;
  selection.stopped = options.all;
  selection.one_off = true;
  co_return co_await select_containers(client, reference, std::move(selection));
}

std::string render_samples(const std::vector<api::ContainerSummary>& containers, Samples& before, const Samples& now,
                           const StatsCommand& options) {
  static const render::FieldTitles titles{
      {"ID", "CONTAINER ID"}, {"CPUPerc", "CPU %"},     {"MemPerc", "MEM %"},      {"MemUsage", "MEM USAGE / LIMIT"},
      {"NetIO", "NET I/O"},   {"BlockIO", "BLOCK I/O"}, {"Container", "CONTAINER"}};
  render::Table table(render::stats_titles);
  std::vector<nlohmann::json> rows;
  for (const api::ContainerSummary& container : containers) {
    const auto sample = now.find(container.id);
    if (sample == now.end()) continue;
    rows.push_back(render::stats_object(before[container.id], sample->second, options.full));
    table.add(render::stats_cells(rows.back()));
  }
  return options.format == "table" || options.format.empty() ? table.text() : render::format_rows(rows, options.format, titles);
}

/// In a terminal the table is drawn over the last one.
std::string redrawn(std::string text) {
  if (!is_terminal(1)) return text;
  std::string out = "\x1b[H";
  for (const char c : text) out += c == '\n' ? std::string("\x1b[K\n") : std::string(1, c);
  return out + "\x1b[J";
}

asio::awaitable<void> show_stats(api::Client& client, const ProjectReference& reference, const StatsCommand& options) {
  std::vector<api::ContainerSummary> containers = co_await wanted(client, reference, options);
  Samples before = co_await sample_once(client, containers);
  asio::steady_timer timer(client.executor());
  if (!options.no_stream && is_terminal(1)) write_all(1, "\x1b[2J");
  while (true) {
    if (!before.empty() || !options.no_stream) {
      timer.expires_after(interval);
      co_await timer.async_wait(asio::use_awaitable);
    }
    if (!options.no_stream) containers = co_await wanted(client, reference, options);
    Samples now = co_await sample_once(client, containers);
    const std::string text = render_samples(containers, before, now, options);
    if (!write_all(1, options.no_stream ? text : redrawn(text)) || options.no_stream) co_return;
    before = std::move(now);
  }
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
  session.run(show_stats(session.client(), reference, options));
  return 0;
}

}  // namespace stack::cli
