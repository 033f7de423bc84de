#include "engine/image/cancel_token.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <chrono>

#include "base/error.hpp"

namespace stack::engine::image {

CancelToken::CancelToken() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_) throw errno_error("eventfd");
}

void CancelToken::cancel() noexcept {
  cancelled_ = true;
  ::eventfd_write(event_.get(), 1);
}

void CancelToken::check() const {
  if (cancelled_) throw boost::system::system_error(boost::asio::error::operation_aborted);
}

bool CancelToken::wait(int fd, short events, int milliseconds) const {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
  for (;;) {
    check();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd watched[] = {{event_.get(), POLLIN, 0}, {fd, events, 0}};
    const int ready = ::poll(watched, fd < 0 ? 1 : 2, left > 0 ? static_cast<int>(left) : 0);
    if (ready < 0 && errno != EINTR) throw errno_error("poll");
    if (ready > 0 && watched[0].revents != 0) continue;
    if (ready > 0) return true;
    if (ready == 0) return false;
  }
}

void CancelToken::sleep(int milliseconds) const { wait(-1, 0, milliseconds); }

}  // namespace stack::engine::image
