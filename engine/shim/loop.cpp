#include "engine/shim/loop.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "base/error.hpp"

namespace stack::engine::shim {

namespace {

std::int64_t monotonic_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

epoll_event event_for(int fd, std::uint64_t generation, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = (generation << 32) | static_cast<std::uint32_t>(fd);
  return event;
}

}  // namespace

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw errno_error("epoll_create1");
}
Loop::~Loop() { ::close(epoll_); }

void Loop::watch(int fd, std::uint32_t events, Handler handler) {
  const std::uint64_t generation = next_generation_++ & 0xffffffff;
  watches_[fd] = {std::move(handler), generation};
  epoll_event event = event_for(fd, generation, events);
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) throw errno_error("epoll_ctl");
}

void Loop::change(int fd, std::uint32_t events) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  epoll_event event = event_for(fd, found->second.generation, events);
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void Loop::forget(int fd) {
  if (watches_.erase(fd) != 0) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
}

int Loop::after(int delay_ms, std::function<void()> action) {
  const int id = next_timer_++;
  timers_[id] = {monotonic_ms() + delay_ms, std::move(action)};
  return id;
}

void Loop::cancel(int timer) { timers_.erase(timer); }

int Loop::wait_time() const {
  if (timers_.empty()) return -1;
  std::int64_t first = INT64_MAX;
  for (const auto& [id, timer] : timers_) first = std::min(first, timer.due);
  return static_cast<int>(std::clamp<std::int64_t>(first - monotonic_ms(), 0, 3'600'000));
}

void Loop::run_timers() {
  const std::int64_t now = monotonic_ms();
  for (auto timer = timers_.begin(); timer != timers_.end();) {
    if (timer->second.due > now) {
      ++timer;
      continue;
    }
    const auto action = std::move(timer->second.action);
    timers_.erase(timer);
    action();
    timer = timers_.begin();  // the action may have changed the table
  }
}

void Loop::run() {
  running_ = true;
  while (running_) {
    epoll_event events[16];
    const int ready = ::epoll_wait(epoll_, events, 16, wait_time());
    if (ready < 0 && errno != EINTR) throw errno_error("epoll_wait");
    for (int i = 0; i < ready && running_; ++i) {
      const int fd = static_cast<int>(events[i].data.u64 & 0xffffffff);
      const auto found = watches_.find(fd);
      if (found == watches_.end() || found->second.generation != events[i].data.u64 >> 32) continue;
      const Handler handler = found->second.handler;  // a copy: it may forget itself
      handler(events[i].events);
    }
    run_timers();
  }
}

}  // namespace stack::engine::shim
