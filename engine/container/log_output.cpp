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

/// Many records share their second: then only the decimals are written anew.
std::string_view LogOutput::stamp(std::int64_t time) {
  constexpr std::int64_t second = 1'000'000'000;
  constexpr std::size_t last_decimal = 28;  // of "2026-01-02T03:04:05.000000006Z "
  if (stamp_.empty() || time < 0 || time / second != stamp_second_) {
    stamp_ = log_timestamp(time);
    stamp_second_ = time / second;
    return stamp_;
  }
  std::int64_t rest = time % second;
  for (std::size_t digit = 0; digit < 9; ++digit, rest /= 10) stamp_[last_decimal - digit] = static_cast<char>('0' + rest % 10);
  return stamp_;
}

void LogOutput::clear() {
  bytes_.clear();
  open_frame_ = std::string::npos;
}

void LogOutput::append(const LogRecord& record, std::string_view payload) {
  const shim::LogStream stream = record.header.stream;
  if (!options_.timestamps && (options_.raw || options_.merge_lines)) {
    append_piece(stream, {}, payload);
    return;
  }
  const std::string_view stamp = options_.timestamps ? this->stamp(record.header.time) : std::string_view{};
  bool& inside = inside_line_[static_cast<std::size_t>(stream)];
  while (!payload.empty()) {
    const auto line_end = payload.find('\n');
    const std::string_view line = payload.substr(0, line_end == std::string_view::npos ? line_end : line_end + 1);
    append_piece(stream, inside ? std::string_view{} : stamp, line);
    inside = line_end == std::string_view::npos;
    payload.remove_prefix(line.size());
  }
}

/// Appends, in a frame of its own or, where lines may be merged, in one with what came before from the same stream.
void LogOutput::append_piece(shim::LogStream stream, std::string_view prefix, std::string_view text) {
  const std::size_t size = prefix.size() + text.size();
  if (size == 0) return;
  if (!options_.raw) {
    const bool fits = options_.merge_lines && open_frame_ != std::string::npos && open_stream_ == stream &&
                      bytes_.size() - open_frame_ + size <= frame_limit;
    if (!fits) begin_frame(stream);
  }
  bytes_.append(prefix);
  bytes_.append(text);
  if (!options_.raw) put_length(bytes_.data() + open_frame_ + 4, bytes_.size() - open_frame_ - frame_header);
}

void LogOutput::begin_frame(shim::LogStream stream) {
  open_frame_ = bytes_.size();
  open_stream_ = stream;
  std::array<char, frame_header> header{};
  header[0] = static_cast<char>(stream);
  bytes_.append(header.data(), header.size());
}

}  // namespace stack::engine::container
