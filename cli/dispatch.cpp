#include "cli/dispatch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/interrupted.hpp"
#include "cli/output.hpp"

namespace stack::cli {
namespace {

using CommandLine = std::vector<std::string>;

struct GlobalFlagTexts {
  std::string progress, ansi;
};

std::string list_of(std::span<const Command> commands) {
  std::size_t width = 0;
  for (const Command& command : commands) width = std::max(width, command.name.size());
  std::string out = "Commands:\n";
  for (const Command& command : commands) out += fmt::format("  {:{}}   {}\n", command.name, width, command.summary);
  return out;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

Flags global_flags(GlobalOptions& options, GlobalFlagTexts& texts, CommandLine& rest) {
  Flags flags("[OPTIONS] COMMAND", "Runs Compose projects, with an engine of its own that starts when it is needed.");
  flags.values("-f,--file", options.files, "FILE",
               "Compose file; repeat to merge several (default compose.yaml and its override)");
  flags.value("-p,--project-name", options.project_name, "NAME", "Project name (default: the directory's)");
  flags.values("--profile", options.profiles, "NAME", "Enable a profile; repeatable");
  flags.values("--env-file", options.env_files, "FILE", "Read variables from FILE instead of .env; repeatable");
  flags.value("--project-directory", options.project_directory, "DIR",
              "Where relative paths start (default: the first Compose file's)");
  flags.value("--progress", texts.progress, "MODE", "Progress output: auto, tty, plain, json, quiet");
  flags.value("--ansi", texts.ansi, "WHEN", "Colours and cursor movement: auto, always, never");
  flags.value("--root", options.root, "DIR", "Data root of the engine (default $STACK_ROOT, else /var/lib/stack)");
  flags.command_line(rest, 0);
  flags.epilog(list_of(commands()) +
               "\nEnvironment: COMPOSE_FILE, COMPOSE_PROJECT_NAME, COMPOSE_PROFILES, COMPOSE_ENV_FILES, COMPOSE_PROGRESS,\n"
               "COMPOSE_ANSI as with docker compose; DOCKER_HOST drives another engine; STACK_ROOT the data root.\n"
               "\n'stack COMMAND --help' tells about one command.\n");
  return flags;
}

const Command* find(std::span<const Command> commands, std::string_view name) {
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const Command& command) { return command.name == name; });
  return found == commands.end() ? nullptr : &*found;
}

const Command& get(std::span<const Command> commands, const std::string& name, std::string_view group) {
  if (const Command* command = find(commands, name)) return *command;
  std::vector<std::string> names;
  for (const Command& command : commands) names.emplace_back(command.name);
  const std::string guess = nearest(name, names);
  throw UsageError(fmt::format("unknown command \"{}{}\"{}\n'stack {}--help' lists the commands", group, name,
                               guess.empty() ? "" : fmt::format(", did you mean \"{}{}\"?", group, guess), group));
}

int run_command(const Command& command, Invocation invocation) {
  if (command.run) return command.run(invocation);
  const std::string group = fmt::format("{} ", command.name);
  CommandLine rest;
  Flags flags(group + "COMMAND", std::string(command.summary));
  flags.command_line(rest, 0);
  flags.epilog(list_of(command.children));
  if (!flags.parse(rest.empty() && invocation.arguments.empty() ? CommandLine{"--help"} : invocation.arguments)) return 0;
  const Command& child = get(command.children, rest.front(), group);
  rest.erase(rest.begin());
  invocation.arguments = std::move(rest);
  return run_command(child, std::move(invocation));
}

int run_command_line(const CommandLine& arguments) {
  Invocation invocation;
  GlobalFlagTexts texts{.progress = environment("COMPOSE_PROGRESS"), .ansi = environment("COMPOSE_ANSI")};
  CommandLine rest;
  Flags flags = global_flags(invocation.global, texts, rest);
  if (!flags.parse(arguments)) return 0;
  if (!rest.empty() && rest.front() == "help") {  // `help image ls` is `image ls --help`
    rest.erase(rest.begin());
    rest.emplace_back("--help");
  }
  if (rest.empty() || rest.front().starts_with("-")) return flags.parse({"--help"}) ? 1 : 0;
  invocation.global.progress = render::parse_progress_mode(texts.progress);
  if (!texts.ansi.empty()) invocation.global.ansi = render::parse_ansi(texts.ansi);
  const Command& command = get(commands(), rest.front(), "");
  rest.erase(rest.begin());
  invocation.arguments = std::move(rest);
  return run_command(command, std::move(invocation));
}

void print_error(const std::string& text) {
  const bool ansi = render::use_color(render::Ansi::automatic, STDERR_FILENO);
  write_all(STDERR_FILENO, render::paint(ansi, render::red, text) + "\n");
}

}  // namespace

int dispatch(const CommandLine& arguments) {
  try {
    const int status = run_command_line(arguments);
    if (std::fflush(stdout) != 0) return exit_error;
    return status;
  } catch (const Interrupted&) {
    return exit_interrupted;
  } catch (const std::exception& error) {
    std::fflush(stdout);
    print_error(error.what());
    return exit_error;
  }
}

}  // namespace stack::cli
