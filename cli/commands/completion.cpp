#include "cli/completion.hpp"

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/project.hpp"

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
    return write_all(1, lines_of(complete({arguments.begin() + 1, arguments.end()}, service_names))) ? 0 : 1;
  return write_all(1, completion_script(arguments.front())) ? 0 : 1;
}

}  // namespace stack::cli
