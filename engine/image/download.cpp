#include "engine/image/download.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "base/error.hpp"

namespace stack::engine::image {

namespace {

constexpr std::size_t piece_size = 256 * 1024;
constexpr std::size_t max_ready = 2 << 20;

/// What the producing thread and the loop share.
class Pipe {
public:
  explicit Pipe(std::function<void()> wake) : wake_(std::move(wake)) {}

  // thread
  void put(std::string_view bytes) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return ready_.size() < max_ready || stopped_; });
    if (stopped_) throw Error(ErrorCode::unavailable, "nobody reads any more");
    ready_ += bytes;
    if (ready_.size() >= piece_size && !std::exchange(woken_, true)) wake_();
  }
  void end(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    failure_ = std::move(error);
    wake_();
  }

  // loop
  std::string take(bool& ended) {
    const std::lock_guard lock(mutex_);
    ended = ended_;
    woken_ = false;
    std::string piece;
    if (ready_.size() >= piece_size || ended_) piece.swap(ready_);
    room_.notify_one();
    return piece;
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    room_.notify_one();
  }
  std::exception_ptr failure() const { return failure_; }

private:
  std::function<void()> wake_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::string ready_;
  bool ended_ = false;
  bool stopped_ = false;
  bool woken_ = false;  // since take() was called last
  std::exception_ptr failure_;
};

}  // namespace

asio::awaitable<void> produce_body(std::function<void(const archive::Sink&)> produce, PieceWriter write) {
  const auto executor = co_await asio::this_coro::executor;
  co_await asio::this_coro::throw_if_cancelled(false);
  asio::steady_timer woken(executor, asio::steady_timer::time_point::max());
  Pipe pipe([&] { asio::post(executor, [&woken] { woken.cancel(); }); });
  std::thread producer([&] {
    std::exception_ptr error;
    try {
      produce([&pipe](std::string_view bytes) { pipe.put(bytes); });
    } catch (...) {
      error = std::current_exception();
    }
    pipe.end(error);
  });
  std::exception_ptr lost;
  for (bool ended = false;;) {
    std::string piece = pipe.take(ended);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (!lost && state.cancelled() != asio::cancellation_type::none)
      lost = std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
    if (!lost && !piece.empty()) {
      try {
        co_await write(std::move(piece));
        continue;
      } catch (...) {
        lost = std::current_exception();
      }
    }
    if (lost) pipe.stop();
    if (ended) break;
    woken.expires_at(asio::steady_timer::time_point::max());
    boost::system::error_code ignored;
    co_await woken.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  producer.join();
  // wake-ups that are under way still use the timer
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await asio::post(executor, asio::use_awaitable);
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  co_await asio::this_coro::throw_if_cancelled(true);
  if (lost) std::rethrow_exception(lost);
  if (pipe.failure()) std::rethrow_exception(pipe.failure());
}

}  // namespace stack::engine::image
