#include "cli/render/source_excerpt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>

#include "cli/render/color.hpp"

namespace stack::cli::render {
namespace {

constexpr std::size_t widest = 160;  ///< characters shown of a line

struct Place {
  std::string file;
  int line = 0;
  int column = 0;  ///< 0: not told
};

/// "7:" at the front, taken away.
int take_number(std::string_view& text) {
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end == text.data() + text.size() || *end != ':' || number <= 0) return 0;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return number;
}

std::optional<Place> place_in(std::string_view message) {
  for (std::size_t colon = message.find(':'); colon != std::string_view::npos; colon = message.find(':', colon + 1)) {
    std::string_view rest = message.substr(colon + 1);
    Place place{std::string(message.substr(0, colon)), take_number(rest), 0};
    if (place.line == 0) continue;
    place.column = take_number(rest);
    if (rest.starts_with(' ')) return place;
  }
  return std::nullopt;
}

std::optional<std::string> line_of(const Place& place) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(place.file, ignored)) return std::nullopt;
  std::ifstream stream(place.file);
  std::string line;
  for (int number = 0; number < place.line; ++number)
    if (!std::getline(stream, line)) return std::nullopt;
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

/// Control characters would move the caret, or worse.
std::string printable(std::string line) {
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return line;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string excerpt(const Place& place, bool color) {
  const std::optional<std::string> line = line_of(place);
  if (!line || characters(*line) > widest) return {};
  const std::string number = std::to_string(place.line);
  std::string out = fmt::format("\n  {} | {}", number, printable(*line));
  if (place.column <= 0 || static_cast<std::size_t>(place.column) > characters(*line) + 1) return out;
  return out + fmt::format("\n  {:{}} | {:{}}{}", "", number.size(), "", place.column - 1, paint(color, red, "^"));
}

}  // namespace

std::string with_excerpts(std::string_view error, bool color) {
  std::string out;
  while (true) {
    const std::size_t end = error.find('\n');
    const std::string_view line = error.substr(0, end);
    out += paint(color, red, line);
    if (const std::optional<Place> place = place_in(line)) out += excerpt(*place, color);
    if (end == std::string_view::npos) return out;
    out += '\n';
    error.remove_prefix(end + 1);
  }
}

}  // namespace stack::cli::render
