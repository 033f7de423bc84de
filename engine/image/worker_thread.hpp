#pragma once
// Blocking work that may take long and must be cancellable (a download): in a thread of its own, awaited by a coroutine of the
// loop. Work that is short belongs in the pool (engine/state/async.hpp).
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "engine/image/cancel_token.hpp"

namespace stack::engine::image {

namespace asio = boost::asio;

/// Runs `work` in a thread until it returns; what it throws is thrown here. When the coroutine is cancelled, so is the token,
/// and the coroutine goes on (with operation_aborted) only when the thread has ended: `work` may use what the caller keeps.
asio::awaitable<void> run_thread(std::function<void()> work, std::shared_ptr<CancelToken> cancel);

}  // namespace stack::engine::image
