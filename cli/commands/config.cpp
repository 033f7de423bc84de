#include <fcntl.h>
#include <fmt/format.h>

#include <set>

#include "base/digest.hpp"
#include "base/unique_fd.hpp"
#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/project.hpp"
#include "compose/print.hpp"
#include "scheduler/container_config.hpp"

namespace stack::cli {
namespace {

struct ConfigOptions {
  bool quiet = false, services = false, images = false, volumes = false, networks = false, profiles = false,
       environment = false;
  bool no_interpolate = false, no_normalize = false, no_paths = false, no_consistency = false, no_env_files = false;
  std::string format = "yaml", output, hash;
  std::vector<std::string> names;
};

bool parse(const Invocation& invocation, ConfigOptions& options) {
  Flags flags("config [OPTIONS] [SERVICE...]", "Check the Compose files and print what they mean, in canonical form.");
  flags.value("--format", options.format, "FORMAT", "yaml or json (default yaml)");
  flags.flag("-q,--quiet", options.quiet, "Only check, print nothing");
  flags.value("-o,--output", options.output, "FILE", "Write to FILE instead of stdout");
  flags.flag("--services", options.services, "Print the services' names, one a line");
  flags.flag("--images", options.images, "Print the images' names, one a line");
  flags.flag("--volumes", options.volumes, "Print the volumes' names, one a line");
  flags.flag("--networks", options.networks, "Print the networks' names, one a line");
  flags.flag("--profiles", options.profiles, "Print the profiles' names, one a line");
  flags.flag("--environment", options.environment, "Print the variables that interpolation sees");
  flags.value("--hash", options.hash, "SERVICE,...|*", "Print the services' configuration hashes, one a line");
  flags.flag("--no-interpolate", options.no_interpolate, "Leave ${VARIABLES} as they are");
  flags.flag("--no-normalize", options.no_normalize, "Do not fill in defaults");
  flags.flag("--no-path-resolution", options.no_paths, "Leave relative paths as they are");
  flags.flag("--no-consistency", options.no_consistency, "Do not check references between parts");
  flags.flag("--no-env-resolution", options.no_env_files, "Do not read the services' env_file");
  for (const char* name : {"--lock-image-digests", "--models", "--resolve-image-digests", "--variables"}) flags.not_yet(name);
  flags.arguments(options.names);
  if (!flags.parse(invocation.arguments)) return false;
  if (options.format != "yaml" && options.format != "json")
    throw UsageError(fmt::format("unsupported format \"{}\": yaml or json", options.format));
  return true;
}

std::string lines(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += name + "\n";
  return out;
}

template <class Map>
std::string key_lines(const Map& map) {
  std::string out;
  for (const auto& [name, _] : map) out += name + "\n";
  return out;
}

std::string image_lines(const compose::Project& project) {
  std::string out;
  for (const auto& [_, service] : project.services) out += scheduler::image_of(project, service) + "\n";
  return out;
}

std::string profile_lines(const compose::Project& project) {
  std::set<std::string> profiles;
  for (const auto* services : {&project.services, &project.disabled_services})
    for (const auto& [_, service] : *services) profiles.insert(service.profiles.begin(), service.profiles.end());
  return lines(profiles);
}

std::string environment_lines(const compose::Project& project) {
  std::string out;
  for (const auto& [name, value] : project.environment) out += fmt::format("{}={}\n", name, value);
  return out;
}

std::string hash_lines(const compose::Project& project, std::string_view wanted) {
  std::string out;
  for (const auto& [name, service] : project.services) {
    const std::string list = fmt::format(",{},", wanted);
    if (wanted != "*" && list.find("," + name + ",") == std::string::npos) continue;
    out += fmt::format("{} {}\n", name, sha256_hex(compose::json_for_hash(service)));
  }
  return out;
}

/// Leaves the named services and what they depend on, and what those use.
void select(compose::Project& project, const std::vector<std::string>& names) {
  const std::set<std::string> kept = with_dependencies(project, {names.begin(), names.end()});
  std::set<std::string> networks;
  std::set<std::string> volumes;
  std::erase_if(project.services, [&](const auto& entry) { return !kept.contains(entry.first); });
  for (const auto& [_, service] : project.services) {
    for (const auto& [network, settings] : service.networks) networks.insert(network);
    for (const auto& mount : service.volumes) volumes.insert(mount.source);
  }
  std::erase_if(project.networks, [&](const auto& entry) { return !networks.contains(entry.first); });
  std::erase_if(project.volumes, [&](const auto& entry) { return !volumes.contains(entry.first); });
}

std::string text_of(const compose::Project& project, const ConfigOptions& options) {
  if (options.quiet) return "";
  if (options.services) return key_lines(project.services);
  if (options.images) return image_lines(project);
  if (options.volumes) return key_lines(project.volumes);
  if (options.networks) return key_lines(project.networks);
  if (options.profiles) return profile_lines(project);
  if (options.environment) return environment_lines(project);
  if (!options.hash.empty()) return hash_lines(project, options.hash);
  const auto dollars = options.no_interpolate ? compose::Dollars::as_written : compose::Dollars::escaped;
  return options.format == "json" ? compose::print_json(project, dollars) + "\n" : compose::print_yaml(project, dollars);
}

}  // namespace

int config(const Invocation& invocation) {
  ConfigOptions options;
  if (!parse(invocation, options)) return 0;
  compose::LoadOptions loading = load_options(invocation.global, options.names);
  loading.interpolate = !options.no_interpolate;
  loading.normalize = !options.no_normalize;
  loading.resolve_paths = !options.no_paths;
  loading.check_consistency = !options.no_consistency;
  loading.resolve_env_files = !options.no_env_files && options.hash.empty();  // docker compose's --hash leaves them out too
  compose::Project project = load_project(loading);
  if (!options.names.empty()) select(project, options.names);
  const std::string text = text_of(project, options);
  if (options.output.empty()) return write_all(1, text) ? 0 : 1;
  const UniqueFd file(::open(options.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file || !write_all(file.get(), text)) throw errno_error("write " + options.output);
  return 0;
}

}  // namespace stack::cli
