#include "cli/task_group.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

namespace stack::cli {
namespace {

namespace asio = boost::asio;

asio::awaitable<void> wait_for_ever(bool& ended) {
  struct AtEnd {
    bool& ended;
    ~AtEnd() { ended = true; }
  } at_end{ended};
  asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await never.async_wait(asio::use_awaitable);
}

asio::awaitable<void> fail() {
  throw std::runtime_error("broken");
  co_return;
}

asio::awaitable<void> cancel_and_join(TaskGroup& group, bool& joined) {
  group.cancel();
  co_await group.join();
  joined = true;
}

TEST(TaskGroup, JoinWaitsForEveryCancelledTask) {
  asio::io_context loop;
  TaskGroup group(loop.get_executor());
  bool first = false;
  bool second = false;
  bool joined = false;
  group.spawn(wait_for_ever(first));
  group.spawn(wait_for_ever(second));
  loop.poll();
  EXPECT_FALSE(first);
  asio::co_spawn(loop, cancel_and_join(group, joined), asio::detached);
  loop.run();
  EXPECT_TRUE(first && second && joined);
  EXPECT_FALSE(group.failure()) << "being cancelled is no failure";
}

TEST(TaskGroup, ACancelledCallerTakesItsTasksWithIt) {
  asio::io_context loop;
  TaskGroup group(loop.get_executor());
  bool ended = false;
  bool cancelled = false;
  bool ended_before = false;
  group.spawn(wait_for_ever(ended));
  asio::cancellation_signal cancel;
  asio::co_spawn(loop, group.join_or_cancel(),
                 asio::bind_cancellation_slot(cancel.slot(), [&](const std::exception_ptr& error) {
                   cancelled = error != nullptr;
                   ended_before = ended;
                 }));
  loop.poll();
  EXPECT_FALSE(ended);
  cancel.emit(asio::cancellation_type::terminal);
  loop.run();
  EXPECT_TRUE(cancelled && ended_before);
}

TEST(TaskGroup, KeepsTheFirstFailureAndTells) {
  asio::io_context loop;
  int told = 0;
  TaskGroup group(loop.get_executor(), [&] { ++told; });
  group.spawn(fail());
  loop.run();
  EXPECT_EQ(told, 1);
  EXPECT_THROW(std::rethrow_exception(group.failure()), std::runtime_error);
}

}  // namespace
}  // namespace stack::cli
