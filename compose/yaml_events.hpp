#pragma once
// The events of a YAML text, one after another, and the words for what is wrong with it. libyaml reads it: docker compose's
// parser is a translation of that one, so a text means the same to both. Only this file's .cpp knows libyaml.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace stack::compose {

struct YamlEvent {
  enum class Kind : std::uint8_t {
    stream_start,
    stream_end,
    document_start,
    document_end,
    alias,
    scalar,
    sequence_start,
    sequence_end,
    mapping_start,
    mapping_end,
  };
  Kind kind = Kind::stream_start;
  std::size_t offset = 0;   ///< of its first byte in the text; of nothing written: right behind what it belongs to
  std::size_t end = 0;      ///< scalars that are not plain: behind the last byte
  std::string_view anchor;  ///< of the node, or the one an alias names
  std::string_view tag;     ///< "!reset", "tag:yaml.org,2002:str" …; "": none
  std::string_view value;   ///< of a scalar
  bool plain = false;       ///< scalars: neither in quotes nor a block
};

struct YamlFailure {
  std::size_t offset;  ///< where the mistake is shown
  std::size_t end;     ///< how far the parser read before it saw that it cannot go on
  std::string text;
};

class YamlEvents {
public:
  /// The text must be valid UTF-8 without bad_character()s, and stay.
  explicit YamlEvents(std::string_view text);
  ~YamlEvents();
  YamlEvents(const YamlEvents&) = delete;
  YamlEvents& operator=(const YamlEvents&) = delete;

  /// The next event, which stays until the following call; null where the text is wrong: see failure(). Not to be called behind
  /// stream_end.
  const YamlEvent* next();
  YamlFailure failure() const;

private:
  struct Parser;
  std::size_t offset_of(std::size_t character);

  std::string_view text_;
  std::unique_ptr<Parser> parser_;
  YamlEvent event_;
  bool ascii_;
  // where the characters before are counted: marks come in order
  std::size_t counted_characters_ = 0, counted_bytes_ = 0;
};

/// What stops the parser first, if anything does.
std::optional<YamlFailure> first_failure(std::string_view text);

}  // namespace stack::compose
