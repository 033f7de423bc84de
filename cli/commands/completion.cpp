#include "cli/completion.hpp"

#include <algorithm>
#include <cstdlib>

#include "cli/commands.hpp"
#include "cli/containers.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/project.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

/// Those of inactive profiles, too. None when the files cannot be loaded: a completion says nothing about why.
std::vector<std::string> service_names(const GlobalOptions& global) {
  std::vector<std::string> names;
  try {
    compose::LoadOptions options = load_options(global);
    options.resolve_env_files = false;
    const compose::Project project = compose::load(options).project;
    for (const auto* services : {&project.services, &project.disabled_services})
      for (const auto& [name, _] : *services) names.push_back(name);
  } catch (const std::exception&) {
  }
  return names;
}

asio::awaitable<std::vector<std::string>> ask(api::Client& client, std::string kind) {
  std::vector<std::string> names;
  if (kind == "container") {
    api::ListContainers query;
    query.all = true;
    const std::vector<api::ContainerSummary> containers = co_await client.list_containers(std::move(query));
    for (const api::ContainerSummary& container : containers) names.push_back(name_of(container));
  } else if (kind == "image") {
    const std::vector<api::ImageSummary> images = co_await client.list_images({});
    for (const api::ImageSummary& image : images) names.insert(names.end(), image.repo_tags.begin(), image.repo_tags.end());
  } else if (kind == "network") {
    const std::vector<api::NetworkResource> networks = co_await client.list_networks({});
    for (const api::NetworkResource& network : networks) names.push_back(network.name);
  } else {
    const api::VolumeList list = co_await client.list_volumes({});
    for (const api::Volume& volume : list.volumes) names.push_back(volume.name);
  }
  co_return names;
}

/// What an engine that runs has. None when none runs, or it cannot be asked.
std::vector<std::string> engine_names(const GlobalOptions& global, std::string_view kind) {
  try {
    const char* const docker_host = std::getenv("DOCKER_HOST");
    if (global.root || !docker_host || !*docker_host)
      engine::connect_to_engine(engine::resolve_paths(global.root));  // starts none
    Session session(global);
    std::vector<std::string> names = session.run(ask(session.client(), std::string(kind)));
    std::sort(names.begin(), names.end());
    return names;
  } catch (const std::exception&) {
    return {};
  }
}

std::vector<std::string> names_of_kind(const GlobalOptions& global, std::string_view kind) {
  return kind == "service" ? service_names(global) : engine_names(global, kind);
}

std::string lines_of(const Completion& completion) {
  std::string out;
  for (const Candidate& candidate : completion.candidates) out += candidate.text + '\t' + candidate.help + '\n';
  if (completion.paths == Completion::Paths::files) out += ":files\n";
  if (completion.paths == Completion::Paths::directories) out += ":directories\n";
  return out;
}

}  // namespace

int completion(const Invocation& invocation) {
  std::vector<std::string> arguments;
  Flags flags("completion bash|zsh|fish",
              "Print a script that teaches a shell to complete this program's commands, flags and "
              "services.");
  flags.epilog(
      "bash:  source <(stack completion bash)\n"
      "zsh:   stack completion zsh >\"${fpath[1]}/_stack\"\n"
      "fish:  stack completion fish >~/.config/fish/completions/stack.fish\n");
  flags.command_line(arguments, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  // What the scripts ask: `completion words WORD...`, the last being typed.
  if (arguments.front() == "words")
    return write_all(1, lines_of(complete({arguments.begin() + 1, arguments.end()}, names_of_kind))) ? 0 : 1;
  return write_all(1, completion_script(arguments.front())) ? 0 : 1;
}

}  // namespace stack::cli
