#pragma once
// Where the last N lines of a log begin, found from its end.
#include "engine/container/log_files.hpp"
#include "engine/container/logs.hpp"

namespace stack::engine::container {

/// A byte of the log. Ordered by file, then offset.
struct LogPosition {
  std::size_t file = 0;      ///< index into the files
  std::uint64_t offset = 0;  ///< of a record
  std::size_t skip = 0;      ///< bytes of its payload before the position

  bool at_or_after(const LogPosition& other) const { return file != other.file ? file > other.file : offset >= other.offset; }
};

/// One position per stream, because a line of one stream may begin before the whole lines of the other.
struct LogStart {
  LogPosition out, err;
};

/// The positions from which on exactly the last `options.tail` lines follow, counting those that the other options let through.
LogStart find_tail(const std::deque<LogFile>& files, const LogOptions& options);

}  // namespace stack::engine::container
