#include "engine/shim/engine_watch.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/lock_file.hpp"

namespace stack::engine::shim {

namespace {

constexpr int first_delay_ms = 100;
constexpr int longest_delay_ms = 10'000;
constexpr int start_grace_ms = 2000;  ///< for the engine that created us to subscribe
constexpr int lock_fd = 3;
constexpr int ready_fd = 4;

}  // namespace

EngineWatch::EngineWatch(Loop& loop, const MonitorConfig& config)
    : loop_(loop),
      lock_path_(config.engine_lock),
      argv_(config.engine_argv),
      environment_(config.engine_environment),
      delay_ms_(first_delay_ms) {
  if (!lock_path_.empty()) schedule(start_grace_ms);
}

void EngineWatch::schedule(int delay_ms) {
  if (lock_path_.empty() || argv_.empty()) return;
  if (timer_ != 0) loop_.cancel(timer_);
  timer_ = loop_.after(delay_ms, [this] {
    timer_ = 0;
    try_start();
  });
}

void EngineWatch::engine_present() {
  if (timer_ != 0) loop_.cancel(timer_);
  timer_ = 0;
  delay_ms_ = first_delay_ms;
}

void EngineWatch::engine_lost() { schedule(0); }
void EngineWatch::engine_left() { engine_present(); }

void EngineWatch::try_start() {
  // Whatever happens, look again later: the engine that holds the lock now may fail before it subscribes.
  schedule(delay_ms_);
  delay_ms_ = std::min(delay_ms_ * 2, longest_delay_ms);
  const UniqueFd lock = try_lock_file(lock_path_);
  if (!lock) return;
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) != 0) return;
  UniqueFd read_end(ready[0]);
  const UniqueFd write_end(ready[1]);
  SpawnOptions options;
  options.argv = argv_;
  options.environment = environment_;
  options.descriptors = {{lock.get(), lock_fd}, {write_end.get(), ready_fd}};
  try {
    reap();
    child_ = spawn(options);
    loop_.watch(child_.pidfd.get(), EPOLLIN, [this](std::uint32_t) { reap(); });
    watch_ready_pipe(std::move(read_end));
  } catch (const Error&) {
    // the binary is gone or cannot run: the timer is set
  }
}

/// What it says does not matter here, for an engine that is up connects to us; but it must find a reader.
void EngineWatch::watch_ready_pipe(UniqueFd read_end) {
  if (ready_pipe_) loop_.forget(ready_pipe_.get());
  ready_pipe_ = std::move(read_end);
  loop_.watch(ready_pipe_.get(), EPOLLIN, [this](std::uint32_t) {
    char buffer[512];
    if (::read(ready_pipe_.get(), buffer, sizeof buffer) > 0) return;
    loop_.forget(ready_pipe_.get());
    ready_pipe_.reset();
  });
}

void EngineWatch::reap() {
  if (!child_.pidfd || ::waitpid(child_.pid, nullptr, WNOHANG) == 0) return;
  loop_.forget(child_.pidfd.get());
  child_ = Child();
}

}  // namespace stack::engine::shim
