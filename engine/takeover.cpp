#include "engine/takeover.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <optional>

#include "base/error.hpp"
#include "base/lock_file.hpp"
#include "engine/api/client.hpp"
#include "engine/run_root_watch.hpp"

namespace stack::engine {

namespace {

using Clock = std::chrono::steady_clock;

/// Throws conflict when the engine there wants to stay. One that does not answer starts or ends: its lock tells more.
void ask_to_hand_over(const Paths& paths, Clock::time_point deadline) {
  boost::asio::io_context loop(1);
  api::Client client(loop.get_executor(), {paths.socket(), "", 0});
  std::exception_ptr failure;
  boost::asio::co_spawn(loop, client.request("POST", handover_path),
                        [&failure](std::exception_ptr error, const api::Response&) { failure = error; });
  loop.run_for(std::chrono::milliseconds(remaining_ms(deadline)));
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const api::ApiError& error) {
    if (error.code() == ErrorCode::conflict) throw Error(ErrorCode::conflict, error.what());
    if (error.code() == ErrorCode::not_found)  // of an earlier version
      throw Error(ErrorCode::conflict, "another engine runs for " + paths.data_root + " and does not hand over: end it first");
  } catch (const Error&) {
  }
}

UniqueFd try_lock(const Paths& paths) {
  UniqueFd lock;
  do {
    std::filesystem::create_directories(paths.run_root);
    lock = try_lock_file(paths.lock());
  } while (!lock && errno == ENOENT);  // an engine ended and took the directory along
  if (!lock && errno != EWOULDBLOCK) throw errno_error("lock " + paths.lock());
  return lock;
}

}  // namespace

UniqueFd take_engine_lock(const Paths& paths, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  std::optional<RunRootWatch> watch;
  for (;;) {
    if (UniqueFd lock = try_lock(paths)) return lock;
    // Watch first, then ask and look again: whatever happens after that wakes us.
    if (!watch)
      watch.emplace(paths.run_root);
    else if (!watch->wait(deadline))
      watch.reset();
    ask_to_hand_over(paths, deadline);
  }
}

}  // namespace stack::engine
