#include "compose/yaml_events.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <array>
#include <new>

namespace stack::compose {
namespace {

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::string_view view(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}

std::string_view view(const yaml_char_t* text, std::size_t length) { return {reinterpret_cast<const char*>(text), length}; }

YamlEvent::Kind kind_of(yaml_event_type_t type) {
  switch (type) {
    case YAML_STREAM_END_EVENT: return YamlEvent::Kind::stream_end;
    case YAML_DOCUMENT_START_EVENT: return YamlEvent::Kind::document_start;
    case YAML_DOCUMENT_END_EVENT: return YamlEvent::Kind::document_end;
    case YAML_ALIAS_EVENT: return YamlEvent::Kind::alias;
    case YAML_SCALAR_EVENT: return YamlEvent::Kind::scalar;
    case YAML_SEQUENCE_START_EVENT: return YamlEvent::Kind::sequence_start;
    case YAML_SEQUENCE_END_EVENT: return YamlEvent::Kind::sequence_end;
    case YAML_MAPPING_START_EVENT: return YamlEvent::Kind::mapping_start;
    case YAML_MAPPING_END_EVENT: return YamlEvent::Kind::mapping_end;
    default: return YamlEvent::Kind::stream_start;
  }
}

constexpr std::string_view tab = "a tab in the indentation; YAML takes spaces only";
constexpr std::string_view indentation = "this line is indented otherwise than the keys it belongs to, or its ':' is missing";

/// libyaml's problems in our words. An empty context fits all; `at_context`: the mistake is where that begins.
struct Words {
  std::string_view context, problem, shown;
  bool at_context = false;
};
constexpr std::array table{
    Words{"", "did not find expected key", indentation},
    Words{"", "could not find expected ':'", indentation, true},
    Words{"", "did not find expected '-' indicator",
          "this line is indented otherwise than the list it belongs to, or its '-' is missing"},
    Words{"", "did not find expected ',' or '}'", "this mapping has no closing }, or a ',' is missing before here"},
    Words{"", "did not find expected ',' or ']'", "this list has no closing ], or a ',' is missing before here"},
    Words{"", "mapping values are not allowed in this context",
          "a ':' cannot stand here: put quotes around a text with ': ' in it, or check the indentation"},
    Words{"", "mapping keys are not allowed in this context", "a key cannot stand here: check the indentation"},
    Words{"", "block sequence entries are not allowed in this context", "a '- ' cannot stand here: check the indentation"},
    Words{"", "found unexpected ':'", "a ':' cannot stand here: put quotes around a text with ':' in it"},
    Words{"", "found character that cannot start any token", "a value cannot start with this character; put quotes around it"},
    Words{"", "did not find expected node content", "a value is missing here"},
    Words{"while scanning an alias", "did not find expected alphabetic or numeric character",
          "a name must follow '*'; put quotes around the value if no alias is meant", true},
    Words{"while scanning an anchor", "did not find expected alphabetic or numeric character",
          "a name must follow '&'; put quotes around the value if no anchor is meant", true},
    Words{"", "found unexpected end of stream", "this string does not end", true},
    Words{"", "found unexpected document indicator", "this string does not end before the next document", true},
    Words{"", "found unknown escape character", "there is no such escape; write \\\\ for a backslash, or use single quotes"},
    Words{"", "did not find expected hexdecimal number", "this escape needs more hexadecimal digits"},
    Words{"", "found invalid Unicode character escape code", "this escape is no character of Unicode"},
    Words{"while scanning a block scalar", "did not find expected comment or line break",
          "behind | or > the text must begin on a line of its own"},
    Words{"", "found an indentation indicator equal to 0", "behind | or > an indentation of 0 is not possible"},
    Words{"", "found a tab character where an indentation space is expected", tab},
    Words{"", "found a tab character that violates indentation", tab},
    Words{"", "found undefined tag handle", "the handle of this tag is not defined", true},
    Words{"", "did not find expected whitespace or line break", "a space is missing behind this tag", true},
    Words{"", "found incompatible YAML document", "a version of YAML that is not known; 1.1 and 1.2 are"},
    Words{"", "did not find expected <document start>",
          "this belongs to nothing before it: check the indentation, or begin a document with '---'"},
};

}  // namespace

struct YamlEvents::Parser {
  yaml_parser_t state{};
  yaml_event_t event{};

  explicit Parser(std::string_view text) {
    if (yaml_parser_initialize(&state) == 0) throw std::bad_alloc();
    yaml_parser_set_encoding(&state, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&state, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Parser() {
    yaml_event_delete(&event);
    yaml_parser_delete(&state);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
};

YamlEvents::YamlEvents(std::string_view text)
    : text_(text),
      parser_(std::make_unique<Parser>(text)),
      ascii_(std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {}

YamlEvents::~YamlEvents() = default;

/// libyaml counts characters.
std::size_t YamlEvents::offset_of(std::size_t character) {
  if (ascii_) return std::min(character, text_.size());
  if (character < counted_characters_) counted_characters_ = counted_bytes_ = 0;
  while (counted_characters_ < character && counted_bytes_ < text_.size()) {
    ++counted_bytes_;
    while (counted_bytes_ < text_.size() && continues_character(text_[counted_bytes_])) ++counted_bytes_;
    ++counted_characters_;
  }
  return counted_bytes_;
}

const YamlEvent* YamlEvents::next() {
  yaml_event_t& event = parser_->event;
  yaml_event_delete(&event);
  if (yaml_parser_parse(&parser_->state, &event) == 0) {
    if (parser_->state.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
    return nullptr;
  }
  event_ = {};
  event_.kind = kind_of(event.type);
  event_.offset = offset_of(event.start_mark.index);
  if (event.type == YAML_SCALAR_EVENT) {
    const auto& scalar = event.data.scalar;
    event_.anchor = view(scalar.anchor);
    event_.tag = view(scalar.tag);
    event_.value = view(scalar.value, scalar.length);
    event_.plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (!event_.plain) event_.end = offset_of(event.end_mark.index);
  } else if (event.type == YAML_SEQUENCE_START_EVENT) {
    event_.anchor = view(event.data.sequence_start.anchor);
    event_.tag = view(event.data.sequence_start.tag);
  } else if (event.type == YAML_MAPPING_START_EVENT) {
    event_.anchor = view(event.data.mapping_start.anchor);
    event_.tag = view(event.data.mapping_start.tag);
  } else if (event.type == YAML_ALIAS_EVENT) {
    event_.anchor = view(event.data.alias.anchor);
  }
  return &event_;
}

YamlFailure YamlEvents::failure() const {
  const yaml_parser_t& state = parser_->state;
  YamlEvents counter(text_);  // marks of contexts lie before
  const std::size_t end = state.error == YAML_READER_ERROR ? std::min(state.problem_offset, text_.size())
                                                           : counter.offset_of(state.problem_mark.index);
  const std::size_t line = text_.rfind('\n', end == 0 ? 0 : end - 1) + 1;  // npos + 1 is 0
  const std::size_t margin = std::min(text_.find_first_not_of(" \t", std::min(line, end)), text_.size());
  if (const std::size_t at = text_.substr(0, margin).find('\t', std::min(line, end));
      at != std::string_view::npos && margin < text_.size() && text_[margin] != '\n')
    return {at, end, std::string(tab)};

  const std::string_view problem = state.problem == nullptr ? "" : state.problem;
  const std::string_view context = state.context == nullptr ? "" : state.context;
  for (const Words& words : table) {
    if (problem != words.problem || (!words.context.empty() && context != words.context)) continue;
    const std::size_t at = words.at_context && !context.empty() ? counter.offset_of(state.context_mark.index) : end;
    const bool behind_all = text_.find_first_not_of(" \t\r\n", end) == std::string_view::npos;
    if (behind_all && context.starts_with("while parsing a flow")) {
      const std::size_t opening = counter.offset_of(state.context_mark.index);
      return {opening, end,
              fmt::format("what begins here has no closing {}", text_.substr(opening).starts_with('[') ? ']' : '}')};
    }
    if (problem == "found unexpected end of stream" && at < text_.size() && (text_[at] == '"' || text_[at] == '\''))
      return {at, end, fmt::format("this string has no closing {}", text_[at])};
    if (problem == "did not find expected node content" && at < text_.size() && text_[at] == ',')
      return {at, end, "an item is missing before ',' in this list"};
    return {at, end, std::string(words.shown)};
  }
  return {end, end, std::string(problem)};
}

std::optional<YamlFailure> first_failure(std::string_view text) {
  YamlEvents events(text);
  while (const YamlEvent* event = events.next())
    if (event->kind == YamlEvent::Kind::stream_end) return std::nullopt;
  return events.failure();
}

}  // namespace stack::compose
