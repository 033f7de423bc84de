#include "engine/image/download.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>

#include "base/error.hpp"

namespace stack::engine::image {

namespace {

constexpr std::size_t piece_size = 256 * 1024;
constexpr std::size_t max_queued = 4 << 20;

/// What the producing thread and the loop share.
struct Pipe {
  std::mutex mutex;
  std::condition_variable room;
  std::deque<std::string> pieces;
  std::size_t queued = 0;
  bool reader_gone = false;
  std::function<void()> wake;  // tells the loop that there is something new; any thread

  void push(std::string piece) {
    std::unique_lock lock(mutex);
    room.wait(lock, [this] { return queued < max_queued || reader_gone; });
    if (reader_gone) throw Error(ErrorCode::unavailable, "the client has gone away");
    queued += piece.size();
    pieces.push_back(std::move(piece));
    if (pieces.size() == 1) wake();
  }
  std::string take() {
    const std::lock_guard lock(mutex);
    if (pieces.empty()) return {};
    std::string piece = std::move(pieces.front());
    pieces.pop_front();
    queued -= piece.size();
    room.notify_one();
    return piece;
  }
  void leave() {
    const std::lock_guard lock(mutex);
    reader_gone = true;
    room.notify_one();
  }
};

/// Runs in the thread: small writes (headers) travel together.
void run_producer(const std::function<void(const archive::Sink&)>& produce, Pipe& pipe) {
  std::string piece;
  produce([&](std::string_view bytes) {
    piece += bytes;
    if (piece.size() < piece_size) return;
    pipe.push(std::move(piece));
    piece.clear();
  });
  if (!piece.empty()) pipe.push(std::move(piece));
}

}  // namespace

asio::awaitable<void> produce_body(std::function<void(const archive::Sink&)> produce, BodyWriter write) {
  const auto executor = co_await asio::this_coro::executor;
  Pipe pipe;
  asio::steady_timer woken(executor);
  bool ended = false;  // loop thread only, like `failure` once it is set
  std::exception_ptr failure;
  pipe.wake = [&] { asio::post(executor, [&woken] { woken.cancel(); }); };
  std::thread producer([&] {
    std::exception_ptr error;
    try {
      run_producer(produce, pipe);
    } catch (...) {
      error = std::current_exception();
    }
    asio::post(executor, [&, error] {
      ended = true;
      failure = error;
      woken.cancel();
    });
  });
  std::exception_ptr write_failure;
  try {
    for (;;) {
      woken.expires_at(asio::steady_timer::time_point::max());  // before the look, so that no wake is missed
      const std::string piece = pipe.take();
      if (!piece.empty()) {
        co_await write(piece);
        continue;
      }
      if (ended) break;
      boost::system::error_code cancelled;
      co_await woken.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) throw boost::system::system_error(asio::error::operation_aborted);
    }
  } catch (...) {
    write_failure = std::current_exception();
  }
  pipe.leave();
  // the thread uses this frame: wait for it whatever happens to us meanwhile
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  while (!ended) {
    woken.expires_at(asio::steady_timer::time_point::max());
    boost::system::error_code ignored;
    co_await woken.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  producer.join();
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  if (write_failure) std::rethrow_exception(write_failure);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace stack::engine::image
