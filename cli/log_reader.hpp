#pragma once
// One container's recorded output as timestamped lines, for merging several containers by time.
#include <boost/asio/awaitable.hpp>
#include <deque>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/render/logs.hpp"
#include "engine/api/stdcopy.hpp"
#include "engine/api/streams.hpp"

namespace stack::cli {

/// Cuts what the engine sends with ?timestamps=1 into lines "2026-11-23T11:43:45.538820951Z text\n". Pure; any cut of the
/// input.
class TimestampedLines {
public:
  struct Line {
    render::Stream stream;
    std::string text;  ///< with timestamp and newline

    std::string_view timestamp() const { return std::string_view(text).substr(0, text.find(' ')); }
    std::string_view message() const;  ///< behind the timestamp
  };

  void feed(render::Stream stream, std::string_view bytes);
  void end();  ///< nothing more comes: what has no newline gets one
  bool empty() const { return lines_.empty(); }
  const Line& front() const { return lines_.front(); }
  Line take();

private:
  std::string partial_[2];
  std::deque<Line> lines_;
};

/// "Can't retrieve logs for …": a container whose log driver keeps nothing, beside others.
void warn_of_no_logs(const std::string& container, const Error& error);

/// Lines of one log stream of the engine.
class LogReader {
public:
  LogReader(std::size_t source, engine::api::ResponseStream stream) : source_(source), stream_(std::move(stream)) {}
  /// Makes sure that a line is there; false at the end.
  boost::asio::awaitable<bool> fill();
  TimestampedLines& lines() { return lines_; }
  std::size_t source() const { return source_; }  ///< its number in the LogPrinter

private:
  std::size_t source_;
  engine::api::ResponseStream stream_;
  engine::api::StdCopyDecoder decoder_;
  TimestampedLines lines_;
  std::vector<char> buffer_ = std::vector<char>(64 * 1024);
  bool ended_ = false;
};

}  // namespace stack::cli
