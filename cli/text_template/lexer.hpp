#pragma once
// A template's text cut into tokens.
#include <string>
#include <string_view>
#include <vector>

namespace stack::cli::text_template {

struct Place {
  std::size_t line = 1, column = 1;
};

enum class TokenKind {
  text,        ///< between actions, trimmed as {{- and -}} ask
  open,        ///< {{
  close,       ///< }}
  word,        ///< a keyword, or the name of a function
  field,       ///< .Name, without the dot
  dot,         ///< the dot alone
  variable,    ///< $name, with the dollar sign
  string,      ///< its value
  number,      ///< as written; a character constant as its number
  pipe,        ///< |
  left,        ///< (
  right,       ///< )
  comma,       ///< ,
  assign,      ///< =
  declare,     ///< :=
  end_of_text  ///< always the last
};

struct Token {
  TokenKind kind;
  std::string text;
  Place place;
  bool spaced = false;  ///< a blank stands before it
};

/// Throws TemplateError.
std::vector<Token> tokens_of(std::string_view text);

}  // namespace stack::cli::text_template
