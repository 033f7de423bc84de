#pragma once
// A non-blocking socket to a logging service. Addresses are numbers or names; a name is looked up once, by the engine.
#include <string>

#include "base/unique_fd.hpp"
#include "engine/shim/log_shipping.hpp"

namespace stack::engine::shim {

/// "udp://192.0.2.1:514", "/run/systemd/journal/socket"
std::string describe(const LogShipping& shipping);

class LogSocket {
public:
  int connect(const LogShipping& shipping);  ///< 0 or an errno; a stream may still be connecting
  int wait_until_connected() const;          ///< blocking, for some seconds; 0 or an errno
  int fd() const { return fd_.get(); }
  bool is_stream() const { return stream_; }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  void close() { fd_.reset(); }

private:
  int connect_unix(const std::string& path, int type);
  int connect_inet(const LogShipping& shipping, int type);
  UniqueFd fd_;
  bool stream_ = false;
};

}  // namespace stack::engine::shim
