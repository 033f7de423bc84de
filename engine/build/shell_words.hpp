#pragma once
// The small part of shell syntax that Dockerfiles have outside RUN: quotes, escapes and variables.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stack::engine::build {

/// The value of a variable; empty optional: unset.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

/// Removes quotes and replaces $V, ${V}, ${V:-x}, ${V-x}, ${V:+x}, ${V+x}, ${V:?x}, ${V?x}, ${V#p}, ${V##p}, ${V%p}, ${V%%p},
/// ${V/p/r}, ${V//p/r}. Throws invalid_argument.
std::string expand_word(std::string_view word, const Variables& variables, char escape);
/// A here-document: variables and escapes as above, quotes are ordinary text.
std::string expand_document(std::string_view text, const Variables& variables, char escape);
/// As expand_word, and unquoted blanks (those of variables' values too) separate words.
std::vector<std::string> expand_words(std::string_view text, const Variables& variables, char escape);

/// Splits at unquoted blanks, keeping quotes and escapes as written (they are for expand_word).
std::vector<std::string> split_words(std::string_view text, char escape);
/// Splits at blanks, whatever is quoted.
std::vector<std::string> split_blanks(std::string_view text);

}  // namespace stack::engine::build
