#include "cli/each.hpp"

#include <unistd.h>

#include "cli/output.hpp"
#include "cli/task_group.hpp"

namespace stack::cli {
namespace {

struct Outcome {
  std::string text, failure;
};

asio::awaitable<void> do_one(std::string name, const EachAction& action, Outcome& outcome) {
  try {
    outcome.text = co_await action(std::move(name));
  } catch (const Error& error) {
    outcome.failure = error.what();
  }
}

asio::awaitable<void> do_all(api::Client& client, const std::vector<std::string>& names, const EachAction& action,
                             std::vector<Outcome>& outcomes) {
  TaskGroup tasks(client.executor());
  for (std::size_t i = 0; i < names.size(); ++i) tasks.spawn(do_one(names[i], action, outcomes[i]));
  co_await tasks.join_or_cancel();
  if (tasks.failure()) std::rethrow_exception(tasks.failure());
}

}  // namespace

int do_each(Session& session, const std::vector<std::string>& names, const EachAction& action) {
  std::vector<Outcome> outcomes(names.size());
  session.run(do_all(session.client(), names, action, outcomes));
  int status = 0;
  for (const Outcome& outcome : outcomes) {
    if (!outcome.failure.empty()) {
      write_all(STDERR_FILENO, outcome.failure + "\n");
      status = 1;
    } else if (!outcome.text.empty()) {
      write_all(STDOUT_FILENO, outcome.text);
    }
  }
  return status;
}

}  // namespace stack::cli
