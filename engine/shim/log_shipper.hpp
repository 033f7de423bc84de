#pragma once
// Sends what a container writes to a logging service, line by line. Nothing is lost while the service is slow or away for a
// moment; beyond its buffer, messages are dropped, or the container waits (LogShipping).
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "engine/shim/log_format.hpp"
#include "engine/shim/log_shipping.hpp"
#include "engine/shim/log_socket.hpp"
#include "engine/shim/loop.hpp"

namespace stack::engine::shim {

class LogShipper {
public:
  LogShipper(Loop& loop, LogShipping shipping);
  ~LogShipper();
  LogShipper(const LogShipper&) = delete;
  LogShipper& operator=(const LogShipper&) = delete;

  void write(LogStream stream, std::string_view bytes);
  /// The container's output is to wait.
  bool is_full() const;
  void on_room(std::function<void()> action) { on_room_ = std::move(action); }  ///< called when is_full() ends
  /// The output has ended: what has no line end is sent too. Waits a moment for the service.
  void finish();

private:
  void emit(LogStream stream, std::string_view text, bool partial);
  void open();
  void close_and_retry();
  bool flush();  ///< false: the socket takes no more now, or is gone
  void watch_room();

  Loop& loop_;
  const LogShipping shipping_;
  LogSocket socket_;
  std::deque<std::string> queue_;
  std::uint64_t queued_ = 0;  ///< bytes
  std::size_t sent_ = 0;      ///< of the first message, on a stream
  std::array<std::string, 2> tails_;
  std::uint64_t ordinal_ = 0;
  bool watched_ = false;
  int retry_timer_ = 0;
  std::function<void()> on_room_;
};

}  // namespace stack::engine::shim
