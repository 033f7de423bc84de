#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "cli/commands.hpp"
#include "cli/containers.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/render/table.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

struct LsOptions {
  bool all = false, quiet = false;
  std::string format = "table";
  std::vector<std::string> filters;
};

struct ProjectRow {
  std::string name, status, files;
};

/// "exited(1), running(2)"
std::string combined_status(const std::vector<const api::ContainerSummary*>& containers) {
  std::map<std::string, int> counts;
  for (const api::ContainerSummary* container : containers) ++counts[container->state];
  std::string text;
  for (const auto& [state, count] : counts) text += fmt::format("{}{}({})", text.empty() ? "" : ", ", state, count);
  return text;
}

/// The files of all containers: an `up` with other files leaves containers that name theirs.
std::string combined_files(const std::vector<const api::ContainerSummary*>& containers) {
  std::vector<std::string> files;
  for (const api::ContainerSummary* container : containers) {
    std::string text = label_of(*container, "com.docker.compose.project.config_files");
    while (!text.empty()) {
      const std::size_t comma = std::min(text.find(','), text.size());
      if (std::find(files.begin(), files.end(), text.substr(0, comma)) == files.end()) files.push_back(text.substr(0, comma));
      text.erase(0, comma + 1);
    }
  }
  return files.empty() ? "N/A" : fmt::format("{}", fmt::join(files, ","));
}

bool name_matches(const std::string& name, const std::vector<std::string>& patterns) {
  return patterns.empty() || std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
           return std::regex_search(name, std::regex(pattern));
         });
}

/// The patterns of name=PATTERN.
std::vector<std::string> parse_filters(const std::vector<std::string>& filters) {
  std::vector<std::string> patterns;
  for (const std::string& filter : filters) {
    const std::size_t equals = filter.find('=');
    if (equals == std::string::npos || filter.substr(0, equals) != "name")
      throw UsageError(fmt::format("invalid filter \"{}\": name=PATTERN is understood", filter));
    patterns.push_back(filter.substr(equals + 1));
    try {
      const std::regex checked(patterns.back());
    } catch (const std::regex_error&) {
      throw UsageError(fmt::format("invalid filter \"{}\": the pattern is no regular expression", filter));
    }
  }
  return patterns;
}

asio::awaitable<std::vector<api::ContainerSummary>> list_all(api::Client& client, bool stopped) {
  api::ListContainers options;
  options.all = stopped;
  options.filters["label"] = {"com.docker.compose.project"};
  co_return co_await client.list_containers(std::move(options));
}

std::vector<ProjectRow> projects_of(const std::vector<api::ContainerSummary>& containers,
                                    const std::vector<std::string>& patterns) {
  std::map<std::string, std::vector<const api::ContainerSummary*>> by_project;
  for (const api::ContainerSummary& container : containers) by_project[project_of(container)].push_back(&container);
  std::vector<ProjectRow> rows;
  for (const auto& [name, members] : by_project)
    if (name_matches(name, patterns))
      rows.push_back({.name = name, .status = combined_status(members), .files = combined_files(members)});
  return rows;
}

std::string render_projects(const std::vector<ProjectRow>& rows, const LsOptions& options) {
  if (options.quiet) {
    std::string names;
    for (const ProjectRow& row : rows) names += row.name + "\n";
    return names;
  }
  render::Table table({"NAME", "STATUS", "CONFIG FILES"}, render::wide_layout);
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& [name, status, files] : rows) {
    table.add({name, status, files});
    list.push_back({{"Name", name}, {"Status", status}, {"ConfigFiles", files}});
  }
  if (options.format == "table") return table.text();
  return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

int ls(const Invocation& invocation) {
  LsOptions options;
  Flags flags("ls [OPTIONS]", "List the projects that have running containers.");
  flags.flag("-a,--all", options.all, "Also projects whose containers are all stopped");
  flags.values("--filter", options.filters, "name=PATTERN", "Only projects whose name matches this regular expression");
  flags.value("--format", options.format, "FORMAT", "table or json (one array)");
  flags.flag("-q,--quiet", options.quiet, "Only names");
  if (!flags.parse(invocation.arguments)) return 0;
  if (options.format != "table" && options.format != "json")
    throw UsageError(fmt::format("unsupported format \"{}\": table or json", options.format));
  const std::vector<std::string> patterns = parse_filters(options.filters);
  Session session(invocation.global);
  const std::vector<api::ContainerSummary> containers = session.run(list_all(session.client(), options.all));
  return write_all(1, render_projects(projects_of(containers, patterns), options)) ? 0 : 1;
}

}  // namespace stack::cli
