#pragma once
// The monitor's event loop: epoll, and timers. Single-threaded; handlers may remove themselves and others at any time.
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace stack::engine::shim {

class Loop {
public:
  using Handler = std::function<void(std::uint32_t events)>;

  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void watch(int fd, std::uint32_t events, Handler handler);  ///< level-triggered EPOLL* events
  void change(int fd, std::uint32_t events);
  void forget(int fd);  ///< before it is closed
  /// Runs `action` once, `delay_ms` from now (monotonic clock). Returns a number for cancel(); 0 is never one.
  int after(int delay_ms, std::function<void()> action);
  void cancel(int timer);
  void run();  ///< until stop()
  void stop() { running_ = false; }

private:
  struct Watch {
    Handler handler;
    std::uint64_t generation = 0;  ///< tells a reused descriptor number from the one an event was for
  };
  struct Timer {
    std::int64_t due = 0;
    std::function<void()> action;
  };
  int wait_time() const;
  void run_timers();
  int epoll_ = -1;
  bool running_ = false;
  std::uint64_t next_generation_ = 1;
  int next_timer_ = 1;
  std::map<int, Watch> watches_;
  std::map<int, Timer> timers_;
};

}  // namespace stack::engine::shim
