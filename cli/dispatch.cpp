#include "cli/dispatch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/global_flags.hpp"
#include "cli/interrupted.hpp"
#include "cli/output.hpp"
#include "cli/project.hpp"
#include "cli/render/source_excerpt.hpp"

namespace stack::cli {
namespace {

using CommandLine = std::vector<std::string>;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

const Command* find(std::span<const Command> commands, std::string_view name) {
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const Command& command) { return command.name == name; });
  return found == commands.end() ? nullptr : &*found;
}

/// For words that docker and docker compose both have; empty for others.
std::string hint_at_docker_command(std::string_view name) {
  const std::string_view meant = docker_command(name);
  if (meant.empty()) return "";
  return fmt::format("\n\"stack {}\" is about the services of a project; docker's \"{}\" is \"stack {}\"", name, name, meant);
}

/// For commands that people look for here in vain; empty for others.
std::string_view advice_about(std::string_view name) {
  if (name == "compose") return "docker compose's commands are here without that word: \"stack up\"";
  if (name == "login" || name == "logout") return "logins are those of docker's config.json, which is only read here";
  return "";
}

const Command& get(std::span<const Command> commands, const std::string& name, std::string_view group) {
  if (const Command* command = find(commands, name)) return *command;
  if (group.empty() && is_planned(name))
    throw UsageError(fmt::format("command \"{}\" is not supported yet{}", name, hint_at_docker_command(name)));
  if (const std::string_view advice = advice_about(name); group.empty() && !advice.empty())
    throw UsageError(fmt::format("unknown command \"{}\": {}", name, advice));
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
  flags.epilog("Commands:\n" + list_of(command.children));
  if (!flags.parse(rest.empty() && invocation.arguments.empty() ? CommandLine{"--help"} : invocation.arguments)) return 0;
  const Command& child = get(command.children, rest.front(), group);
  rest.erase(rest.begin());
  invocation.arguments = std::move(rest);
  try {
    return run_command(child, std::move(invocation));
  } catch (const FlagError& error) {
    return print_failure(error, exit_wrong_flag);
  }
}

int run_command_line(const CommandLine& arguments) {
  Invocation invocation;
  GlobalFlagTexts texts{.progress = environment("COMPOSE_PROGRESS"), .ansi = environment("COMPOSE_ANSI")};
  CommandLine rest;
  Flags flags = global_flags(invocation.global, texts, rest);
  if (!flags.parse(arguments)) return 0;
  if (texts.version) rest = {"version"};
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
  const bool chose_files = !invocation.global.files.empty();  // who does has a project in mind
  try {
    return run_command(command, std::move(invocation));
  } catch (const NotInProject& error) {
    throw NotInProject(error.what() + (chose_files ? "" : hint_at_docker_command(command.name)));
  } catch (const UnknownFlag& error) {
    throw UnknownFlag(error.what() + hint_at_docker_command(command.name));
  }
}

}  // namespace

int print_failure(const std::exception& error, int status) {
  std::fflush(stdout);
  const bool ansi = render::use_color(render::Ansi::automatic, STDERR_FILENO);
  const std::string text = error.what();
  // the lines meant are for people; a program that reads errors gets them one a line
  const bool excerpts = ::isatty(STDERR_FILENO) != 0;
  write_all(STDERR_FILENO, (excerpts ? render::with_excerpts(text, ansi) : render::paint(ansi, render::red, text)) + "\n");
  return status;
}

int dispatch(const CommandLine& arguments) {
  try {
    const int status = run_command_line(arguments);
    if (std::fflush(stdout) != 0) return exit_error;
    return status;
  } catch (const Interrupted&) {
    return exit_interrupted;
  } catch (const ReaderGone&) {
    return exit_error;
  } catch (const std::exception& error) {
    return print_failure(error, exit_error);
  }
}

}  // namespace stack::cli
