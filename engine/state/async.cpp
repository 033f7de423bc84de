#include "engine/state/async.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

namespace stack::engine {

namespace asio = boost::asio;

namespace {

// Expands in place: awaiting another coroutine after a cancellation would itself throw.
#define STACK_CANCELLED() ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)

[[noreturn]] void throw_aborted() { throw boost::system::system_error(asio::error::operation_aborted); }

}  // namespace

void Signal::set() {
  set_ = true;
  timer_.cancel();
  for (asio::steady_timer* timer : timed_) timer->cancel();
}

asio::awaitable<void> Signal::wait() {
  while (!set_) {
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (!set_ && STACK_CANCELLED()) throw_aborted();
  }
}

asio::awaitable<void> Notifier::wait() {
  boost::system::error_code ignored;
  co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  if (STACK_CANCELLED()) throw_aborted();
}

asio::awaitable<void> sleep_for(std::chrono::nanoseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<bool> Signal::wait_for(std::chrono::nanoseconds time) {
  struct Registration {
    std::vector<asio::steady_timer*>& list;
    asio::steady_timer* timer;
    ~Registration() { std::erase(list, timer); }
  };
  asio::steady_timer deadline(timer_.get_executor(), time);
  timed_.push_back(&deadline);
  const Registration registration{timed_, &deadline};
  while (!set_) {
    boost::system::error_code error;
    co_await deadline.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (set_ || !error) break;
    if (STACK_CANCELLED()) throw_aborted();
  }
  co_return set_;
}

struct AsyncMutex::Waiter {
  explicit Waiter(const asio::any_io_executor& executor) : timer(executor, asio::steady_timer::time_point::max()) {}
  asio::steady_timer timer;
  Waiter* next = nullptr;
  bool granted = false;
};

asio::awaitable<AsyncMutex::Guard> AsyncMutex::lock() {
  if (!locked_) {
    locked_ = true;
    co_return Guard(this);
  }
  Waiter waiter(executor_);
  if (last_)
    last_->next = &waiter;
  else
    first_ = &waiter;
  last_ = &waiter;
  while (!waiter.granted) {
    boost::system::error_code ignored;
    co_await waiter.timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (!waiter.granted && STACK_CANCELLED()) {
      unlink(&waiter);
      throw_aborted();
    }
  }
  co_return Guard(this);
}

void AsyncMutex::unlink(Waiter* gone) {
  Waiter** link = &first_;
  Waiter* previous = nullptr;
  while (*link && *link != gone) {
    previous = *link;
    link = &(*link)->next;
  }
  if (*link) *link = gone->next;
  if (last_ == gone) last_ = previous;
}

void AsyncMutex::Guard::release() {
  if (!mutex_) return;
  AsyncMutex& mutex = *std::exchange(mutex_, nullptr);
  Waiter* next = mutex.first_;
  if (!next) {
    mutex.locked_ = false;
    return;
  }
  // the lock passes from hand to hand: nobody can come between
  mutex.first_ = next->next;
  if (!mutex.first_) mutex.last_ = nullptr;
  next->granted = true;
  next->timer.cancel();
}

}  // namespace stack::engine
