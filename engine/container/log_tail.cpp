#include "engine/container/log_tail.hpp"

namespace stack::engine::container {

namespace {

/// How far before the last line of one stream the beginning of a line of the other is looked for.
constexpr std::uint64_t look_back = 4 * 1024 * 1024;

/// Walks back line end by line end; the end after the last one wanted is where a stream begins.
class TailSearch {
public:
  TailSearch(const LogOptions& options, LogPosition end) : options_(options), wanted_(*options.tail) {
    streams_[0].wanted = options.out;
    streams_[1].wanted = options.err;
    for (auto& stream : streams_) {
      stream.found = !stream.wanted || wanted_ == 0;
      if (stream.found) stream.start = end;
    }
  }

  /// False: nothing further back is needed.
  bool visit(const LogRecord& record, LogPosition at) {
    if (options_.until && record.header.time > *options_.until) return true;
    if (options_.since && record.header.time < *options_.since) {
      settle(at, record.payload.size());
      return false;
    }
    Stream& stream = streams_[record.header.stream == shim::LogStream::err ? 1 : 0];
    if (!stream.found) count_lines(stream, record, at);
    if (lines_ < wanted_) return true;
    for (auto& other : streams_)
      if (!other.seen && !other.found)
        settle_stream(other, at, record.payload.size());  // nothing of it is among the last lines
    looked_back_ += record.payload.size();
    if (looked_back_ > look_back) settle(at, 0);
    return !(streams_[0].found && streams_[1].found);
  }

  LogStart result() const { return {streams_[0].start, streams_[1].start}; }

private:
  struct Stream {
    bool wanted = false;
    bool seen = false;
    bool found = false;
    LogPosition start;  // the beginning of the log unless found
  };

  void count_lines(Stream& stream, const LogRecord& record, LogPosition at) {
    std::string_view rest = record.payload;
    const bool last_of_stream = !std::exchange(stream.seen, true);
    if (last_of_stream && rest.back() != '\n') ++lines_;  // a line that has no end yet
    for (;;) {
      const auto line_end = rest.rfind('\n');
      if (line_end == std::string_view::npos) return;
      if (lines_ == wanted_) {
        settle_stream(stream, at, line_end + 1);
        return;
      }
      ++lines_;
      rest = rest.substr(0, line_end);
    }
  }

  void settle_stream(Stream& stream, LogPosition at, std::size_t skip) {
    stream.found = true;
    stream.start = at;
    stream.start.skip = skip;
  }
  void settle(LogPosition at, std::size_t skip) {
    for (auto& stream : streams_)
      if (!stream.found) settle_stream(stream, at, skip);
  }

  const LogOptions& options_;
  const std::uint64_t wanted_;
  std::uint64_t lines_ = 0;
  std::uint64_t looked_back_ = 0;
  std::array<Stream, 2> streams_;
};

}  // namespace

LogStart find_tail(const std::deque<LogFile>& files, const LogOptions& options) {
  if (files.empty()) return {};
  TailSearch search(options, {files.size() - 1, end_of_records(files.back()), 0});
  if (*options.tail == 0) return search.result();
  for (std::size_t file = files.size(); file-- > 0;) {
    const bool go_on = for_each_record_backward(files[file], [&](const LogRecord& record, std::uint64_t offset) {
      return search.visit(record, {file, offset, 0});
    });
    if (!go_on) break;
  }
  return search.result();
}

}  // namespace stack::engine::container
