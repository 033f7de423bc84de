#pragma once
// Bytes to a descriptor, all of them.
#include <string_view>

namespace stack::cli {

/// Writes everything, waiting for a slow reader. Returns false when the reader is gone (EPIPE) or the write fails;
/// SIGPIPE is ignored by main, so `stack logs | head` ends quietly.
bool write_all(int fd, std::string_view bytes);

}  // namespace stack::cli
