#pragma once
// What a service manager is told (sd_notify(3), whose protocol is promised to stay: one datagram to $NOTIFY_SOCKET).
#include <string_view>

namespace stack::engine {

/// "READY=1", "STOPPING=1". Does nothing when no manager asked to be told.
void notify_service_manager(std::string_view state);

}  // namespace stack::engine
