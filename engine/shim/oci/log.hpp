#pragma once
// What goes to --log, in the format of --log-format, or to standard error without it. There is one log of one command.
#include <string>

namespace stack::engine::shim::oci {

void open_log(const std::string& path, bool as_json);  ///< path: empty for standard error
void log_error(const std::string& message);            ///< on standard error too
void log_warning(const std::string& message);

}  // namespace stack::engine::shim::oci
