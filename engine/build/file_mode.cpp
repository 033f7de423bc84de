#include "engine/build/file_mode.hpp"

#include <charconv>

#include "base/error.hpp"

namespace stack::engine::build {

namespace {

constexpr mode_t every_bit = 07777;

[[noreturn]] void invalid(std::string_view text) {
  throw Error(ErrorCode::invalid_argument, "invalid chmod parameter: '" + std::string(text) +
                                               "': it should be an octal number up to 7777 or symbolic as u=rwX,go=rX");
}

mode_t bits_of(char letter, std::string_view text) {
  switch (letter) {
    case 'r': return 0444;
    case 'w': return 0222;
    case 'x': return 0111;
    case 's': return 06000;
    case 't': return 01000;
    default: invalid(text);
  }
}

}  // namespace

FileMode FileMode::parse(std::string_view text) {
  FileMode mode;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 8);
  if (error == std::errc() && end == text.data() + text.size()) {
    if (number > every_bit) invalid(text);
    mode.clauses_.push_back({every_bit, '=', static_cast<mode_t>(number), false});
    return mode;
  }
  std::size_t at = 0;
  while (at < text.size()) {
    mode_t who = 0;
    for (; at < text.size() && std::string_view("ugoa").find(text[at]) != std::string_view::npos; ++at)
      who |= text[at] == 'u' ? 04700 : text[at] == 'g' ? 02070 : text[at] == 'o' ? 01007 : every_bit;
    if (who == 0) who = every_bit;
    if (at >= text.size() || std::string_view("+-=").find(text[at]) == std::string_view::npos) invalid(text);
    while (at < text.size() && text[at] != ',') {
      if (std::string_view("+-=").find(text[at]) == std::string_view::npos) invalid(text);
      Clause clause{who, text[at++], 0, false};
      for (; at < text.size() && std::string_view(",+-=").find(text[at]) == std::string_view::npos; ++at) {
        if (text[at] == 'X')
          clause.execute_if_any = true;
        else
          clause.bits |= bits_of(text[at], text);
      }
      mode.clauses_.push_back(clause);
    }
    if (at < text.size() && ++at == text.size()) invalid(text);  // a comma at the end
  }
  if (mode.clauses_.empty()) invalid(text);
  return mode;
}

mode_t FileMode::apply(mode_t mode, bool is_directory) const {
  mode &= every_bit;
  for (const Clause& clause : clauses_) {
    mode_t bits = clause.bits;
    if (clause.execute_if_any && (is_directory || (mode & 0111) != 0)) bits |= 0111;
    bits &= clause.who;
    if (clause.operation == '+')
      mode |= bits;
    else if (clause.operation == '-')
      mode &= ~bits;
    else
      mode = (mode & ~clause.who) | bits;
  }
  return mode;
}

}  // namespace stack::engine::build
