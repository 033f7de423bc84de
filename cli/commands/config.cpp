#include <fcntl.h>
#include <fmt/format.h>

#include <set>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/image_digests.hpp"
#include "cli/output.hpp"
#include "cli/project.hpp"
#include "compose/config_output.hpp"
#include "compose/explain.hpp"

namespace stack::cli {
namespace {

using compose::ConfigPart;

struct ConfigOptions {
  bool quiet = false, services = false, images = false, volumes = false, networks = false, models = false, profiles = false,
       environment = false, variables = false;
  bool no_interpolate = false, no_normalize = false, no_paths = false, no_consistency = false, no_env_files = false;
  bool resolve_digests = false, lock_digests = false;
  std::string format, output, hash, explain;
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
  flags.flag("--models", options.models, "Print the models' names, one a line");
  flags.flag("--profiles", options.profiles, "Print the profiles' names, one a line");
  flags.flag("--environment", options.environment, "Print the variables that interpolation sees");
  flags.flag("--variables", options.variables, "Print the variables the files use, with their defaults");
  flags.value("--hash", options.hash, "SERVICE,...|*", "Print the services' configuration hashes, one a line");
  flags.value("--explain", options.explain, "KEY|VARIABLE", "Print where a value came from, e.g. services.web.image");
  flags.flag("--no-interpolate", options.no_interpolate, "Leave ${VARIABLES} as they are");
  flags.flag("--no-normalize", options.no_normalize, "Do not fill in defaults");
  flags.flag("--no-path-resolution", options.no_paths, "Leave relative paths as they are");
  flags.flag("--no-consistency", options.no_consistency, "Do not check references between parts");
  flags.flag("--no-env-resolution", options.no_env_files, "Do not read the services' env_file");
  flags.flag("--resolve-image-digests", options.resolve_digests, "Pin image names to the digests of their registries");
  flags.flag("--lock-image-digests", options.lock_digests, "Print an override file with the pinned image names");
  flags.arguments(options.names);
  if (!flags.parse(invocation.arguments)) return false;
  if (!options.format.empty() && options.format != "yaml" && options.format != "json")
    throw UsageError(fmt::format("unsupported format \"{}\": yaml or json", options.format));
  if (options.no_interpolate && (options.resolve_digests || options.lock_digests))
    throw UsageError("digests are those of images whose names are known: they go without --no-interpolate");
  return true;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

ConfigPart part_of(const ConfigOptions& options) {
  std::set<ConfigPart> asked{ConfigPart::document};
  if (options.services) asked.insert(ConfigPart::services);
  if (options.volumes) asked.insert(ConfigPart::volumes);
  if (options.networks) asked.insert(ConfigPart::networks);
  if (options.models) asked.insert(ConfigPart::models);
  if (!options.hash.empty()) asked.insert(ConfigPart::hashes);
  if (options.profiles) asked.insert(ConfigPart::profiles);
  if (options.images) asked.insert(ConfigPart::images);
  if (options.variables) asked.insert(ConfigPart::variables);
  if (options.environment) asked.insert(ConfigPart::environment);
  return *asked.begin();
}

compose::ConfigRequest request_of(const ConfigOptions& options) {
  compose::ConfigRequest request;
  request.part = part_of(options);
  request.json = options.format == "json";
  request.table = options.format.empty();
  request.services = options.names;
  if (options.hash != "*") request.hashed = split(options.hash);
  return request;
}

compose::LoadOptions loading_of(const Invocation& invocation, const ConfigOptions& options) {
  compose::LoadOptions loading = load_options(invocation.global, options.names);
  loading.interpolate = !options.no_interpolate;
  loading.normalize = !options.no_normalize;
  loading.resolve_paths = !options.no_paths;
  loading.check_consistency = !options.no_consistency;
  loading.resolve_env_files = !options.no_env_files;
  return loading;
}

compose::Project with_digests(const Invocation& invocation, compose::Project project, bool only_images) {
  Session session(invocation.global);
  pin_images(session, project);
  if (!only_images) return project;
  compose::Project images;
  for (const auto& [name, service] : project.services)
    if (!service.image.empty()) images.services[name].image = service.image;
  return images;
}

}  // namespace

int config(const Invocation& invocation) {
  ConfigOptions options;
  if (!parse(invocation, options)) return 0;
  compose::LoadOptions loading = loading_of(invocation, options);
  compose::ConfigRequest request = request_of(options);
  compose::prepare(loading, request);
  compose::LoadResult result = compose::load(loading);
  print_warnings(result.warnings);
  if (options.quiet && request.part == ConfigPart::document) return 0;
  if (options.resolve_digests || options.lock_digests)
    result.project = with_digests(invocation, std::move(result.project), options.lock_digests);
  std::string text = !options.explain.empty() ? compose::explain(result, loading, options.explain)
                                              : compose::config_output(std::move(result), loading, request);
  if (options.explain.empty() && request.part == ConfigPart::document && request.json) text += '\n';
  if (options.output.empty()) return write_all(1, text) ? 0 : 1;
  const UniqueFd file(::open(options.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file || !write_all(file.get(), text)) throw errno_error("write " + options.output);
  return 0;
}

}  // namespace stack::cli
