#include "engine/shim/log_shipping.hpp"

#include "base/error.hpp"
#include "engine/shim/log_socket.hpp"

namespace stack::engine::shim {

void check_log_service(const LogShipping& shipping) {
  LogSocket socket;
  if (const int error = socket.connect(shipping)) throw errno_error("connect to " + describe(shipping), error);
  if (const int error = socket.wait_until_connected()) throw errno_error("connect to " + describe(shipping), error);
}

}  // namespace stack::engine::shim
