// Containers that exist, started and joined: start, attach.
#include <fmt/format.h>
#include <unistd.h>

#include "cli/attached_container.hpp"
#include "cli/commands.hpp"
#include "cli/detach_keys.hpp"
#include "cli/each.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

asio::awaitable<std::string> start_one(api::Client& client, std::string name) {
  co_await client.start_container(name);
  co_return name_line(name);
}

AttachedContainer joined(const api::ContainerInspect& details, bool input, const std::string& keys) {
  AttachedContainer container;
  container.id = details.id;
  container.tty = details.config.tty;
  container.input = input && details.config.open_stdin;
  container.removed_at_end = details.host_config.auto_remove;
  container.detach_keys = keys;
  need_terminal_input(container.tty, container.input);
  return container;
}

asio::awaitable<int> start_and_join(api::Client& client, std::string name, bool attach, bool input, std::string keys) {
  const api::ContainerInspect details = co_await client.inspect_container(name);
  AttachedContainer container = joined(details, input, keys);
  container.out = container.err = attach || input;
  // also when it runs: starting it again does nothing, and one that ends just now is not missed
  co_return co_await start_attached(client, std::move(container));
}

asio::awaitable<int> join_running(api::Client& client, std::string name, bool input, bool signals, std::string keys) {
  const api::ContainerInspect details = co_await client.inspect_container(name);
  if (!details.state.running) throw Error(ErrorCode::conflict, "cannot attach to a stopped container, start it first");
  if (details.state.paused) throw Error(ErrorCode::conflict, "cannot attach to a paused container, unpause it first");
  if (details.state.restarting)
    throw Error(ErrorCode::conflict, "cannot attach to a restarting container, wait until it is running");
  AttachedContainer container = joined(details, input, keys);
  container.signals = signals;
  const std::optional<int> status = co_await join_container(client, std::move(container));
  if (!status) throw Error(ErrorCode::unavailable, "read escape sequence");
  co_return *status;
}

}  // namespace

int container_start(const Invocation& invocation) {
  bool attach = false;
  bool input = false;
  std::string keys;
  std::vector<std::string> names;
  Flags flags("container start [OPTIONS] CONTAINER...", "Start containers that do not run.");
  flags.flag("-a,--attach", attach, "Show its output here and pass signals on; the exit status is the container's");
  flags.value("--detach-keys", keys, "KEYS", "Keys that leave a terminal (default ctrl-p,ctrl-q)");
  flags.flag("-i,--interactive", input, "Send our input to it");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  keys = chosen_detach_keys(keys);
  if ((attach || input) && names.size() > 1) throw UsageError("you cannot start and attach multiple containers at once");
  Session session(invocation.global);
  if (attach || input) return session.run_without_signals(start_and_join(session.client(), names.front(), attach, input, keys));
  return do_each(session, names, [&](const std::string& name) { return start_one(session.client(), name); });
}

int container_attach(const Invocation& invocation) {
  bool no_input = false;
  bool signals = true;
  std::string keys;
  std::vector<std::string> names;
  Flags flags("container attach [OPTIONS] CONTAINER",
              "Join this terminal to the first process of a running container. The exit status is the container's.");
  flags.value("--detach-keys", keys, "KEYS", "Keys that leave a terminal (default ctrl-p,ctrl-q)");
  flags.flag("--no-stdin", no_input, "Do not send our input");
  flags.flag("--sig-proxy", signals, "Pass signals on to the process (default true)");
  flags.arguments(names, 1, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  keys = chosen_detach_keys(keys);
  Session session(invocation.global);
  asio::awaitable<int> work = join_running(session.client(), names.front(), !no_input, signals, keys);
  return signals ? session.run_without_signals(std::move(work)) : session.run(std::move(work));
}

}  // namespace stack::cli
