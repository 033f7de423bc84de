#pragma once
// A rotated log file that is kept as gzip (engine/shim/log_compress.hpp).
#include <sys/types.h>

#include <string>

#include "base/unique_fd.hpp"

namespace stack::engine::container {

struct LogArchive {
  UniqueFd content;  ///< a file without a name that holds what was compressed; empty: there is no such archive
  dev_t device = 0;  ///< of the file before it was compressed
  ino_t inode = 0;
};

/// Throws Error when it is there and cannot be opened or written out; of what is torn, the whole beginning is taken.
LogArchive open_log_archive(const std::string& path);

}  // namespace stack::engine::container
