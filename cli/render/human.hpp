#pragma once
// Durations, sizes and instants as people read them, in the words of the docker tools.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace stack::cli::render {

/// "Less than a second", "5 seconds", "About a minute", "3 days" ...
std::string human_duration(std::chrono::seconds duration);

/// Decimal units, four significant digits at most: "0B", "1.98MB".
std::string human_size(std::int64_t bytes);

/// One digit more: "1.984MB".
std::string finer_size(std::int64_t bytes);

/// "5 minutes ago", of Unix seconds.
std::string human_age(std::int64_t created, std::int64_t now);

/// Unix seconds now.
std::int64_t unix_now();

/// Binary units, four significant digits at most: "460KiB", "23.54GiB".
std::string human_binary_size(std::uint64_t bytes);

/// "2026-11-23 11:43:44 +0000 UTC" in local time.
std::string local_time(std::int64_t unix_seconds);

/// --since and --until: an RFC 3339 instant, a date ("2026-11-23", "2026-11-23T10:00"; local time), Unix seconds, or a
/// duration before `now` ("42m", "1h30m"). Returns Unix seconds "S.NNNNNNNNN" as the API takes them. Throws invalid_argument.
std::string api_instant(std::string_view text, std::chrono::sys_time<std::chrono::nanoseconds> now);

}  // namespace stack::cli::render
