#pragma once
// The events of a YAML text, one after another, and the words for what is wrong with it. yaml-cpp reads it; what it lets pass
// and should not is refused here. Only this file's .cpp knows yaml-cpp.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stack::compose {

struct YamlEvent {
  enum class Kind : std::uint8_t { document_start, alias, scalar, sequence_start, sequence_end, mapping_start, mapping_end };
  Kind kind;
  std::size_t offset = 0;  ///< of its first byte in the text; of a value that is not written: of what comes next
  std::size_t end = 0;     ///< scalars that are not plain: behind the last byte
  std::size_t anchor = 0;  ///< of the node, or the one an alias names; counted from 1 in each document; 0: none
  std::string_view tag;    ///< "!reset", "tag:yaml.org,2002:str" …; "": none
  std::string_view value;  ///< of a scalar
  bool plain = false;      ///< scalars: neither in quotes nor a block
  bool flow = false;       ///< lists and mappings: in brackets
};

/// Takes the events; what it throws comes out of read_yaml().
class YamlReceiver {
public:
  virtual ~YamlReceiver() = default;
  virtual void take(const YamlEvent& event) = 0;
};

struct YamlFailure {
  enum class Kind : std::uint8_t { syntax, unknown_alias };
  Kind kind = Kind::syntax;
  std::size_t offset = 0;  ///< where the mistake is shown
  std::size_t end = 0;     ///< where the parser was when it saw that it cannot go on
  std::string text;
};

/// Reads the whole text, which must be valid UTF-8 without bad_character()s; or up to what stops the parser.
std::optional<YamlFailure> read_yaml(std::string_view text, YamlReceiver& receiver);

/// What stops the parser first, if anything does.
std::optional<YamlFailure> first_failure(std::string_view text);

}  // namespace stack::compose
