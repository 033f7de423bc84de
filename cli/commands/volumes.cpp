#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/project.hpp"
#include "cli/render/format.hpp"
#include "cli/render/table.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

asio::awaitable<std::vector<api::Volume>> list_volumes(api::Client& client, std::string project) {
  api::Filters filters;
  filters["label"] = {"com.docker.compose.project=" + project};
  api::VolumeList list = co_await client.list_volumes(std::move(filters));
  std::sort(list.volumes.begin(), list.volumes.end(),
            [](const api::Volume& a, const api::Volume& b) { return a.name < b.name; });
  co_return list.volumes;
}

/// The names of the volumes that services mount.
std::set<std::string> mounted_by(const compose::Project& project, const std::vector<std::string>& services) {
  std::set<std::string> names;
  for (const std::string& service : services)
    for (const compose::Mount& mount : project.services.at(service).volumes)
      if (const auto volume = project.volumes.find(mount.source); volume != project.volumes.end())
        names.insert(volume->second.name);
  return names;
}

/// The object of `docker volume ls --format json`; what only a cluster has is "N/A" there, too.
nlohmann::json volume_object(const api::Volume& volume) {
  std::string labels;
  for (const auto& [name, value] : volume.labels.value_or(api::StringMap()))
    labels += fmt::format("{}{}={}", labels.empty() ? "" : ",", name, value);
  return {{"Availability", "N/A"}, {"Driver", volume.driver}, {"Group", "N/A"},  {"Labels", labels},
          {"Links", "N/A"},        {"Size", "N/A"},           {"Status", "N/A"}, {"Mountpoint", volume.mountpoint},
          {"Name", volume.name},   {"Scope", volume.scope}};
}

std::string render_volumes(const std::vector<api::Volume>& volumes, const std::string& format, bool quiet) {
  std::string names;
  render::Table table({"DRIVER", "VOLUME NAME"});
  std::vector<nlohmann::json> rows;
  for (const api::Volume& volume : volumes) {
    names += volume.name + "\n";
    table.add({volume.driver, volume.name});
    rows.push_back(volume_object(volume));
  }
  if (quiet) return names;
  return format == "table" || format.empty() ? table.text() : render::format_rows(rows, format, {{"Name", "VOLUME NAME"}});
}

}  // namespace

int volumes(const Invocation& invocation) {
  std::string format = "table";
  bool quiet = false;
  std::vector<std::string> services;
  Flags flags("volumes [OPTIONS] [SERVICE...]", "List the project's volumes, or those that services mount.");
  flags.value("--format", format, "FORMAT",
              "table, json (one object a line), a template like '{{.Name}}' or 'table {{.Name}}\\t{{.Driver}}'");
  flags.flag("-q,--quiet", quiet, "Only names");
  flags.arguments(services);
  if (!flags.parse(invocation.arguments)) return 0;
  const ProjectReference reference = find_project(invocation.global, services);
  if (!services.empty() && !reference.project)
    throw UsageError("which volumes a service mounts is known from its Compose file only, and there is none here");
  Session session(invocation.global);
  std::vector<api::Volume> volumes = session.run(list_volumes(session.client(), reference.name));
  if (!services.empty()) {
    const std::set<std::string> mounted = mounted_by(*reference.project, services);
    std::erase_if(volumes, [&](const api::Volume& volume) { return !mounted.contains(volume.name); });
  }
  return write_all(1, render_volumes(volumes, format, quiet)) ? 0 : 1;
}

}  // namespace stack::cli
