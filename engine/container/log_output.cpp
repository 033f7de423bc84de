#include "engine/container/log_output.hpp"

#include <fmt/format.h>

#include <chrono>

namespace stack::engine::container {

namespace {
constexpr std::size_t frame_header = 8;  // stream, 3 zeros, length in network order
constexpr std::size_t frame_limit = 64 * 1024;

void put_length(char* at, std::size_t length) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<char>(length >> (24 - 8 * i));
}
}  // namespace

std::string log_timestamp(std::int64_t unix_nanoseconds) {
  using namespace std::chrono;
  const sys_time<nanoseconds> time{nanoseconds(unix_nanoseconds)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss<nanoseconds> clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z ", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

void LogOutput::clear() {
  bytes_.clear();
  open_frame_ = std::string::npos;
}

void LogOutput::append(const LogRecord& record, std::string_view payload) {
  if (payload.empty()) return;
  const bool per_line = options_.timestamps || (!options_.raw && !options_.merge_lines);
  if (per_line)
    append_lines(record.header.stream, record.header.time, payload);
  else
    append_bulk(record.header.stream, payload);
}

void LogOutput::begin_frame(shim::LogStream stream, std::size_t size) {
  std::array<char, frame_header> header{};
  header[0] = static_cast<char>(stream);
  put_length(header.data() + 4, size);
  bytes_.append(header.data(), header.size());
}

/// Whole payloads; neighbours of one stream share a frame.
void LogOutput::append_bulk(shim::LogStream stream, std::string_view payload) {
  if (options_.raw) {
    bytes_.append(payload);
    return;
  }
  if (open_frame_ == std::string::npos || open_stream_ != stream ||
      bytes_.size() - open_frame_ + payload.size() > frame_limit) {
    open_frame_ = bytes_.size();
    open_stream_ = stream;
    begin_frame(stream, 0);
  }
  bytes_.append(payload);
  put_length(bytes_.data() + open_frame_ + 4, bytes_.size() - open_frame_ - frame_header);
}

void LogOutput::append_lines(shim::LogStream stream, std::int64_t time, std::string_view payload) {
  const std::string stamp = options_.timestamps ? log_timestamp(time) : std::string{};
  bool& inside = inside_line_[static_cast<std::size_t>(stream)];
  const bool framed = !options_.raw;
  while (!payload.empty()) {
    const void* line_end = std::memchr(payload.data(), '\n', payload.size());
    const std::size_t size = line_end == nullptr
                                 ? payload.size()
                                 : static_cast<std::size_t>(static_cast<const char*>(line_end) - payload.data()) + 1;
    const std::string_view prefix = inside ? std::string_view{} : std::string_view{stamp};
    if (framed) begin_frame(stream, prefix.size() + size);
    bytes_.append(prefix);
    bytes_.append(payload.data(), size);
    inside = line_end == nullptr;
    payload.remove_prefix(size);
  }
}

}  // namespace stack::engine::container
