#pragma once
// Coroutines that run beside their owner and end before it does.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <functional>
#include <list>

namespace stack::cli {

/// All on one thread. The owner awaits join() before the group, or anything its tasks refer to, is destroyed.
class TaskGroup {
public:
  /// `on_failure` is called when a task ended with an exception.
  explicit TaskGroup(boost::asio::any_io_executor executor, std::function<void()> on_failure = {});
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  void spawn(boost::asio::awaitable<void> task);
  /// Asks every task to end.
  void cancel();
  /// Waits until all have ended. Not stopped by the caller's own cancellation. Throws nothing.
  boost::asio::awaitable<void> join();
  /// The same for a caller that Ctrl-C may end: when it is cancelled, so are the tasks. Throws operation_aborted then, after
  /// all have ended.
  boost::asio::awaitable<void> join_or_cancel();
  /// The first exception a task ended with, other than by cancel(); null: none.
  std::exception_ptr failure() const { return failure_; }

private:
  struct Task {
    boost::asio::cancellation_signal cancel;
    bool ended = false;
  };
  bool running() const;
  boost::asio::any_io_executor executor_;
  boost::asio::steady_timer changed_;
  std::function<void()> on_failure_;
  std::list<Task> tasks_;
  std::exception_ptr failure_;
  bool cancelled_ = false;
};

}  // namespace stack::cli
