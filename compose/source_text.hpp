#pragma once
// The bytes of a YAML file as text.
#include <optional>
#include <string>
#include <string_view>

namespace stack::compose {

/// As UTF-8 without a byte order mark: UTF-16 with a mark is converted, a carriage return alone ends a line. Bytes that are no
/// text stay, see bad_character().
std::string utf8_text(std::string_view bytes);

struct BadCharacter {
  std::size_t offset;
  std::string_view why;
};

/// The first byte that is not valid UTF-8, or a character YAML does not allow: a control character other than a tab or line
/// end.
std::optional<BadCharacter> bad_character(std::string_view text);

/// Appends a code point.
void append_utf8(char32_t code, std::string& out);

}  // namespace stack::compose
