#pragma once
// Coroutine tools of the event-loop thread. Nothing here is thread-safe except run_in_pool's hand-over.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace stack::engine {

namespace detail {

template <class R>
struct PoolResult {
  std::optional<R> value;
  std::exception_ptr error;
  template <class F>
  void run(F& function) {
    value.emplace(function());
  }
  R take() {
    if (error) std::rethrow_exception(std::exchange(error, nullptr));
    return std::move(*value);
  }
};
template <>
struct PoolResult<void> {
  std::exception_ptr error;
  template <class F>
  void run(F& function) {
    function();
  }
  void take() {
    if (error) std::rethrow_exception(std::exchange(error, nullptr));
  }
};

/// Runs `function` in the pool, then resumes the handler on its own executor (the loop).
template <class F, class R>
struct PoolInitiation {
  boost::asio::thread_pool* pool;
  std::shared_ptr<F> function;
  std::shared_ptr<PoolResult<R>> result;

  template <class Handler>
  void operator()(Handler&& handler) {
    auto executor = boost::asio::get_associated_executor(handler);
    auto work = boost::asio::make_work_guard(executor);
    boost::asio::post(*pool, [function = std::move(function), result = std::move(result), executor, work = std::move(work),
                              handler = std::forward<Handler>(handler)]() mutable {
      try {
        result->run(*function);
      } catch (...) {
        result->error = std::current_exception();
      }
      function.reset();  // what it captured goes here, not on the loop
      result.reset();
      boost::asio::post(executor, std::move(handler));
    });
  }
};

}  // namespace detail

/// Runs a blocking function in a pool thread; its result or exception arrives on the awaiting coroutine's executor. It cannot
/// be cancelled: what it captures must own what it uses. Name the lambda first (`auto work = [..]{..};`) and std::move it in.
template <class F>
boost::asio::awaitable<std::invoke_result_t<F&>> run_in_pool(boost::asio::thread_pool& pool, F function) {
  using R = std::invoke_result_t<F&>;
  auto result = std::make_shared<detail::PoolResult<R>>();
  detail::PoolInitiation<F, R> initiation{&pool, std::make_shared<F>(std::move(function)), result};
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(std::move(initiation),
                                                                                     boost::asio::use_awaitable);
  co_return result->take();
}

/// Something that happens once; waiting afterwards returns at once. Any number of waiters.
class Signal {
public:
  explicit Signal(boost::asio::any_io_executor executor)
      : timer_(std::move(executor), boost::asio::steady_timer::time_point::max()) {}
  void set();
  bool is_set() const noexcept { return set_; }
  /// Throws boost::system::system_error operation_aborted when the coroutine is cancelled.
  boost::asio::awaitable<void> wait();
  /// True when it came within the time (monotonic clock).
  boost::asio::awaitable<bool> wait_for(std::chrono::nanoseconds time);

private:
  boost::asio::steady_timer timer_;
  std::vector<boost::asio::steady_timer*> timed_;  // of the wait_for() calls under way
  bool set_ = false;
};

/// Wakes everybody who waits now; what they waited for they look up themselves.
class Notifier {
public:
  explicit Notifier(boost::asio::any_io_executor executor)
      : timer_(std::move(executor), boost::asio::steady_timer::time_point::max()) {}
  void notify_all() { timer_.cancel(); }
  boost::asio::awaitable<void> wait();  ///< returns at the next notify_all(); cancellation as Signal

private:
  boost::asio::steady_timer timer_;
};

/// Sleeps on the monotonic clock. Cancellation as Signal.
boost::asio::awaitable<void> sleep_for(std::chrono::nanoseconds time);

/// A mutex that suspends instead of blocking; first come, first served.
///   AsyncMutex::Guard guard = co_await mutex.lock();
class AsyncMutex {
public:
  class Guard {
  public:
    Guard() = default;
    explicit Guard(AsyncMutex* mutex) : mutex_(mutex) {}
    Guard(Guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    Guard& operator=(Guard&& other) noexcept {
      if (this != &other) {
        release();
        mutex_ = std::exchange(other.mutex_, nullptr);
      }
      return *this;
    }
    ~Guard() { release(); }
    void release();

  private:
    AsyncMutex* mutex_ = nullptr;
  };

  explicit AsyncMutex(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
  /// The mutex must outlive its guards and waiters. Cancellation as Signal.
  boost::asio::awaitable<Guard> lock();
  bool locked() const noexcept { return locked_; }

private:
  friend class Guard;
  struct Waiter;
  void unlink(Waiter* gone);
  boost::asio::any_io_executor executor_;
  bool locked_ = false;
  Waiter* first_ = nullptr;  // intrusive queue: waiters live in their coroutine frames
  Waiter* last_ = nullptr;
};

}  // namespace stack::engine
