#include "cli/render/logs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/output.hpp"
#include "cli/render/color.hpp"
#include "cli/render/table.hpp"

namespace stack::cli::render {
namespace {
constexpr std::size_t write_above = 64 * 1024;     ///< bytes buffered before a write
constexpr std::size_t longest_line = 1024 * 1024;  ///< a longer line is printed in parts
}  // namespace

std::size_t LogPrinter::add(std::string name) {
  const auto known = std::find_if(sources_.begin(), sources_.end(), [&](const Source& source) { return source.name == name; });
  if (known != sources_.end()) return static_cast<std::size_t>(known - sources_.begin());
  width_ = std::max(width_, display_width(name));
  sources_.push_back({.name = std::move(name), .prefix = {}, .partial = {}});
  align();
  return sources_.size() - 1;
}

void LogPrinter::align() {
  if (!options_.prefix) return;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    Source& source = sources_[i];
    source.prefix = paint(options_.color, service_color(i),
                          fmt::format("{}{:{}}  | ", source.name, "", width_ - display_width(source.name)));
  }
}

/// One buffer serves both streams while they go to one place; otherwise a change of stream writes it out, to keep the order.
std::string& LogPrinter::buffer_for(Stream stream) {
  if (stream != buffered_ && options_.out_fd != options_.err_fd) write_buffer();
  buffered_ = stream;
  return buffer_;
}

void LogPrinter::write_buffer() {
  const int fd = buffered_ == Stream::out ? options_.out_fd : options_.err_fd;
  if (!buffer_.empty() && !(options_.output ? options_.output(fd, buffer_) : write_all(fd, buffer_))) reader_gone_ = true;
  buffer_.clear();
}

void LogPrinter::put_line(const Source& source, std::string& buffer, std::string_view head, std::string_view line) const {
  buffer += source.prefix;
  buffer += head;
  buffer += line;
}

void LogPrinter::write(std::size_t index, Stream stream, std::string_view bytes) {
  Source& source = sources_[index];
  std::string& partial = source.partial[stream == Stream::out ? 0 : 1];
  std::string& buffer = buffer_for(stream);
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    if (newline == std::string_view::npos) {
      partial += bytes;
      if (partial.size() > longest_line) {
        put_line(source, buffer, partial, "\n");
        partial.clear();
      }
      break;
    }
    put_line(source, buffer, partial, bytes.substr(0, newline + 1));
    partial.clear();
    bytes.remove_prefix(newline + 1);
    if (buffer.size() > write_above) write_buffer();
  }
}

void LogPrinter::finish(std::size_t index) {
  Source& source = sources_[index];
  for (const Stream stream : {Stream::out, Stream::err}) {
    std::string& partial = source.partial[stream == Stream::out ? 0 : 1];
    if (partial.empty()) continue;
    put_line(source, buffer_for(stream), partial, "\n");
    partial.clear();
  }
}

void LogPrinter::note(std::size_t index, std::string_view text) {
  std::string& buffer = buffer_for(Stream::out);
  buffer += paint(options_.color, service_color(index), text);
  buffer += '\n';
}

bool LogPrinter::flush() {
  write_buffer();
  return !reader_gone_;
}

}  // namespace stack::cli::render
