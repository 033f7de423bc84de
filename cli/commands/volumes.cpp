#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/listing.hpp"
#include "cli/output.hpp"
#include "cli/project.hpp"
#include "cli/render/resource_rows.hpp"
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

std::string render_volumes(const std::vector<api::Volume>& volumes, const std::string& format, bool quiet) {
  ListOptions options;
  options.quiet = quiet;
  options.format = format;
  return render_list(render::volume_rows(volumes), options, volume_look());
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
