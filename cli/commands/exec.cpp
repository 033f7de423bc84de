#include <fmt/format.h>
#include <unistd.h>

#include "cli/attach.hpp"
#include "cli/commands.hpp"
#include "cli/containers.hpp"
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

std::vector<std::uint64_t> console_size() {
  const auto size = terminal_size(STDOUT_FILENO);
  if (!size) return {};
  return {size->rows, size->columns};
}

api::ExecCreateRequest request_of(const ExecOptions& options, bool tty) {
  api::ExecCreateRequest request;
  request.user = options.user;
  request.privileged = options.privileged;
  request.tty = tty;
  if (tty) request.console_size = console_size();
  request.attach_stdin = !options.detach && options.interactive;
  request.attach_stdout = request.attach_stderr = !options.detach;
  request.env = options.environment;
  request.working_dir = options.directory;
  request.cmd.assign(options.command.begin() + 1, options.command.end());
  return request;
}

/// Empty: the engine that knew it has ended.
asio::awaitable<std::optional<api::ExecInspect>> find_exec(api::Client& client, std::string id) {
  try {
    co_return co_await client.inspect_exec(std::move(id));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::unavailable) throw;
    co_return std::nullopt;
  }
}

/// True: the stream ended in its own time, as far as can be seen here.
asio::awaitable<bool> carry_to_the_end(api::HijackedStream& stream, AttachedProcess process) {
  try {
    co_await carry(stream, std::move(process));
    co_return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unavailable) throw;
    co_return false;
  }
}

asio::awaitable<int> execute(api::Client& client, std::string project, const ExecOptions& options) {
  const bool tty = !options.no_tty && !options.detach && is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO);
  const api::ContainerSummary container =
      co_await running_container(client, std::move(project), options.command.front(), options.index.value_or(0));
  api::ExecCreateRequest request = request_of(options, tty);
  const std::string id = co_await client.create_exec(container.id, std::move(request));
  if (options.detach) {
    co_await client.start_exec_detached(id);
    co_return 0;
  }
  api::ExecStartRequest start{.detach = false, .tty = tty, .console_size = tty ? console_size() : std::vector<std::uint64_t>()};
  api::HijackedStream stream = co_await client.start_exec(id, std::move(start));
  AttachedProcess process;
  process.tty = tty;
  process.input = options.interactive;
  process.resize = [&client, &id](unsigned rows, unsigned columns) { return client.resize_exec(id, rows, columns); };
  const bool whole = co_await carry_to_the_end(stream, std::move(process));
  const std::optional<api::ExecInspect> ended = co_await find_exec(client, id);
  if (!whole || !ended)
    throw Error(ErrorCode::unavailable,
                fmt::format("the engine ended while the command ran in container {}: the command's exit status is unknown, and "
                            "some of its output may be missing; the container itself runs on",
                            name_of(container)));
  co_return static_cast<int>(ended->exit_code.value_or(0));
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
