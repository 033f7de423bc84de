#pragma once
// Turns records into the bytes of an API answer: frames, timestamps.
#include "engine/container/log_files.hpp"
#include "engine/container/logs.hpp"

namespace stack::engine::container {

class LogOutput {
public:
  explicit LogOutput(const LogOptions& options) : options_(options) {}

  void append(const LogRecord& record, std::string_view payload);

  std::size_t size() const { return bytes_.size(); }
  std::string_view view() const { return bytes_; }
  void clear();

private:
  void append_piece(shim::LogStream stream, std::string_view prefix, std::string_view text);
  void begin_frame(shim::LogStream stream);
  std::string_view stamp(std::int64_t time);

  const LogOptions options_;
  std::string bytes_;
  std::size_t open_frame_ = std::string::npos;  // offset of a frame that may grow
  shim::LogStream open_stream_ = shim::LogStream::out;
  std::string stamp_;  // of stamp_second_
  std::int64_t stamp_second_ = 0;
  std::array<bool, 3> inside_line_{};  // per stream: the last bytes did not end a line
};

/// "2026-01-02T03:04:05.000000006Z " with nine decimals, as Docker's logs have it.
std::string log_timestamp(std::int64_t unix_nanoseconds);

}  // namespace stack::engine::container
