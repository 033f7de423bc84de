#include "cli/project.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "compose/jobs.hpp"

namespace stack::cli {
namespace {

std::optional<std::string> given_name(const compose::LoadOptions& options) {
  if (options.project_name) return options.project_name;
  const auto found = options.environment.find("COMPOSE_PROJECT_NAME");
  if (found == options.environment.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

}  // namespace

void print_warnings(const std::vector<std::string>& warnings) {
  const bool ansi = render::use_color(render::Ansi::automatic, STDERR_FILENO);
  for (const std::string& warning : warnings)
    write_all(STDERR_FILENO, fmt::format("{} {}\n", render::paint(ansi, render::yellow, "WARNING:"), warning));
}

compose::LoadOptions load_options(const GlobalOptions& global, const std::vector<std::string>& services) {
  compose::LoadOptions options = compose::load_options_from_process();
  options.files = global.files;
  options.project_name = global.project_name;
  options.project_directory = global.project_directory;
  options.env_files = global.env_files;
  options.profiles = global.profiles;
  options.services = services;
  options.all_resources = global.all_resources;
  if (global.compatibility) options.environment["COMPOSE_COMPATIBILITY"] = "true";
  return options;
}

void check_services(const compose::Project& project, const std::vector<std::string>& services) {
  for (const std::string& name : services) {
    if (project.services.contains(name) || project.disabled_services.contains(name)) continue;
    if (project.jobs.contains(name) || project.disabled_jobs.contains(name))
      throw Error(ErrorCode::invalid_argument, fmt::format("{0} is a job, not a service: start it with `stack run {0}`", name));
    std::vector<std::string> known;
    for (const auto& [service, _] : project.services) known.push_back(service);
    const std::string guess = nearest(name, known);
    throw Error(ErrorCode::not_found,
                fmt::format("no such service: {}{}", name, guess.empty() ? "" : fmt::format(" (did you mean {}?)", guess)));
  }
}

namespace {

compose::LoadResult load_here(const compose::LoadOptions& options) {
  try {
    return compose::load(options);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) throw NotInProject(error.what());
    throw;
  }
}

}  // namespace

compose::Project load_project(const compose::LoadOptions& options) {
  compose::LoadResult result = load_here(options);
  print_warnings(result.warnings);
  check_services(result.project, options.services);
  return std::move(result.project);
}

compose::Project load_project(const GlobalOptions& global, const std::vector<std::string>& services) {
  return load_project(load_options(global, services));
}

compose::Project load_project_to_run(const GlobalOptions& global, const std::string& name) {
  compose::LoadResult result = compose::load(load_options(global, {name}));
  print_warnings(result.warnings);
  compose::make_services_of_job(result.project, name);
  result.project.jobs.clear();  // the others are not its business
  check_services(result.project, {name});
  return std::move(result.project);
}

ProjectReference find_project(const GlobalOptions& global, const std::vector<std::string>& services) {
  try {
    compose::Project project = load_project(global, services);
    std::string name = project.name;
    return {.name = std::move(name), .project = std::move(project)};
  } catch (const Error& error) {
    const auto name = given_name(load_options(global));
    if (error.code() != ErrorCode::not_found || !name || !global.files.empty()) throw;
    return {.name = *name, .project = std::nullopt};
  }
}

}  // namespace stack::cli
