#include "cli/attach.hpp"

#include <fmt/format.h>

#include <boost/asio/signal_set.hpp>

#include "cli/commands.hpp"
#include "cli/containers.hpp"
#include "cli/flags.hpp"
#include "cli/forward_signals.hpp"
#include "cli/project.hpp"
#include "cli/session.hpp"
#include "cli/task_group.hpp"

namespace stack::cli {
namespace {

struct AttachCommand {
  bool no_stdin = false, signal_proxy = true;
  std::optional<int> index;
  std::string service;
};

asio::awaitable<int> join_streams(api::Client& client, std::string id, bool tty, bool input) {
  api::AttachOptions attaching;
  attaching.in = input;
  api::HijackedStream stream = co_await client.attach_container(id, std::move(attaching));
  AttachedProcess process;
  process.tty = tty;
  process.input = input;
  process.resize = [&client, &id](unsigned rows, unsigned columns) { return client.resize_container(id, rows, columns); };
  co_await carry(stream, std::move(process));
  const api::WaitResponse ended = co_await client.wait_container(id);
  co_return static_cast<int>(ended.status_code);
}

asio::awaitable<int> attach_to(api::Client& client, std::string project, AttachCommand options) {
  const api::ContainerSummary container =
      co_await running_container(client, std::move(project), options.service, options.index.value_or(0));
  const api::ContainerInspect details = co_await client.inspect_container(container.id);
  const bool input = !options.no_stdin && details.config.open_stdin;
  TaskGroup signals(client.executor());
  if (options.signal_proxy) signals.spawn(forward_signals(client, container.id));
  int status = 0;
  std::exception_ptr failure;
  try {
    status = co_await join_streams(client, container.id, details.config.tty, input);
  } catch (...) {
    failure = std::current_exception();
  }
  signals.cancel();
  co_await signals.join();
  if (failure) std::rethrow_exception(failure);
  co_return status;
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
  flags.not_yet("--detach-keys", "KEYS");
  flags.arguments(arguments, 1, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  options.service = arguments.front();
  const ProjectReference reference = find_project(invocation.global);
  Session session(invocation.global);
  if (!options.signal_proxy) return session.run(attach_to(session.client(), reference.name, options));
  return session.run_without_signals(attach_to(session.client(), reference.name, options));
}

}  // namespace stack::cli
