#pragma once
// Rotated log files that are kept as gzip (the option `compress`).
#include <string>

namespace stack::engine::shim {

inline constexpr const char* compressed_suffix = ".gz";

/// Replaces `path` by `path`.gz, in a process of its own that nobody has to wait for; at every moment one of the two is there
/// and whole. The gzip comment is "device:inode" of the original, by which a reader that knows that one tells it.
void compress_in_background(const std::string& path);

/// Returns when nobody compresses `path`.
void wait_for_compression(const std::string& path);

}  // namespace stack::engine::shim
