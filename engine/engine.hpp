#pragma once
// One engine: owns every manager and wires them to each other and to the state database. No HTTP, no process set-up: see
// serve.hpp.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>

#include "engine/http/context.hpp"
#include "engine/paths.hpp"

namespace stack::engine {

class Engine {
public:
  /// Opens the database and reads what is known (blocking). The instance lock is held by the caller.
  Engine(const Paths& paths, boost::asio::io_context& loop);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Recovery: takes over what runs, finishes or undoes what a crash cut off. Once, before the first request.
  boost::asio::awaitable<void> recover();

  EngineContext& context();
  bool is_idle() const;  ///< no container runs and nothing is being done

  /// The shims are told not to start another engine; containers run on.
  boost::asio::awaitable<void> farewell();

  /// The last thing an engine does: when nothing runs, the run root goes, the lock file in it last. Whoever waits for the lock
  /// notices (base/lock_file.hpp).
  void remove_run_root();

private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace stack::engine
