#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/containers.hpp"
#include "cli/detach_keys.hpp"
#include "cli/exec_process.hpp"
#include "cli/flags.hpp"
#include "cli/project.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"

namespace stack::cli {
namespace {

struct ExecOptions {
  bool detach = false, no_tty = false, privileged = false, tty = false, interactive = true;
  std::optional<int> index;
  std::string user, directory;
  std::vector<std::string> environment, command;  ///< command: service, then argv
};

bool parse(const Invocation& invocation, ExecOptions& options) {
  Flags flags("exec [OPTIONS] SERVICE COMMAND [ARG...]",
              "Run a command in a running container of a service. It gets a terminal when this command has one.");
  flags.flag("-d,--detach", options.detach, "Start the command and return at once");
  flags.values("-e,--env", options.environment, "NAME=VALUE", "Set an environment variable; repeatable");
  flags.value("--index", options.index, "N", "Which container, if the service has several");
  flags.flag("-T,--no-tty,--no-TTY", options.no_tty, "No terminal for the command, even if there is one here");
  flags.flag("--privileged", options.privileged, "All capabilities for the command");
  flags.value("-u,--user", options.user, "USER[:GROUP]", "Run as this user");
  flags.value("-w,--workdir", options.directory, "DIR", "Run in this directory");
  flags.flag("-i,--interactive", options.interactive, "");
  flags.flag("-t,--tty", options.tty, "");
  flags.command_line(options.command, 2);
  return flags.parse(invocation.arguments);
}

asio::awaitable<int> execute(api::Client& client, std::string project, const ExecOptions& options) {
  const api::ContainerSummary container =
      co_await running_container(client, std::move(project), options.command.front(), options.index.value_or(0));
  ExecProcess process;
  process.container = name_of(container);
  process.command.assign(options.command.begin() + 1, options.command.end());
  process.user = options.user;
  process.directory = options.directory;
  process.environment = options.environment;
  process.privileged = options.privileged;
  process.detach = options.detach;
  process.tty = !options.no_tty && !options.detach && is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO);
  process.input = options.interactive;
  process.detach_keys = chosen_detach_keys("");
  const std::optional<int> status = co_await run_exec(client, std::move(process));
  co_return status.value_or(0);
}

}  // namespace

int exec(const Invocation& invocation) {
  ExecOptions options;
  if (!parse(invocation, options)) return 0;
  const ProjectReference reference = find_project(invocation.global);
  Session session(invocation.global);
  return session.run(execute(session.client(), reference.name, options));
}

}  // namespace stack::cli
