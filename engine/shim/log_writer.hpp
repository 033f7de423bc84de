#pragma once
// Writes the container's log (log_format.hpp). Records and lines are written whole by one write, so an engine that reads
// meanwhile sees whole ones, except after a crash of the machine or a full disk.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "engine/shim/log_format.hpp"

namespace stack::engine::shim {

struct LogSettings {
  std::string directory;  ///< empty: nothing is recorded; made when it is missing
  std::string file_name = log_file_name;
  LogFormat format = LogFormat::records;
  std::string attributes;      ///< json: see append_json_line()
  std::uint64_t max_size = 0;  ///< bytes of one file; 0: no limit
  std::uint32_t max_files = 1;
  bool compress = false;  ///< rotated files are kept as gzip
};

class LogWriter {
public:
  /// Cuts a torn record or line off the end of the current file.
  explicit LogWriter(LogSettings settings);
  LogWriter(std::string directory, std::uint64_t max_size, std::uint32_t max_files);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  /// Errors (a full disk) lose the record, not the container: the next record is tried again, and a line before the first that
  /// is written says how much is missing.
  void write(LogStream stream, std::string_view payload);
  void set_limits(std::uint64_t max_size, std::uint32_t max_files);

private:
  void write_record(LogStream stream, std::string_view payload);
  bool append(LogStream stream, std::string_view payload);
  bool tell_losses(LogStream stream);
  std::string losses() const;  ///< the line that stands for what could not be written
  void write_lines(LogStream stream, std::string_view payload);
  void add_line(LogStream stream, std::string_view text, std::string_view time);
  void flush_lines();
  void open();
  void rotate();
  void remove(std::uint32_t number) const;
  void shift(std::uint32_t number) const;  ///< to the next number
  std::string file(std::uint32_t number) const;
  LogSettings settings_;
  std::uint64_t size_ = 0;
  std::uint64_t lost_bytes_ = 0;
  int why_lost_ = 0;  ///< an errno
  UniqueFd fd_;
  std::string lines_;                 ///< json: on their way to the file
  std::array<std::string, 2> tails_;  ///< json: by stream, a character whose rest has not come yet
};

/// Length of the longest prefix of the file that is whole records, or whole lines.
std::uint64_t whole_records(int fd, std::uint64_t size);
std::uint64_t whole_lines(int fd, std::uint64_t size);

}  // namespace stack::engine::shim
