#include "compose/yaml_hints.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stack::compose {
namespace {

bool in_key(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/// Whether it looks like one: not what is in a port or a time.
bool is_key(std::string_view text) {
  return std::all_of(text.begin(), text.end(), in_key) && text.find_first_not_of("0123456789.-") != std::string_view::npos;
}

struct Line {
  std::size_t begin;         ///< offset of its first byte
  std::size_t first;         ///< offset of its first byte that is no space
  std::string_view content;  ///< from there, without blanks at the end
};

/// The line that this offset is in.
Line line_at(std::string_view text, std::size_t at) {
  const std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;  // npos + 1 is 0
  const std::size_t end = std::min(text.find('\n', begin), text.size());
  const std::size_t first = std::min(text.find_first_not_of(' ', begin), end);
  std::string_view content = text.substr(first, end - first);
  content = content.substr(0, content.find_last_not_of(" \t\r") + 1);
  return {begin, first, content};
}

/// The nearest line above that says something.
std::optional<Line> line_above(std::string_view text, Line line) {
  while (line.begin > 0) {
    line = line_at(text, line.begin - 1);
    if (!line.content.empty() && line.content.front() != '#') return line;
  }
  return std::nullopt;
}

}  // namespace

std::optional<LikelyCause> conflict_marker(std::string_view text) {
  constexpr std::string_view marker = "<<<<<<< ";
  std::size_t at = 0;
  if (!text.starts_with(marker)) {
    at = text.find("\n" + std::string(marker));
    if (at == std::string_view::npos) return std::nullopt;
    ++at;
  }
  return LikelyCause{at, "git marks a conflict here that nobody has resolved"};
}

std::optional<LikelyCause> cause_in_line_above(std::string_view text, std::size_t colon) {
  const Line line = line_at(text, colon);
  if (line.first > colon || !is_key(text.substr(line.first, colon - line.first))) return std::nullopt;
  const std::optional<Line> above = line_above(text, line);
  if (!above || above->content.ends_with(':')) return std::nullopt;
  if (above->content.starts_with("- "))
    return LikelyCause{line.first, "by its indentation this line goes on with the list's item above"};
  const std::size_t colon_above = above->content.find(':');
  const std::string_view name = above->content.substr(0, colon_above);
  if (!is_key(name)) return std::nullopt;
  if (colon_above == std::string_view::npos)
    return LikelyCause{above->first, fmt::format("a ':' is missing behind '{}'", name)};
  const char behind = above->content[colon_above + 1];
  if (behind != ' ' && behind != '\t')
    return LikelyCause{above->first + colon_above, fmt::format("a space is missing behind the ':' of '{}'", name)};
  if (line.first - line.begin <= above->first - above->begin) return std::nullopt;
  return LikelyCause{line.first,
                     fmt::format("this line is indented deeper than '{}' above it, which has its value already", name)};
}

std::optional<LikelyCause> missing_quote(std::string_view text, std::size_t begin, std::size_t end, std::size_t at) {
  if (end > at) return std::nullopt;
  const std::string_view behind = text.substr(end, at - end);
  if (behind.find('\n') != std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(0, end);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  return LikelyCause{begin, fmt::format("this string goes on to the quote in line {}: its own closing quote is missing", line)};
}

}  // namespace stack::compose
