#include "cli/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace stack::cli {

namespace asio = boost::asio;

TaskGroup::TaskGroup(asio::any_io_executor executor, std::function<void()> on_failure)
    : executor_(executor), changed_(executor, asio::steady_timer::time_point::max()), on_failure_(std::move(on_failure)) {}

void TaskGroup::spawn(asio::awaitable<void> work) {
  std::erase_if(tasks_, [](const Task& task) { return task.ended; });
  Task& task = tasks_.emplace_back();
  const auto done = [this, &task](const std::exception_ptr& error) {
    task.ended = true;
    changed_.cancel();
    if (!error || cancelled_) return;
    if (!failure_) failure_ = error;
    if (on_failure_) on_failure_();
  };
  asio::co_spawn(executor_, std::move(work), asio::bind_cancellation_slot(task.cancel.slot(), done));
}

void TaskGroup::cancel() {
  cancelled_ = true;
  for (Task& task : tasks_)
    if (!task.ended) task.cancel.emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> TaskGroup::join() {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  while (running()) {
    boost::system::error_code ignored;
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

asio::awaitable<void> TaskGroup::join_or_cancel() {
  while (running()) {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
      cancel();
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());  // else join() would not wait
      co_await join();
      throw boost::system::system_error(asio::error::operation_aborted);
    }
    boost::system::error_code ignored;
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

bool TaskGroup::running() const {
  return std::any_of(tasks_.begin(), tasks_.end(), [](const Task& task) { return !task.ended; });
}

}  // namespace stack::cli
