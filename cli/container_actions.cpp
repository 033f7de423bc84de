#include "cli/container_actions.hpp"

#include <exception>

#include "cli/containers.hpp"
#include "cli/task_group.hpp"

namespace stack::cli {

namespace asio = boost::asio;
namespace api = engine::api;

namespace {

asio::awaitable<void> act_on_one(std::string id, scheduler::Operation shown, const ContainerAction& action,
                                 scheduler::Progress& progress) {
  using Phase = scheduler::Progress::Phase;
  if (!action.working.empty()) progress.operation(shown, Phase::working, action.working);
  try {
    co_await action.run(id);
  } catch (const std::exception&) {
    progress.operation(shown, Phase::failed, "Error");
    throw;
  }
  progress.operation(shown, Phase::done, action.done);
}

}  // namespace

asio::awaitable<void> act_on(api::Client& client, std::vector<api::ContainerSummary> containers, ContainerAction action,
                             scheduler::Progress& progress) {
  TaskGroup tasks(client.executor());
  int number = 0;
  for (const api::ContainerSummary& container : containers) {
    scheduler::Operation shown;
    shown.id = ++number;
    shown.subject = "Container " + name_of(container);
    shown.service = service_of(container);
    tasks.spawn(act_on_one(container.id, std::move(shown), action, progress));
  }
  co_await tasks.join_or_cancel();
  if (tasks.failure()) std::rethrow_exception(tasks.failure());
}

}  // namespace stack::cli
