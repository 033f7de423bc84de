#include "compose/yaml_recovery.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace stack::compose {
namespace {

constexpr int most_steps_back = 4;  ///< from a mistake to one that lies before it: each reads the text once more

struct Line {
  std::size_t begin;
  std::size_t indent;
  bool key;     ///< `name:` begins it
  bool bare;    ///< and nothing stands behind that
  bool marker;  ///< it is "---" or "...": another document begins
};

bool in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

Line read_line(std::string_view text, std::size_t begin) {
  Line line{begin, 0, false, false, false};
  std::size_t at = begin;
  while (at < text.size() && text[at] == ' ') ++at;
  line.indent = at - begin;
  line.marker = text.substr(begin, 3) == "---" || text.substr(begin, 3) == "...";
  const std::size_t name = at;
  while (at < text.size() && in_name(text[at])) ++at;
  if (at == name || at >= text.size() || text[at] != ':') return line;
  const std::size_t rest = text.find_first_not_of(" \t\r", at + 1);
  const bool ends = rest >= text.size() || text[rest] == '\n' || text[rest] == '#';
  line.bare = ends;
  line.key = ends || rest > at + 1;
  return line;
}

struct Range {
  std::size_t begin, end;
};

/// Whether nothing stands behind this quote that cannot: otherwise it was meant as an opening one.
bool closes(std::string_view text, std::size_t behind) {
  const std::size_t next = text.find_first_not_of(" \t\r", behind);
  return next >= text.size() || std::string_view("\n#:,]}").find(text[next]) != std::string_view::npos;
}

/// Texts of several lines, in quotes or as blocks.
class LongTexts : public YamlReceiver {
public:
  explicit LongTexts(std::string_view text) : text_(text) {}

  void take(const YamlEvent& event) override {
    if (event.end <= event.offset || text_.substr(0, event.end).find('\n', event.offset) == std::string_view::npos) return;
    const char last = text_[event.end - 1];
    if ((last != '"' && last != '\'') || closes(text_, event.end)) ranges.push_back({event.offset, event.end});
  }

  std::vector<Range> ranges;

private:
  std::string_view text_;
};

/// Those with something on them other than a comment. No key begins one inside of a longer text, or of a list or mapping in
/// brackets.
std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  LongTexts long_texts(text);
  read_yaml(text, long_texts);
  const std::vector<Range>& texts = long_texts.ranges;
  auto around = texts.begin();
  bool continued = false;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view content = text.substr(0, end);
    const std::size_t first = content.find_first_not_of(" \t\r", begin);
    while (around != texts.end() && around->end <= begin) ++around;
    const bool inside = around != texts.end() && around->begin < begin;
    if (!inside && first < end && text[first] != '#') {
      lines.push_back(read_line(text, begin));
      const char last = content[content.find_last_not_of(" \t\r")];
      if (continued || last == ',') lines.back().key = false;
      continued = last == ',' || last == '[' || last == '{';
    }
    begin = end + 1;
  }
  return lines;
}

/// The entry that this place of the text is in.
std::optional<Range> entry_at(const std::vector<Line>& lines, std::string_view text, std::size_t place) {
  const auto end_of = [&](auto next) { return next == lines.end() ? text.size() : next->begin; };
  const auto behind =
      std::upper_bound(lines.begin(), lines.end(), place, [](std::size_t at, const Line& line) { return at < line.begin; });
  const auto at_margin = [](const Line& line) { return line.marker || (line.indent == 0 && line.key); };
  const auto header = std::find_if(std::make_reverse_iterator(behind), lines.rend(), at_margin);
  if (header == lines.rend() || header->marker) return std::nullopt;
  const auto next_section = std::find_if(behind, lines.end(), at_margin);
  const Range section{header->begin, end_of(next_section)};
  const auto first = header.base();  // the line behind the header
  if (!header->bare || first == lines.end() || first->indent == 0 || !first->key) return section;

  const auto begins_entry = [&](const Line& line) { return line.indent == first->indent && line.key; };
  const auto before_first = std::make_reverse_iterator(first);
  const auto own = std::find_if(std::make_reverse_iterator(behind), before_first, begins_entry);
  if (behind <= first || own == before_first) return section;
  const auto next = std::find_if(behind, next_section, begins_entry);
  return Range{own->begin, end_of(next)};
}

}  // namespace

BrokenPart broken_part(std::string_view text, const YamlFailure& failure) {
  const std::vector<Line> lines = lines_of(text);
  BrokenPart part{failure, text.size(), text.size()};
  for (int step = 0; step < most_steps_back; ++step) {
    const std::optional<Range> entry = entry_at(lines, text, part.failure.offset);
    if (!entry) break;
    // If not even what stands before is right, the mistake is there.
    const std::optional<YamlFailure> earlier = first_failure(text.substr(0, entry->begin));
    if (!earlier) {
      part.begin = entry->begin;
      part.end = entry->end;
      return part;
    }
    if (earlier->offset >= entry->begin || earlier->offset >= part.failure.offset) return part;
    part.failure = *earlier;
  }
  return part;
}

}  // namespace stack::compose
