#pragma once
// Ends the blocking waits of worker threads from outside: their poll(2) calls watch the token's descriptor too.
#include <atomic>

#include "base/unique_fd.hpp"

namespace stack::engine::image {

class CancelToken {
public:
  CancelToken();
  void cancel() noexcept;  ///< any thread, any number of times
  bool cancelled() const noexcept { return cancelled_; }
  /// Waits until `fd` has one of the poll(2) `events`. False: the time ran out. Throws operation_aborted
  /// (boost::system::system_error) when cancelled.
  bool wait(int fd, short events, int milliseconds) const;
  void sleep(int milliseconds) const;  ///< throws as wait()
  void check() const;                  ///< throws as wait()

private:
  UniqueFd event_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace stack::engine::image
