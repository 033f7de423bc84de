#include "engine/image/worker_thread.hpp"

namespace stack::engine::image {

namespace {

/// Joined whatever happens to the coroutine.
struct Worker {
  std::shared_ptr<CancelToken> cancel;
  std::thread thread;
  ~Worker() {
    if (!thread.joinable()) return;
    cancel->cancel();
    thread.join();
  }
};

}  // namespace

asio::awaitable<void> run_thread(std::function<void()> work, std::shared_ptr<CancelToken> cancel) {
  const auto executor = co_await asio::this_coro::executor;
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto before = co_await asio::this_coro::cancellation_state;
  if (before.cancelled() != asio::cancellation_type::none) throw boost::system::system_error(asio::error::operation_aborted);
  asio::steady_timer woken(executor, asio::steady_timer::time_point::max());
  std::exception_ptr failure;
  bool ended = false;  // loop thread only
  Worker worker{cancel, {}};
  worker.thread = std::thread([&] {
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    asio::post(executor, [&] {
      ended = true;
      woken.cancel();
    });
  });
  bool cancelled = false;
  while (!ended) {
    boost::system::error_code ignored;
    co_await woken.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() == asio::cancellation_type::none || cancelled) continue;
    cancelled = true;
    cancel->cancel();
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  }
  worker.thread.join();
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  co_await asio::this_coro::throw_if_cancelled(true);
  if (cancelled) throw boost::system::system_error(asio::error::operation_aborted);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace stack::engine::image
