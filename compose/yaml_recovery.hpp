#pragma once
// After a syntax error: which part of a compose file it spoils, so that the rest can be read on its own.
#include <cstddef>
#include <string_view>

#include "compose/yaml_events.hpp"

namespace stack::compose {

struct BrokenPart {
  YamlFailure failure;     ///< the mistake itself: maybe one that the parser noticed too late, like a quote left open
  std::size_t begin, end;  ///< what to leave out; nothing: the rest cannot be told from it
};

/// What to leave out is an entry of the file, or of one of its sections like `services`. An entry begins with a key at the left
/// margin, or at the indentation of the first one below such a key.
BrokenPart broken_part(std::string_view text, const YamlFailure& failure);

}  // namespace stack::compose
