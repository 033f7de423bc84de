#include "cli/log_reader.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/output.hpp"

namespace stack::cli {

void warn_of_no_logs(const std::string& container, const Error& error) {
  write_all(STDERR_FILENO, fmt::format("WARNING: Can't retrieve logs for \"{}\": {}\n", container, error.what()));
}

std::string_view TimestampedLines::Line::message() const {
  const std::size_t space = text.find(' ');
  return space == std::string::npos ? std::string_view(text) : std::string_view(text).substr(space + 1);
}

void TimestampedLines::feed(render::Stream stream, std::string_view bytes) {
  std::string& partial = partial_[stream == render::Stream::out ? 0 : 1];
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    partial += bytes.substr(0, newline == std::string_view::npos ? bytes.size() : newline + 1);
    if (newline == std::string_view::npos) return;
    lines_.push_back({.stream = stream, .text = std::move(partial)});
    partial.clear();
    bytes.remove_prefix(newline + 1);
  }
}

void TimestampedLines::end() {
  for (const render::Stream stream : {render::Stream::out, render::Stream::err})
    if (!partial_[stream == render::Stream::out ? 0 : 1].empty()) feed(stream, "\n");
}

TimestampedLines::Line TimestampedLines::take() {
  Line line = std::move(lines_.front());
  lines_.pop_front();
  return line;
}

boost::asio::awaitable<bool> LogReader::fill() {
  const engine::api::StdCopyDecoder::Sink sink = [this](engine::api::StdStream stream, std::string_view bytes) {
    lines_.feed(stream == engine::api::StdStream::out ? render::Stream::out : render::Stream::err, bytes);
  };
  while (lines_.empty() && !ended_) {
    const std::size_t size = co_await stream_.read_some(buffer_);
    const std::string_view bytes(buffer_.data(), size);
    if (size == 0) {
      ended_ = true;
      lines_.end();
    } else if (stream_.multiplexed()) {
      decoder_.feed(bytes, sink);
    } else {
      lines_.feed(render::Stream::out, bytes);
    }
  }
  co_return !lines_.empty();
}

}  // namespace stack::cli
