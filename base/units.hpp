#pragma once
// Sizes, durations and CPU counts as Docker's tools write them.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace stack {

/// "512m", "1.5GB", "64KiB", "1024": bytes, powers of 1024 whatever the suffix. Throws invalid_argument.
std::int64_t parse_byte_size(std::string_view text);

/// Go's time.ParseDuration plus days and weeks: "1m30s", "1.5h", "300ms", "2d", "1w", "-5s", "0". Throws invalid_argument,
/// also when it does not fit 64 bits of nanoseconds.
std::chrono::nanoseconds parse_duration(std::string_view text);

/// As Go prints one: "1m30s", "2h45m0s", "1.5s", "100µs", "0s".
std::string format_duration(std::chrono::nanoseconds duration);

/// "0.5", "2", ".25" as billionths of a CPU. Throws invalid_argument for what is no number, negative or finer than that.
std::int64_t parse_nano_cpus(std::string_view text);

/// Docker's human sizes, powers of 1000 ("1.09MB", "64B"): `image ls`, `ps --size`.
std::string format_size(double bytes);

}  // namespace stack
