#pragma once
// A container's log files as one sequence of records. Files stay open, so a rotation takes nothing away from a reader.
#include <sys/types.h>

#include <deque>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"
#include "engine/shim/log_format.hpp"

namespace stack::engine::container {

struct LogRecord {
  shim::LogHeader header;
  std::string_view payload;
};

/// Where a container's log is and how it is written.
struct LogSource {
  LogSource(std::filesystem::path in) : directory(std::move(in)) {}  // NOLINT(google-explicit-constructor): the usual log
  std::filesystem::path directory;
  std::string file_name = shim::log_file_name;
  shim::LogFormat format = shim::LogFormat::records;
};

struct LogFile {
  UniqueFd fd;
  dev_t device = 0;
  ino_t inode = 0;
  shim::LogFormat format = shim::LogFormat::records;
  bool same_as(const LogFile& other) const { return device == other.device && inode == other.inode; }
};

/// The files of a log, oldest first. A rotation during the call costs no file and gives none twice. Missing files are left out.
std::deque<LogFile> open_log_files(const LogSource& source);

/// Those written after `known`, oldest first; all when `known` was removed since. Empty: `known` is the one being written.
std::deque<LogFile> open_successors(const LogSource& source, const LogFile& known);

std::uint64_t size_of(const LogFile& file);

/// Reads the records of one file from an offset on, through a buffer.
class RecordReader {
public:
  /// The next whole record at `offset`, which moves behind it. False: none (yet), or what is there is no record. Bytes at and
  /// after `limit` are not looked at. The record is valid until the next call.
  bool next(const LogFile& file, std::uint64_t& offset, std::uint64_t limit, LogRecord& record);
  void forget() { begin_ = end_ = 0; }  ///< for another file, or when the file may have grown

private:
  bool load(const LogFile& file, std::uint64_t offset, std::size_t size, std::uint64_t limit);
  bool next_line(const LogFile& file, std::uint64_t& offset, std::uint64_t limit, LogRecord& record);
  std::string text_;  // of the last json line
  std::vector<char> buffer_;
  std::uint64_t begin_ = 0, end_ = 0;  // the part of the file in the buffer
};

/// Calls `visit` for the records of a file from the last to the first, with each one's offset, until it returns false. A torn
/// end is skipped. Returns false when `visit` did.
bool for_each_record_backward(const LogFile& file,
                              const std::function<bool(const LogRecord& record, std::uint64_t offset)>& visit);

/// Where the last whole record ends.
std::uint64_t end_of_records(const LogFile& file);

}  // namespace stack::engine::container
