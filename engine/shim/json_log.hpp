#pragma once
// Lines of a json-file log (log_format.hpp).
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/shim/log_format.hpp"

namespace stack::engine::shim {

/// "2026-01-02T03:04:05.000000006Z"
std::string json_log_time(std::int64_t unix_nanoseconds);

/// Appends one line. `attributes`: rendered, "\"attrs\":{…}," or empty. Bytes that are not UTF-8 become U+FFFD.
void append_json_line(std::string& out, LogStream stream, std::string_view text, std::string_view attributes,
                      std::string_view time);

/// How many bytes at the end of `text` are the beginning of a character whose rest is missing: 0 to 3.
std::size_t unfinished_character(std::string_view text);

}  // namespace stack::engine::shim
