#include "cli/attached_container.hpp"
#include "cli/commands.hpp"
#include "cli/containers.hpp"
#include "cli/detach_keys.hpp"
#include "cli/flags.hpp"
#include "cli/project.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

struct AttachCommand {
  bool no_stdin = false, signal_proxy = true;
  std::optional<int> index;
  std::string service, detach_keys;
};

asio::awaitable<int> attach_to(api::Client& client, std::string project, AttachCommand options) {
  const api::ContainerSummary container =
      co_await running_container(client, std::move(project), options.service, options.index.value_or(0));
  const api::ContainerInspect details = co_await client.inspect_container(container.id);
  AttachedContainer attached;
  attached.id = container.id;
  attached.tty = details.config.tty;
  attached.input = !options.no_stdin && details.config.open_stdin;
  attached.signals = options.signal_proxy;
  attached.detach_keys = options.detach_keys;
  const std::optional<int> status = co_await join_container(client, std::move(attached));
  co_return status.value_or(0);
}

}  // namespace

int attach(const Invocation& invocation) {
  AttachCommand options;
  std::vector<std::string> arguments;
  Flags flags("attach [OPTIONS] SERVICE",
              "Join this terminal to the first process of a running container: its output here, our input there. The exit "
              "status is the container's.");
  flags.value("--index", options.index, "N", "Which container, if the service has several");
  flags.flag("--no-stdin", options.no_stdin, "Do not send our input");
  flags.flag("--sig-proxy", options.signal_proxy, "Pass signals on to the process (default true)");
  flags.value("--detach-keys", options.detach_keys, "KEYS", "Keys that leave a terminal (default ctrl-p,ctrl-q)");
  flags.arguments(arguments, 1, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  options.service = arguments.front();
  options.detach_keys = chosen_detach_keys(options.detach_keys);
  const ProjectReference reference = find_project(invocation.global);
  Session session(invocation.global);
  if (!options.signal_proxy) return session.run(attach_to(session.client(), reference.name, options));
  return session.run_without_signals(attach_to(session.client(), reference.name, options));
}

}  // namespace stack::cli
