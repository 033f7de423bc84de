#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/commands.hpp"
#include "cli/containers.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/project.hpp"
#include "cli/render/container_row.hpp"
#include "cli/render/format.hpp"
#include "cli/render/table.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

struct PsOptions {
  bool all = false, quiet = false, services_only = false, full = false, orphans = true;
  std::string format = "table";
  std::vector<std::string> status, filters, services;
};

bool parse(const Invocation& invocation, PsOptions& options) {
  Flags flags("ps [OPTIONS] [SERVICE...]", "List the containers of a project.");
  flags.flag("-a,--all", options.all, "Also stopped containers and those made by run");
  flags.flag("-q,--quiet", options.quiet, "Only ids");
  flags.flag("--services", options.services_only, "Only the services' names");
  flags.values("--status", options.status, "STATUS",
               "Only containers in this state: paused, restarting, removing, running, dead, created, exited");
  flags.values("--filter", options.filters, "status=STATUS", "The same as --status");
  flags.value("--format", options.format, "FORMAT",
              "table, json (one object a line), a template like '{{.Name}} {{.State}}' or 'table {{.Name}}'");
  flags.flag("--no-trunc", options.full, "Do not shorten commands and ids");
  flags.flag("--orphans", options.orphans, "Containers of services that the files do not define (default true)");
  flags.arguments(options.services);
  if (!flags.parse(invocation.arguments)) return false;
  for (const std::string& filter : options.filters) {
    if (!filter.starts_with("status="))
      throw UsageError(fmt::format("unknown filter \"{}\": status=STATUS is understood", filter));
    options.status.push_back(filter.substr(7));
  }
  return true;
}

using ExitCodes = std::map<std::string, std::int64_t>;  ///< by container id

/// Of dead containers, whose status text does not tell it. One that could not be started says 0, as with docker compose.
asio::awaitable<ExitCodes> untold_exit_codes(api::Client& client, const std::vector<api::ContainerSummary>& containers) {
  ExitCodes codes;
  for (const api::ContainerSummary& container : containers) {
    if (container.state != "dead") continue;
    const api::ContainerInspect details = co_await client.inspect_container(container.id);
    codes[container.id] = details.state.exit_code;
  }
  co_return codes;
}

std::string render_list(const std::vector<api::ContainerSummary>& containers, const PsOptions& options, Session& session) {
  const std::int64_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  if (options.format == "table" || options.format.empty()) {
    render::Table table({"NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS"});
    for (const auto& container : containers) table.add(render::container_cells(container, options.full, now));
    return table.text();
  }
  std::vector<render::Row> rows;
  const ExitCodes codes = session.run(untold_exit_codes(session.client(), containers));
  for (const auto& container : containers) {
    const auto code = codes.find(container.id);
    rows.push_back({.fields = render::container_object(container, options.full, now,
                                                       code == codes.end() ? std::nullopt : std::optional(code->second)),
                    .labels = container.labels});
  }
  return render::format_rows(rows, options.format,
                             {{"ID", "CONTAINER ID"}, {"RunningFor", "CREATED"}, {"CreatedAt", "CREATED AT"}});
}

}  // namespace

int ps(const Invocation& invocation) {
  PsOptions options;
  if (!parse(invocation, options)) return 0;
  const ProjectReference reference = find_project(invocation.global, options.services);
  Session session(invocation.global);
  ContainerQuery query{.project = reference.name,
                       .services = options.services,
                       .stopped = options.all || !options.status.empty(),
                       .one_off = options.all};
  std::vector<api::ContainerSummary> containers = session.run(list_project(session.client(), std::move(query)));
  std::erase_if(containers, [&](const api::ContainerSummary& container) {
    const auto& wanted = options.status;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), container.state) == wanted.end()) return true;
    return !options.orphans && reference.project && !reference.project->services.contains(service_of(container));
  });
  std::string out;
  if (options.quiet) {
    for (const auto& container : containers) out += container.id + "\n";
  } else if (options.services_only) {
    std::set<std::string> names;
    for (const auto& container : containers) names.insert(service_of(container));
    for (const std::string& name : names) out += name + "\n";
  } else {
    out = render_list(containers, options, session);
  }
  return write_all(1, out) ? 0 : 1;
}

}  // namespace stack::cli
