#include "engine/run_root_watch.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"

namespace stack::engine {

int remaining_ms(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

RunRootWatch::RunRootWatch(const std::string& run_root) : inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (!inotify_) throw errno_error("inotify_init1");
  constexpr std::uint32_t wanted = IN_CREATE | IN_MOVED_TO | IN_CLOSE | IN_DELETE_SELF | IN_ONLYDIR;
  if (::inotify_add_watch(inotify_.get(), run_root.c_str(), wanted) < 0 && errno != ENOENT)
    throw errno_error("watch " + run_root);
}

bool RunRootWatch::wait(std::chrono::steady_clock::time_point deadline) {
  pollfd waited{inotify_.get(), POLLIN, 0};
  const int ready = ::poll(&waited, 1, remaining_ms(deadline));
  if (ready < 0 && errno != EINTR) throw errno_error("poll");
  if (ready == 0) throw Error(ErrorCode::unavailable, "the engine is starting or ending and does not get ready");
  alignas(inotify_event) char buffer[4096];
  bool there = true;
  for (ssize_t got = 0; (got = ::read(inotify_.get(), buffer, sizeof buffer)) > 0;) {
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      if ((event->mask & (IN_DELETE_SELF | IN_IGNORED)) != 0) there = false;
      at += static_cast<ssize_t>(sizeof *event + event->len);
    }
  }
  return there;
}

}  // namespace stack::engine
