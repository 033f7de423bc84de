#include "compose/yaml_events.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <istream>
#include <streambuf>
#include <vector>

#include "compose/source_text.hpp"
#include "compose/yaml_hints.hpp"

namespace stack::compose {
namespace {

constexpr std::string_view tab = "a tab in the indentation; YAML takes spaces only";

/// The parser's messages in our words.
struct Words {
  std::string_view message, shown;
};
const std::array table{
    Words{YAML::ErrorMsg::TAB_IN_INDENTATION, tab},
    Words{YAML::ErrorMsg::END_OF_MAP, "this line is indented otherwise than the keys it belongs to, or its ':' is missing"},
    Words{YAML::ErrorMsg::END_OF_SEQ, "this line is indented otherwise than the list it belongs to, or its '-' is missing"},
    Words{YAML::ErrorMsg::END_OF_MAP_FLOW, "this mapping has no closing }, or a ',' is missing before here"},
    Words{YAML::ErrorMsg::END_OF_SEQ_FLOW, "this list has no closing ], or a ',' is missing before here"},
    Words{YAML::ErrorMsg::MAP_VALUE,
          "a ':' cannot stand here: put quotes around a text with ': ' in it, or check the indentation"},
    Words{YAML::ErrorMsg::MAP_KEY, "a key cannot stand here: check the indentation"},
    Words{YAML::ErrorMsg::BLOCK_ENTRY, "a '- ' cannot stand here: check the indentation"},
    Words{YAML::ErrorMsg::FLOW_END, "this bracket closes nothing"},
    Words{YAML::ErrorMsg::UNKNOWN_TOKEN, "a value cannot start with this character; put quotes around it"},
    Words{YAML::ErrorMsg::UNKNOWN_ANCHOR, "this alias names an anchor that is not defined before it"},
    Words{YAML::ErrorMsg::ALIAS_NOT_FOUND, "a name must follow '*'; put quotes around the value if no alias is meant"},
    Words{YAML::ErrorMsg::ANCHOR_NOT_FOUND, "a name must follow '&'; put quotes around the value if no anchor is meant"},
    Words{YAML::ErrorMsg::EOF_IN_SCALAR, "this string does not end"},
    Words{YAML::ErrorMsg::DOC_IN_SCALAR, "a string does not end before the next document"},
    Words{YAML::ErrorMsg::INVALID_ESCAPE, "there is no such escape; write \\\\ for a backslash, or use single quotes"},
    Words{YAML::ErrorMsg::INVALID_HEX,
          "this escape needs more hexadecimal digits; write \\\\ for a backslash, or use single quotes"},
};

class ViewBuffer : public std::streambuf {
public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

/// What the parser gives the escapes \_ and \N as are single bytes, which are no UTF-8. What else bad_character() minds is
/// meant: it was written as an escape.
std::string with_whole_characters(std::string_view value) {
  std::string out;
  std::size_t pending = 0;  // bytes that belong to the character begun last
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >> 6 != 2) {
      pending = byte >> 5 == 6 ? 1 : byte >> 4 == 14 ? 2 : byte >> 3 == 30 ? 3 : 0;
    } else if (pending == 0) {
      append_utf8(byte, out);
      continue;
    } else {
      --pending;
    }
    out += c;
  }
  return out;
}

/// A text behind `|` or `>`.
struct Block {
  std::size_t end;          ///< behind its last line that is not blank, or its header
  std::size_t line_ends;    ///< from there on
  bool folded, keeps_ends;  ///< `>`; `+`
};

/// `at`: of the indicator.
Block read_block(std::string_view text, std::size_t at) {
  Block block{text.size(), 0, text[at] == '>', false};
  std::size_t line = std::min(text.find('\n', at), text.size());
  block.keeps_ends = text.substr(at, std::min(line, text.find_first_of(" \t", at)) - at).find('+') != std::string_view::npos;
  block.end = line;
  std::size_t indent = 0;  // of its first line
  while (line < text.size()) {
    const std::size_t begin = line + 1;
    line = std::min(text.find('\n', begin), text.size());
    const std::size_t first = std::min(text.find_first_not_of(' ', begin), text.size());
    const bool blank = text.find_first_not_of(" \t\r", begin) >= line;
    if (!blank && (first - begin < std::max<std::size_t>(indent, 1) || first - begin == 0)) break;
    if (blank) {
      if (begin < text.size() && line < text.size()) ++block.line_ends;
      continue;
    }
    if (indent == 0) indent = first - begin;
    block.end = line;
    block.line_ends = line < text.size() ? 1 : 0;
  }
  return block;
}

/// Hands the parser's events on, and refuses what it lets pass.
class Handler : public YAML::EventHandler {
public:
  struct Stop {
    YamlFailure failure;
  };

  Handler(std::string_view text, YamlReceiver& receiver) : text_(text), receiver_(receiver) {}

  /// What cannot begin a document, like a ',', stays where it is: the parser would find empty documents there for ever.
  void OnDocumentStart(const YAML::Mark& mark) override {
    const YamlEvent event = event_at(YamlEvent::Kind::document_start, mark);
    if (document_ == event.offset)
      throw Stop{
          {YamlFailure::Kind::syntax, event.offset, event.offset, "this cannot stand here: it belongs to nothing before it"}};
    document_ = event.offset;
    receiver_.take(event);
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlEvent event = event_at(YamlEvent::Kind::scalar, mark);
    event.anchor = anchor;
    event.plain = true;
    receiver_.take(event);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlEvent event = event_at(YamlEvent::Kind::alias, mark);
    event.anchor = anchor;
    receiver_.take(event);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    YamlEvent event = event_at(YamlEvent::Kind::scalar, mark);
    event.anchor = anchor;
    event.tag = written_tag(tag);
    event.value = value;
    event.plain = tag == "?";
    std::string changed;
    if (!event.plain) {
      const std::size_t start = behind_properties(event.offset);
      const char first = start < text_.size() ? text_[start] : '\0';
      event.plain = first != '"' && first != '\'' && first != '|' && first != '>';
      if (first == '"' || first == '\'') {
        event.end = behind_quote(start);
        if (text_.substr(0, event.end).find('\n', start) != std::string_view::npos) long_quote_ = Quote{start, event.end};
        if (bad_character(value)) event.value = changed = with_whole_characters(value);
      } else if (!event.plain) {
        const Block block = read_block(text_, start);
        event.end = block.end;
        // The parser loses the last line end of a folded text that keeps them.
        if (block.folded && block.keeps_ends) {
          changed = value.substr(0, value.find_last_not_of('\n') + 1) + std::string(block.line_ends, '\n');
          event.value = changed;
        }
      }
    }
    receiver_.take(event);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    begin(YamlEvent::Kind::sequence_start, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { end(YamlEvent::Kind::sequence_end); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    begin(YamlEvent::Kind::mapping_start, mark, tag, anchor, style);
  }
  void OnMapEnd() override { end(YamlEvent::Kind::mapping_end); }

  YamlFailure failure(const YAML::Exception& error) const {
    const std::size_t end = offset_of(error.mark);
    const std::size_t line = text_.rfind('\n', end == 0 ? 0 : end - 1) + 1;  // npos + 1 is 0
    const std::size_t begin = std::min(line, end);
    const std::size_t margin = text_.find_first_not_of(" \t", begin);
    if (const std::size_t at = text_.substr(0, margin).find('\t', begin);
        at != std::string_view::npos && margin < text_.size() && text_[margin] != '\n' && text_[margin] != '\r')
      return {YamlFailure::Kind::syntax, at, at, std::string(tab)};
    const std::string_view message = error.msg;
    if (const auto cause = likely_cause(message, end)) return {YamlFailure::Kind::syntax, cause->offset, end, cause->text};
    const bool in_brackets = message == YAML::ErrorMsg::END_OF_MAP_FLOW || message == YAML::ErrorMsg::END_OF_SEQ_FLOW;
    if (in_brackets && !open_brackets_.empty() && text_.find_first_not_of(" \t\r\n", end) == std::string_view::npos)
      return {YamlFailure::Kind::syntax, open_brackets_.back(), end,
              fmt::format("what begins here has no closing {}", text_[open_brackets_.back()] == '[' ? ']' : '}')};
    const auto words = std::find_if(table.begin(), table.end(), [&](const Words& w) { return message.starts_with(w.message); });
    const bool alias = message == YAML::ErrorMsg::UNKNOWN_ANCHOR;
    return {alias ? YamlFailure::Kind::unknown_alias : YamlFailure::Kind::syntax, end, end,
            std::string(words == table.end() ? message : words->shown)};
  }

private:
  struct Quote {
    std::size_t begin, end;
  };

  std::optional<LikelyCause> likely_cause(std::string_view message, std::size_t at) const {
    if (message == YAML::ErrorMsg::UNKNOWN_ANCHOR) return std::nullopt;
    if (auto cause = conflict_marker(text_)) return cause;
    if (long_quote_)
      if (auto cause = missing_quote(text_, long_quote_->begin, long_quote_->end, at)) return cause;
    if (message == YAML::ErrorMsg::MAP_VALUE) return cause_in_line_above(text_, at);
    return std::nullopt;
  }

  static std::string_view written_tag(std::string_view tag) { return tag == "?" || tag == "!" ? std::string_view() : tag; }

  std::size_t offset_of(const YAML::Mark& mark) const {
    return mark.pos < 0 ? text_.size() : std::min(static_cast<std::size_t>(mark.pos), text_.size());
  }

  YamlEvent event_at(YamlEvent::Kind kind, const YAML::Mark& mark) const {
    YamlEvent event{kind};
    event.offset = offset_of(mark);
    return event;
  }

  void begin(YamlEvent::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
             YAML::EmitterStyle::value style) {
    YamlEvent event = event_at(kind, mark);
    event.anchor = anchor;
    event.tag = written_tag(tag);
    event.flow = style == YAML::EmitterStyle::Flow;
    // A single pair in a list is a mapping without brackets.
    const std::size_t start = event.flow ? behind_properties(event.offset) : text_.size();
    const bool brackets = start < text_.size() && (text_[start] == '[' || text_[start] == '{');
    if (brackets) open_brackets_.push_back(start);
    in_brackets_.push_back(brackets);
    receiver_.take(event);
  }

  void end(YamlEvent::Kind kind) {
    if (in_brackets_.back()) open_brackets_.pop_back();
    in_brackets_.pop_back();
    receiver_.take(YamlEvent{kind});
  }

  /// Behind the tag and the anchor of a node.
  std::size_t behind_properties(std::size_t at) const {
    while (at < text_.size() && (text_[at] == '!' || text_[at] == '&')) {
      while (at < text_.size() && static_cast<unsigned char>(text_[at]) > ' ') ++at;
      at = std::min(text_.find_first_not_of(" \t\r\n", at), text_.size());
    }
    return at;
  }

  /// The parser takes the end of the file for a closing quote.
  std::size_t behind_quote(std::size_t start) const {
    const char quote = text_[start];
    for (std::size_t at = start + 1; at < text_.size(); ++at) {
      if (quote == '"' && text_[at] == '\\') {
        ++at;
      } else if (text_[at] == quote) {
        if (quote == '"' || at + 1 >= text_.size() || text_[at + 1] != '\'') return at + 1;
        ++at;
      }
    }
    throw Stop{{YamlFailure::Kind::syntax, start, start, fmt::format("this string has no closing {}", quote)}};
  }

  std::string_view text_;
  YamlReceiver& receiver_;
  std::optional<Quote> long_quote_;         ///< the last text in quotes that goes over several lines
  std::optional<std::size_t> document_;     ///< where the last one begins
  std::vector<bool> in_brackets_;           ///< of each list and mapping that is not complete
  std::vector<std::size_t> open_brackets_;  ///< where they are
};

class Nobody : public YamlReceiver {
public:
  void take(const YamlEvent&) override {}
};

}  // namespace

std::optional<YamlFailure> read_yaml(std::string_view text, YamlReceiver& receiver) {
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  Handler handler(text, receiver);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(handler)) {
    }
  } catch (const YAML::Exception& error) {
    return handler.failure(error);
  } catch (const Handler::Stop& stop) {
    return stop.failure;
  }
  return std::nullopt;
}

std::optional<YamlFailure> first_failure(std::string_view text) {
  Nobody nobody;
  return read_yaml(text, nobody);
}

}  // namespace stack::compose
