#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/project_containers.hpp"
#include "cli/session.hpp"
#include "cli/task_group.hpp"

namespace stack::cli {
namespace {

struct WaitCommand {
  bool down_project = false;
  std::vector<std::string> services;
};

/// What ended so far, shared by the waits.
struct Endings {
  std::size_t count = 0;
  int last_status = 0;
};

asio::awaitable<void> wait_for_one(api::Client& client, std::string id, Endings& endings, asio::steady_timer& changed) {
  const api::WaitResponse response = co_await client.wait_container(id);
  write_all(1, fmt::format("container \"{}\" exited with status code {}\n", id, response.status_code));
  endings.last_status = static_cast<int>(response.status_code);
  ++endings.count;
  changed.cancel();
}

/// Until all have ended, or the first, if that takes the project down. Gives the status of the one that ended last.
asio::awaitable<int> wait_for_services(api::Client& client, const ProjectReference& reference, const WaitCommand& options) {
  ContainerSelection selection;
  selection.services = options.services;
  selection.one_off = true;
  const std::vector<api::ContainerSummary> containers = co_await select_containers(client, reference, std::move(selection));
  if (containers.empty())
    throw Error(ErrorCode::not_found,
                fmt::format("no containers of project \"{}\" run that could be waited for", reference.name));
  const std::size_t wanted = options.down_project ? 1 : containers.size();
  Endings endings;
  asio::steady_timer changed(client.executor(), asio::steady_timer::time_point::max());
  TaskGroup waits(client.executor(), [&changed] { changed.cancel(); });
  for (const api::ContainerSummary& container : containers) waits.spawn(wait_for_one(client, container.id, endings, changed));
  std::exception_ptr interrupted;
  while (endings.count < wanted && !waits.failure() && !interrupted) {
    boost::system::error_code woken;
    co_await changed.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
      interrupted = std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
  }
  const std::exception_ptr failure = interrupted ? interrupted : waits.failure();
  waits.cancel();
  co_await waits.join();
  if (failure) std::rethrow_exception(failure);
  co_return endings.last_status;
}

}  // namespace

int wait(const Invocation& invocation) {
  WaitCommand options;
  Flags flags("wait [OPTIONS] SERVICE...",
              "Wait until the containers of services have ended; the exit status is that of the one that ended last.");
  flags.flag("--down-project", options.down_project, "When the first ends, take the project down");
  flags.arguments(options.services, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  const ProjectReference reference = find_project(invocation.global);
  Session session(invocation.global);
  const int status = session.run(wait_for_services(session.client(), reference, options));
  if (options.down_project) down({.global = invocation.global, .arguments = {"--remove-orphans"}});
  return status;
}

}  // namespace stack::cli
