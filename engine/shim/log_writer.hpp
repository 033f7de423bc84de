#pragma once
// Writes the container's log (log_format.hpp). Every record is one writev(2), so an engine that reads meanwhile sees whole
// records, except after a crash of the machine or a full disk.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "engine/shim/log_format.hpp"

namespace stack::engine::shim {

class LogWriter {
public:
  /// `directory` empty: nothing is recorded. Makes the directory; cuts a torn record off the end of the current file.
  LogWriter(std::string directory, std::uint64_t max_size, std::uint32_t max_files);

  /// Errors (a full disk) lose the record, not the container: the next record is tried again, and a line before the first that
  /// is written says how much is missing.
  void write(LogStream stream, std::string_view payload);
  void set_limits(std::uint64_t max_size, std::uint32_t max_files);

private:
  void write_record(LogStream stream, std::string_view payload);
  bool append(LogStream stream, std::string_view payload);
  bool tell_losses(LogStream stream);
  void open();
  void rotate();
  std::string file(std::uint32_t number) const;
  std::string directory_;
  std::uint64_t max_size_;
  std::uint32_t max_files_;
  std::uint64_t size_ = 0;
  std::uint64_t lost_bytes_ = 0;
  int why_lost_ = 0;  ///< an errno
  UniqueFd fd_;
};

/// Length of the longest prefix of the file that is whole records.
std::uint64_t whole_records(int fd, std::uint64_t size);

}  // namespace stack::engine::shim
