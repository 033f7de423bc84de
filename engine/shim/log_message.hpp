#pragma once
// One message to a logging service as its bytes.
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/shim/log_format.hpp"
#include "engine/shim/log_shipping.hpp"

namespace stack::engine::shim {

struct ShippedLine {
  LogStream stream = LogStream::out;
  std::string_view text;      ///< without its line end
  std::int64_t time = 0;      ///< nanoseconds since 1970
  bool partial = false;       ///< the line goes on in the next message of its stream
  std::uint64_t ordinal = 0;  ///< of this container's messages, from 1
};

/// journald's native protocol: fields as "NAME=value\n", or with the length in front of a value that holds a line end.
std::string journal_message(const LogShipping& shipping, const ShippedLine& line);

/// RFC 3164, RFC 5424, or the short form of a local socket. `pid`: of the sender. Ends with a line end.
std::string syslog_message(const LogShipping& shipping, const ShippedLine& line, int pid);

}  // namespace stack::engine::shim
