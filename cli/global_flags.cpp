#include "cli/global_flags.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stack::cli {
namespace {

std::size_t name_width(std::span<const Command> commands) {
  std::size_t width = 0;
  for (const Command& command : commands) width = std::max(width, command.name.size());
  return width;
}

std::string lines_of(std::span<const Command> commands, std::size_t width) {
  std::string out;
  for (const Command& command : commands)
    if (!command.summary.empty()) out += fmt::format("  {:{}}   {}\n", command.name, width, command.summary);
  return out;
}

std::string all_commands() {
  std::string out;
  for (const CommandSection& section : command_sections())
    out += fmt::format("{}:\n{}\n", section.title, lines_of(section.commands, name_width(commands())));
  return out;
}

}  // namespace

std::string list_of(std::span<const Command> commands) { return lines_of(commands, name_width(commands)); }

Flags global_flags(GlobalOptions& options, GlobalFlagTexts& texts, std::vector<std::string>& rest) {
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
  flags.flag("--all-resources", options.all_resources, "Also networks, volumes, secrets and configs that no service uses");
  flags.flag("--compatibility", options.compatibility, "Part names by _ as docker-compose 1.x did");
  flags.value("--parallel", options.parallel, "N", "At most N operations at a time; -1: the usual number");
  flags.flag("-v,--version", texts.version, "Show the version, as the command of that name does");
  flags.command_line(rest, 0);
  flags.epilog(all_commands() +
               "Environment: COMPOSE_FILE, COMPOSE_PROJECT_NAME, COMPOSE_PROFILES,\n"
               "COMPOSE_ENV_FILES, COMPOSE_PROGRESS, COMPOSE_ANSI, COMPOSE_COMPATIBILITY,\n"
               "COMPOSE_PARALLEL_LIMIT as with docker compose;\n"
               "DOCKER_HOST drives another engine; STACK_ROOT chooses the data root.\n"
               "\n'stack COMMAND --help' tells about one command.\n");
  return flags;
}

}  // namespace stack::cli
