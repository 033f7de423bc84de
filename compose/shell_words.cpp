#include "compose/shell_words.hpp"

#include <utility>

#include "base/error.hpp"

namespace stack::compose {

namespace {

constexpr std::string_view parenthesis =
    "a parenthesis in the command line must be in quotes: no shell reads it, unless the command is one (sh -c '...')";

}  // namespace

std::vector<std::string> split_shell_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  bool substitution = false;  // inside of $( ), which stays as it is
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && quote != '\'') {
      if (++i == line.size()) throw Error(ErrorCode::invalid_argument, "the command line ends in a backslash");
      word += line[i];
      in_word = true;
    } else if (quote != '\0') {
      if (c != quote || c == '`') word += c;  // a shell's substitution stays as it is
      if (c == quote) quote = '\0';
    } else if (substitution) {
      if (c == '(') throw Error(ErrorCode::invalid_argument, std::string(parenthesis));
      substitution = c != ')';
      word += c;
    } else if (c == '(' || c == ')') {
      if (c == ')' || !word.ends_with('$')) throw Error(ErrorCode::invalid_argument, std::string(parenthesis));
      substitution = true;
      word += c;
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
      in_word = true;
      if (c == '`') word += c;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      if (substitution) throw Error(ErrorCode::invalid_argument, "the command line has an unfinished $(");
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else if (std::string_view(";&|<>").find(c) != std::string_view::npos) {
      const bool file_number = c == '>' && !word.empty() && word[0] >= '0' && word[0] <= '9';
      if (file_number) in_word = false;
      break;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != '\0') throw Error(ErrorCode::invalid_argument, std::string("the command line has an unfinished ") + quote);
  if (substitution) throw Error(ErrorCode::invalid_argument, "the command line has an unfinished $(");
  if (in_word) words.push_back(std::move(word));
  return words;
}

}  // namespace stack::compose
