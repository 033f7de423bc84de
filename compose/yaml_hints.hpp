#pragma once
// Where the parser stops is often not where the mistake is. Looks for what people are likely to have done.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stack::compose {

struct LikelyCause {
  std::size_t offset;  ///< of the mistake
  std::string text;
};

/// The first line that git marks a conflict with.
std::optional<LikelyCause> conflict_marker(std::string_view text);

/// For a ':' that cannot stand where it does, at offset `colon`: a mistake in the line above that makes this line a part of it.
std::optional<LikelyCause> cause_in_line_above(std::string_view text, std::size_t colon);

/// For a mistake at offset `at`, behind a text in quotes that goes over several lines, from `begin` to `end`: that its closing
/// quote is missing, so that it goes on to the next opening one.
std::optional<LikelyCause> missing_quote(std::string_view text, std::size_t begin, std::size_t end, std::size_t at);

}  // namespace stack::compose
