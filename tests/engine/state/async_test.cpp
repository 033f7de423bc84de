#include "engine/state/async.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <thread>
#include <vector>

namespace stack::engine {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

struct Loop : testing::Test {
  asio::io_context loop{1};
  asio::thread_pool pool{2};
  std::vector<std::string> trace;
  template <class F>
  void start(F coroutine) {
    asio::co_spawn(loop, std::move(coroutine), rethrow);
  }
  static void rethrow(std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  }
};

asio::awaitable<void> ask_pool(asio::thread_pool* pool, std::thread::id loop_thread, std::vector<std::string>* trace) {
  auto work = [loop_thread] {
    return std::this_thread::get_id() != loop_thread ? std::string("elsewhere") : std::string("here");
  };
  trace->push_back(co_await run_in_pool(*pool, std::move(work)));
  trace->push_back(std::this_thread::get_id() == loop_thread ? "back" : "lost");
  auto failing = []() -> int { throw std::runtime_error("no luck"); };
  try {
    co_await run_in_pool(*pool, std::move(failing));
  } catch (const std::runtime_error& error) {
    trace->push_back(error.what());
  }
}

TEST_F(Loop, PoolWorkRunsElsewhereAndResultsAndErrorsComeBack) {
  start(ask_pool(&pool, std::this_thread::get_id(), &trace));
  loop.run();
  EXPECT_EQ(trace, (std::vector<std::string>{"elsewhere", "back", "no luck"}));
}

asio::awaitable<void> hold(AsyncMutex* mutex, Signal* go_on, std::string name, std::vector<std::string>* trace) {
  const AsyncMutex::Guard guard = co_await mutex->lock();
  trace->push_back(name + " in");
  if (go_on) co_await go_on->wait();
  trace->push_back(name + " out");
}

TEST_F(Loop, AMutexIsPassedOnInOrder) {
  AsyncMutex mutex(loop.get_executor());
  Signal go_on(loop.get_executor());
  start(hold(&mutex, &go_on, "a", &trace));
  start(hold(&mutex, nullptr, "b", &trace));
  start(hold(&mutex, nullptr, "c", &trace));
  asio::post(loop, [&] { go_on.set(); });
  loop.run();
  EXPECT_EQ(trace, (std::vector<std::string>{"a in", "a out", "b in", "b out", "c in", "c out"}));
  EXPECT_FALSE(mutex.locked());
}

TEST_F(Loop, ACancelledWaiterLeavesTheQueue) {
  AsyncMutex mutex(loop.get_executor());
  Signal go_on(loop.get_executor());
  asio::cancellation_signal cancel;
  bool aborted = false;
  start(hold(&mutex, &go_on, "a", &trace));
  asio::co_spawn(loop, hold(&mutex, nullptr, "b", &trace),
                 asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error) { aborted = error != nullptr; }));
  start(hold(&mutex, nullptr, "c", &trace));
  asio::post(loop, [&] {
    cancel.emit(asio::cancellation_type::terminal);
    asio::post(loop, [&] { go_on.set(); });
  });
  loop.run();
  EXPECT_TRUE(aborted);
  EXPECT_EQ(trace, (std::vector<std::string>{"a in", "a out", "c in", "c out"}));
}

asio::awaitable<void> wait_bounded(Signal* signal, std::chrono::nanoseconds time, std::vector<std::string>* trace) {
  const bool came = co_await signal->wait_for(time);
  trace->push_back(came ? "came" : "too late");
}

TEST_F(Loop, ABoundedWaitEndsByEither) {
  Signal early(loop.get_executor());
  Signal never(loop.get_executor());
  start(wait_bounded(&early, 1h, &trace));
  start(wait_bounded(&never, 1ms, &trace));
  asio::post(loop, [&] { early.set(); });
  loop.run();
  EXPECT_EQ(trace, (std::vector<std::string>{"came", "too late"}));
}

}  // namespace
}  // namespace stack::engine
