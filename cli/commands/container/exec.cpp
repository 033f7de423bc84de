#include "cli/attached_container.hpp"
#include "cli/commands.hpp"
#include "cli/container_options/environment.hpp"
#include "cli/detach_keys.hpp"
#include "cli/exec_process.hpp"
#include "cli/flags.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

asio::awaitable<int> execute(api::Client& client, ExecProcess process) {
  const std::optional<int> status = co_await run_exec(client, std::move(process));
  if (!status) throw Error(ErrorCode::unavailable, "read escape sequence");
  co_return *status;
}

}  // namespace

int container_exec(const Invocation& invocation) {
  ExecProcess process;
  std::string keys;
  std::vector<std::string> environment;
  std::vector<std::string> files;
  std::vector<std::string> words;
  Flags flags("container exec [OPTIONS] CONTAINER COMMAND [ARG...]", "Run a command in a running container.");
  flags.flag("-d,--detach", process.detach, "Start the command and return at once");
  flags.value("--detach-keys", keys, "KEYS", "Keys that leave a terminal (default ctrl-p,ctrl-q)");
  flags.values("-e,--env", environment, "NAME[=VALUE]", "Set an environment variable; repeatable");
  flags.values("--env-file", files, "FILE", "Set the environment variables of a file; repeatable");
  flags.flag("-i,--interactive", process.input, "Send it our input");
  flags.flag("--privileged", process.privileged, "All capabilities for the command");
  flags.flag("-t,--tty", process.tty, "Give it a terminal");
  flags.value("-u,--user", process.user, "USER[:GROUP]", "Run as this user");
  flags.value("-w,--workdir", process.directory, "DIR", "Run in this directory");
  flags.command_line(words, 2);
  if (!flags.parse(invocation.arguments)) return 0;
  process.container = words.front();
  process.command.assign(words.begin() + 1, words.end());
  process.environment = container_options::environment_of(files, environment);
  process.detach_keys = chosen_detach_keys(keys);
  if (!process.detach) need_terminal_input(process.tty, process.input);
  Session session(invocation.global);
  return session.run(execute(session.client(), process));
}

}  // namespace stack::cli
