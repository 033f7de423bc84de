// What is done to containers by name: stop, restart, kill, pause, unpause, rm, wait, rename.
#include "cli/commands.hpp"
#include "cli/each.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

asio::awaitable<std::string> stop_one(api::Client& client, std::string name, api::StopOptions options) {
  co_await client.stop_container(name, std::move(options));
  co_return name_line(name);
}

asio::awaitable<std::string> restart_one(api::Client& client, std::string name, api::StopOptions options) {
  co_await client.restart_container(name, std::move(options));
  co_return name_line(name);
}

asio::awaitable<std::string> kill_one(api::Client& client, std::string name, std::string signal) {
  co_await client.kill_container(name, std::move(signal));
  co_return name_line(name);
}

asio::awaitable<std::string> pause_one(api::Client& client, std::string name) {
  co_await client.pause_container(name);
  co_return name_line(name);
}

asio::awaitable<std::string> unpause_one(api::Client& client, std::string name) {
  co_await client.unpause_container(name);
  co_return name_line(name);
}

asio::awaitable<std::string> remove_one(api::Client& client, std::string name, api::RemoveOptions options) {
  try {
    co_await client.remove_container(name, options);
  } catch (const api::ApiError& error) {  // --force is content with what is not there, but says so
    if (!options.force || error.code() != ErrorCode::not_found) throw;
    write_all(2, std::string(error.what()) + "\n");
    co_return std::string();
  }
  co_return name_line(name);
}

asio::awaitable<std::string> wait_for_one(api::Client& client, std::string name) {
  const api::WaitResponse ended = co_await client.wait_container(name);
  co_return std::to_string(ended.status_code) + "\n";
}

using StopOne = asio::awaitable<std::string> (*)(api::Client& client, std::string name, api::StopOptions options);

int stop_command(const Invocation& invocation, const char* usage, const char* about, StopOne one) {
  api::StopOptions options;
  std::optional<int> timeout;
  std::vector<std::string> names;
  Flags flags(usage, about);
  flags.value("-s,--signal", options.signal, "SIGNAL", "Instead of the container's own stop signal");
  flags.value("-t,--timeout,--time", timeout, "SECONDS",
              "How long a container may take to stop before it is killed; -1: for ever");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  if (timeout) options.timeout = std::chrono::seconds(*timeout);
  Session session(invocation.global);
  return do_each(session, names, [&](const std::string& name) { return one(session.client(), name, options); });
}

using ActOnOne = asio::awaitable<std::string> (*)(api::Client& client, std::string name);

/// A command that has no flags.
int plain_command(const Invocation& invocation, const char* usage, const char* about, ActOnOne one) {
  std::vector<std::string> names;
  Flags flags(usage, about);
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  return do_each(session, names, [&](const std::string& name) { return one(session.client(), name); });
}

}  // namespace

int container_stop(const Invocation& invocation) {
  return stop_command(invocation, "container stop [OPTIONS] CONTAINER...", "Stop containers that run.", stop_one);
}

int container_restart(const Invocation& invocation) {
  return stop_command(invocation, "container restart [OPTIONS] CONTAINER...", "Stop containers and start them again.",
                      restart_one);
}

int container_kill(const Invocation& invocation) {
  std::string signal;
  std::vector<std::string> names;
  Flags flags("container kill [OPTIONS] CONTAINER...", "Send a signal to the first process of containers.");
  flags.value("-s,--signal", signal, "SIGNAL", "Name or number (default SIGKILL)");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  return do_each(session, names, [&](const std::string& name) { return kill_one(session.client(), name, signal); });
}

int container_pause(const Invocation& invocation) {
  return plain_command(invocation, "container pause CONTAINER...", "Freeze the processes of containers.", pause_one);
}

int container_unpause(const Invocation& invocation) {
  return plain_command(invocation, "container unpause CONTAINER...", "Let paused containers go on.", unpause_one);
}

int container_wait(const Invocation& invocation) {
  return plain_command(invocation, "container wait CONTAINER...",
                       "Wait until containers have ended; print their exit statuses.", wait_for_one);
}

int container_remove(const Invocation& invocation) {
  api::RemoveOptions options;
  std::vector<std::string> names;
  Flags flags("container rm [OPTIONS] CONTAINER...", "Remove containers.");
  flags.flag("-f,--force", options.force, "Also those that run: they are killed");
  flags.flag("-l,--link", options.link, "Remove a link, CONTAINER/ALIAS, not the container");
  flags.flag("-v,--volumes", options.volumes, "Also their anonymous volumes");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  return do_each(session, names, [&](const std::string& name) { return remove_one(session.client(), name, options); });
}

int container_rename(const Invocation& invocation) {
  std::vector<std::string> names;
  Flags flags("container rename CONTAINER NAME", "Give a container another name.");
  flags.arguments(names, 2, 2);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  session.run(session.client().rename_container(names[0], names[1]));
  return 0;
}

}  // namespace stack::cli
