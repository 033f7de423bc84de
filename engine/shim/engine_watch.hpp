#pragma once
// Makes sure that there is an engine while the container exists: when none is subscribed, this takes the instance lock and
// starts one. The lock is held by whoever runs or starts an engine, so among many monitors exactly one succeeds.
//
//   <run root>/engine.lock   flock(LOCK_EX) belongs to the open file description: the engine inherits it as descriptor 3 and
//                            keeps it for life; descriptor 4 is the start-up pipe ("ready\n" or "error <text>\n")
#include <string>
#include <vector>

#include "base/process.hpp"
#include "base/unique_fd.hpp"
#include "engine/shim/loop.hpp"
#include "engine/shim/monitor_config.hpp"

namespace stack::engine::shim {

class EngineWatch {
public:
  EngineWatch(Loop& loop, const MonitorConfig& config);
  void engine_present();  ///< an engine has subscribed
  void engine_lost();     ///< its connection broke: try at once
  void engine_left();     ///< it said farewell: nobody is to be started

private:
  void schedule(int delay_ms);
  void try_start();
  void reap();
  void watch_ready_pipe(UniqueFd read_end);
  Loop& loop_;
  const std::string lock_path_;
  const std::vector<std::string> argv_;
  const std::vector<std::string> environment_;
  Child child_;  ///< the engine we started: our child until it or we end
  UniqueFd ready_pipe_;
  int timer_ = 0;
  int delay_ms_;
};

}  // namespace stack::engine::shim
