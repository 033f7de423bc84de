#include "cli/manual.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/global_flags.hpp"

namespace stack::cli {
namespace {

/// As text: no backslash, hyphen or leading dot means anything.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n'))
      out += std::string("\\&") + c;
    else
      out += c;
  }
  return out;
}

/// "-t,--timeout", "SECONDS" → "\fB\-t\fR, \fB\-\-timeout\fR \fISECONDS\fR"
std::string heading_of(const FlagDescription& flag) {
  std::string out;
  std::size_t at = 0;
  while (at <= flag.names.size()) {
    const std::size_t comma = std::min(flag.names.find(',', at), flag.names.size());
    out += fmt::format("{}\\fB{}\\fR", at == 0 ? "" : ", ", escaped(flag.names.substr(at, comma - at)));
    at = comma + 1;
  }
  return flag.metavar.empty() ? out : fmt::format("{} \\fI{}\\fR", out, escaped(flag.metavar));
}

std::string first_line(const std::string& usage) { return usage.substr(0, usage.find('\n')); }

/// A command with two forms: the second below the heading.
std::string other_lines(const std::string& usage) {
  std::string out;
  for (std::size_t at = usage.find('\n'); at != std::string::npos; at = usage.find('\n', at + 1)) {
    const std::size_t begin = usage.find_first_not_of(' ', at + 1);
    out += fmt::format("\\fB{}\\fR\n.PP\n", escaped(first_line(usage.substr(begin))));
  }
  return out;
}

std::string flags_of(const CommandDescription& command) {
  std::string out;
  for (const FlagDescription& flag : command.flags) out += fmt::format(".TP\n{}\n{}\n", heading_of(flag), escaped(flag.help));
  return out;
}

std::string pages_of(std::span<const Command> commands) {
  std::string out;
  for (const Command& command : commands) {
    if (command.summary.empty()) continue;
    if (!command.run) {
      out += pages_of(command.children);
      continue;
    }
    const CommandDescription description = describe([&command] { command.run({}); });
    out += fmt::format(".SS \"stack {}\"\n{}{}\n{}", escaped(first_line(description.usage)), other_lines(description.usage),
                       escaped(description.about), flags_of(description));
  }
  return out;
}

constexpr std::string_view environment_section = R"ROFF(.SH ENVIRONMENT
.TP
.BR COMPOSE_FILE ", " COMPOSE_PROJECT_NAME ", " COMPOSE_PROFILES ", " COMPOSE_ENV_FILES
Which files and project a command is about, as with docker compose.
.TP
.BR COMPOSE_PROGRESS ", " COMPOSE_ANSI ", " COMPOSE_COMPATIBILITY ", " COMPOSE_PARALLEL_LIMIT
As \fB\-\-progress\fR, \fB\-\-ansi\fR, \fB\-\-compatibility\fR and \fB\-\-parallel\fR.
.TP
.B DOCKER_CONFIG
The folder of docker's config.json (default ~/.docker): logins, the looks of lists, detach keys, proxies.
.TP
.B DOCKER_HOST
The engine to drive instead of the program's own: unix:///PATH or tcp://HOST:PORT.
.TP
.BR STACK_ROOT ", " STACK_RUN
The engine's data root and run root.
.SH "EXIT STATUS"
0 when all went well, 1 for an error (told on standard error) or wrong usage, 130 after Ctrl\-C.
\fBexec\fR, \fBrun\fR, \fBattach\fR, \fBwait\fR and \fBup \-\-exit\-code\-from\fR end with the status of the container or command;
125 to 127 when it could not be started.
.SH FILES
.TP
.I compose.yaml
The project, in the current directory or one above it; also compose.yml, docker\-compose.yaml and docker\-compose.yml.
.TP
.I /var/lib/stack
Images, volumes and containers, unless \fBSTACK_ROOT\fR names another place.
)ROFF";

}  // namespace

std::string manual_page(const std::string& version) {
  GlobalOptions options;
  GlobalFlagTexts texts;
  std::vector<std::string> rest;
  const CommandDescription program = global_flags(options, texts, rest).description();
  std::string out = fmt::format(
      ".TH STACK 1 \"\" \"stack {}\" \"User Commands\"\n"
      ".SH NAME\nstack \\- run Compose projects\n"
      ".SH SYNOPSIS\n\\fBstack\\fR [\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARG\\fR...]\n"
      ".SH DESCRIPTION\n{}\n.SH OPTIONS\n{}.SH COMMANDS\n",
      version, escaped(program.about), flags_of(program));
  for (const CommandSection& section : command_sections()) out += pages_of(section.commands);
  return out + std::string(environment_section);
}

}  // namespace stack::cli
