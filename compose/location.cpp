#include "compose/location.hpp"

#include <algorithm>

namespace stack::compose {
namespace {

/// Offset of the line's first byte, or npos.
std::size_t line_start(const SourceFile& file, int line) {
  std::size_t at = 0;
  for (int passed = 1; passed < line; ++passed) {
    at = file.text.find('\n', at);
    if (at == std::string::npos) return at;
    ++at;
  }
  return at;
}

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

}  // namespace

std::string to_string(const Location& location) {
  if (!location.file) return {};
  std::string text = location.file->name;
  if (location.line <= 0) return text;
  text += ':' + std::to_string(location.line);
  if (location.column <= 0) return text;
  const std::string_view before = source_line(location).substr(0, static_cast<std::size_t>(location.column - 1));
  const auto continued = std::count_if(before.begin(), before.end(), [](char c) { return !starts_character(c); });
  return text + ':' + std::to_string(location.column - continued);
}

std::string_view source_line(const Location& location) {
  if (!location.file || location.line <= 0) return {};
  const std::size_t start = line_start(*location.file, location.line);
  if (start == std::string::npos) return {};
  std::string_view line = std::string_view(location.file->text).substr(start);
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Location place_of(char mark, std::size_t n, const Location& start) {
  if (!start.file || start.line <= 0 || start.column <= 0) return start;
  const std::string_view text = start.file->text;
  Location here = start;
  std::size_t at = line_start(*start.file, start.line);
  if (at == std::string::npos) return start;
  for (at += static_cast<std::size_t>(start.column - 1); at < text.size(); ++at) {
    if (text[at] == mark && n-- == 0) return here;
    if (text[at] == '\n') {
      ++here.line;
      here.column = 1;
    } else {
      ++here.column;
    }
  }
  return start;
}

}  // namespace stack::compose
