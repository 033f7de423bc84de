#include "engine/image/upload.hpp"

#include <algorithm>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/error.hpp"

namespace stack::engine::image {

namespace {

constexpr std::size_t piece_size = 256 * 1024;
constexpr std::size_t max_queued = 4 << 20;

/// What the loop and the consuming thread share.
struct Pipe {
  std::mutex mutex;
  std::condition_variable data;
  std::deque<std::string> pieces;
  std::size_t queued = 0;
  bool ended = false;          // no more pieces will come
  std::exception_ptr failure;  // why the body broke off
  bool consumer_done = false;
  std::exception_ptr consumer_error;
  std::size_t offset = 0;      // in the first piece; consumer only
  std::function<void()> wake;  // tells the loop that there is room, or that the consumer is done; any thread

  std::size_t take(char* buffer, std::size_t size) {
    std::unique_lock lock(mutex);
    data.wait(lock, [this] { return !pieces.empty() || ended; });
    if (pieces.empty()) {
      if (failure) std::rethrow_exception(failure);
      return 0;
    }
    const std::string& first = pieces.front();
    const std::size_t count = std::min(size, first.size() - offset);
    std::memcpy(buffer, first.data() + offset, count);
    offset += count;
    if (offset == first.size()) {
      const bool was_full = queued > max_queued;
      queued -= first.size();
      pieces.pop_front();
      offset = 0;
      if (was_full && queued <= max_queued) wake();
    }
    return count;
  }

  void end(std::exception_ptr error) {
    const std::lock_guard lock(mutex);
    ended = true;
    failure = std::move(error);
    data.notify_all();
  }
};

/// Reads the body into the pipe until its end, or until the consumer wants no more.
asio::awaitable<void> feed(const BodyReader& body, Pipe& pipe, asio::steady_timer& woken) {
  std::string buffer(piece_size, '\0');
  for (;;) {
    const std::size_t got = co_await body(std::span<char>(buffer));
    bool full = false;
    {
      const std::lock_guard lock(pipe.mutex);
      if (got == 0 || pipe.consumer_done) co_return;
      pipe.pieces.emplace_back(buffer.data(), got);
      pipe.queued += got;
      full = pipe.queued > max_queued;
      pipe.data.notify_one();
    }
    while (full) {
      woken.expires_at(asio::steady_timer::time_point::max());
      {
        const std::lock_guard lock(pipe.mutex);
        full = pipe.queued > max_queued && !pipe.consumer_done;
      }
      if (!full) break;
      boost::system::error_code cancelled;
      co_await woken.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) throw boost::system::system_error(asio::error::operation_aborted);
    }
  }
}

}  // namespace

BodyReader body_from_memory(std::string bytes) {
  auto text = std::make_shared<std::string>(std::move(bytes));
  auto done = std::make_shared<std::size_t>(0);
  return [text, done](std::span<char> buffer) -> asio::awaitable<std::size_t> {
    return [](std::shared_ptr<std::string> from, std::shared_ptr<std::size_t> at,
              std::span<char> to) -> asio::awaitable<std::size_t> {
      const std::size_t count = std::min(to.size(), from->size() - *at);
      std::memcpy(to.data(), from->data() + *at, count);
      *at += count;
      co_return count;
    }(text, done, buffer);
  };
}

asio::awaitable<void> consume_body(BodyReader body, std::function<void(archive::Source)> consume) {
  const auto executor = co_await asio::this_coro::executor;
  Pipe pipe;
  asio::steady_timer woken(executor, asio::steady_timer::time_point::max());
  bool thread_ended = false;  // loop thread only
  pipe.wake = [&] { asio::post(executor, [&woken] { woken.cancel(); }); };
  std::thread consumer([&] {
    std::exception_ptr error;
    try {
      consume([&pipe](char* buffer, std::size_t size) { return pipe.take(buffer, size); });
    } catch (...) {
      error = std::current_exception();
    }
    {
      const std::lock_guard lock(pipe.mutex);
      pipe.consumer_done = true;
      pipe.consumer_error = error;
    }
    asio::post(executor, [&] {
      thread_ended = true;
      woken.cancel();
    });
  });
  std::exception_ptr failure;
  try {
    co_await feed(body, pipe, woken);
  } catch (...) {
    failure = std::current_exception();
  }
  pipe.end(failure);
  // the thread uses this frame: wait for it whatever happens to us meanwhile
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  while (!thread_ended) {
    woken.expires_at(asio::steady_timer::time_point::max());
    boost::system::error_code ignored;
    co_await woken.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  consumer.join();
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  if (pipe.consumer_error) std::rethrow_exception(pipe.consumer_error);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace stack::engine::image
