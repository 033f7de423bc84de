#include "cli/text_template/lexer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/text_template/text_template.hpp"

namespace stack::cli::text_template {
namespace {

constexpr std::string_view blanks = " \t\r\n";

bool is_blank(char c) { return blanks.find(c) != std::string_view::npos; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | ((code >> 18) & 0x07));
    tail(12);
    tail(6);
    tail(0);
  }
}

class Lexer {
public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> run() {
    bool trim = false;  // the action before ended in -}}
    while (true) {
      const std::size_t open = std::min(text_.find("{{", at_), text_.size());
      const bool last = open == text_.size();
      const bool trims_left = !last && open + 3 < text_.size() && text_[open + 2] == '-' && is_blank(text_[open + 3]);
      add_text(open, trim, trims_left);
      if (last) break;
      advance(trims_left ? 3 : 2);
      trim = comment_or_action();
    }
    add(TokenKind::end_of_text, "", here());
    return std::move(tokens_);
  }

private:
  [[noreturn]] void fail(const std::string& message) const {
    const Place place = here();
    throw TemplateError(place.line, place.column, message);
  }

  Place here() const { return {.line = line_, .column = at_ - line_start_ + 1}; }

  void advance(std::size_t count) {
    for (; count > 0 && at_ < text_.size(); --count)
      if (text_[at_++] == '\n') {
        ++line_;
        line_start_ = at_;
      }
  }

  void add(TokenKind kind, std::string text, Place place) {
    tokens_.push_back({.kind = kind, .text = std::move(text), .place = place, .spaced = spaced_});
    spaced_ = false;
  }

  void add_text(std::size_t end, bool trim_left, bool trim_right) {
    std::string_view text = text_.substr(at_, end - at_);
    if (trim_left) text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (trim_right) text = text.substr(0, text.find_last_not_of(blanks) + 1);
    if (!text.empty()) add(TokenKind::text, std::string(text), here());
    advance(end - at_);
  }

  /// Behind "{{". Returns whether it ended in -}}.
  bool comment_or_action() {
    const std::size_t comment = text_.find_first_not_of(blanks, at_);
    if (comment != std::string_view::npos && text_.substr(comment).starts_with("/*")) return skip_comment(comment);
    const Place place = here();
    spaced_ = false;
    add(TokenKind::open, "{{", place);
    while (true) {
      while (at_ < text_.size() && is_blank(text_[at_])) {
        spaced_ = true;
        advance(1);
      }
      if (at_ >= text_.size()) fail("unclosed action");
      const std::string_view rest = text_.substr(at_);
      const bool trims = spaced_ && rest.starts_with("-}}");
      if (trims || rest.starts_with("}}")) {
        add(TokenKind::close, "}}", here());
        advance(trims ? 3 : 2);
        return trims;
      }
      take_token();
    }
  }

  bool skip_comment(std::size_t begin) {
    const std::size_t end = text_.find("*/", begin + 2);
    if (end == std::string_view::npos) fail("unclosed comment");
    advance(end + 2 - at_);
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("}}")) return advance(2), false;
    const std::size_t dash = rest.find_first_not_of(blanks);
    if (dash != std::string_view::npos && dash > 0 && rest.substr(dash).starts_with("-}}")) return advance(dash + 3), true;
    fail("a comment must end with its action: */}}");
  }

  void take_token() {
    const Place place = here();
    const char c = text_[at_];
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    switch (c) {
      case '|': return take_sign(TokenKind::pipe, 1);
      case '(': return take_sign(TokenKind::left, 1);
      case ')': return take_sign(TokenKind::right, 1);
      case ',': return take_sign(TokenKind::comma, 1);
      case '=': return take_sign(TokenKind::assign, 1);
      case '"': return add_string(quoted('"'), place);
      case '`': return take_raw_string();
      case '\'': return take_character();
      default: break;
    }
    if (c == ':' && next == '=') return take_sign(TokenKind::declare, 2);
    if (c == '.' && !is_digit(next)) {
      advance(1);
      std::string name = take_word();
      if (name.empty()) return add(TokenKind::dot, ".", place);
      return add(TokenKind::field, std::move(name), place);
    }
    if (c == '$') {
      advance(1);
      return add(TokenKind::variable, "$" + take_word(), place);
    }
    if (is_digit(c) || ((c == '+' || c == '-' || c == '.') && (is_digit(next) || next == '.'))) return take_number();
    if (is_word(c)) return add(TokenKind::word, take_word(), place);
    fail(fmt::format("unexpected \"{}\"", c));
  }

  void take_sign(TokenKind kind, std::size_t length) {
    const Place place = here();
    const std::string text(text_.substr(at_, length));
    advance(length);
    add(kind, text, place);
  }

  std::string take_word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) advance(1);
    return std::string(text_.substr(begin, at_ - begin));
  }

  void take_number() {
    const Place place = here();
    const std::size_t begin = at_;
    advance(1);
    while (at_ < text_.size()) {
      const char before = text_[at_ - 1];
      const bool exponent_sign = (text_[at_] == '+' || text_[at_] == '-') && (before == 'e' || before == 'E');
      if (!is_word(text_[at_]) && text_[at_] != '.' && !exponent_sign) break;
      advance(1);
    }
    std::string digits(text_.substr(begin, at_ - begin));
    std::erase(digits, '_');
    add(TokenKind::number, std::move(digits), place);
  }

  void add_string(std::string value, Place place) { add(TokenKind::string, std::move(value), place); }

  void take_raw_string() {
    const Place place = here();
    const std::size_t end = text_.find('`', at_ + 1);
    if (end == std::string_view::npos) fail("unterminated raw quoted string");
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
    advance(end + 1 - at_);
    add_string(std::move(value), place);
  }

  /// The character's number, as in Go.
  void take_character() {
    const Place place = here();
    const std::string value = quoted('\'');
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(value[i])); };
    if (value.empty()) fail("empty character constant");
    std::size_t length = 1;
    std::uint32_t code = byte(0);
    if (code >= 0xc0) {
      length = code >= 0xf0 ? 4 : code >= 0xe0 ? 3 : 2;
      code &= 0xffU >> (length + 1);
      for (std::size_t i = 1; i < std::min(length, value.size()); ++i) code = (code << 6) | (byte(i) & 0x3f);
    }
    if (value.size() != length) fail("a character constant holds one character");
    add(TokenKind::number, std::to_string(code), place);
  }

  /// At the opening quote; returns what is between the quotes, unescaped.
  std::string quoted(char quote) {
    std::string value;
    std::size_t i = at_ + 1;
    while (true) {
      if (i >= text_.size() || text_[i] == '\n') fail("unterminated quoted string");
      if (text_[i] == quote) break;
      if (text_[i] == '\\')
        i = append_escape(value, i + 1);
      else
        value += text_[i++];
    }
    advance(i + 1 - at_);
    return value;
  }

  /// `i`: behind the backslash. Returns where the escape ends.
  std::size_t append_escape(std::string& out, std::size_t i) {
    constexpr std::string_view names = "abfnrtv\\'\"";
    constexpr std::string_view values = "\a\b\f\n\r\t\v\\'\"";
    if (i >= text_.size()) fail("unterminated quoted string");
    if (const std::size_t found = names.find(text_[i]); found != std::string_view::npos) {
      out += values[found];
      return i + 1;
    }
    const std::size_t digits = text_[i] == 'x' ? 2 : text_[i] == 'u' ? 4 : text_[i] == 'U' ? 8 : 0;
    std::uint32_t code = 0;
    for (std::size_t k = 1; k <= digits; ++k) {
      const char c = i + k < text_.size() ? text_[i + k] : '\0';
      const std::size_t value = std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
      if (value == std::string_view::npos || (c < '0')) fail("bad escape in a quoted string");
      code = code * 16 + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : static_cast<int>(value));
    }
    if (digits == 0 || code > 0x10ffff) fail("bad escape in a quoted string");
    if (digits == 2)
      out += static_cast<char>(code);
    else
      append_utf8(out, code);
    return i + digits + 1;
  }

  std::string_view text_;
  std::size_t at_ = 0, line_ = 1, line_start_ = 0;
  bool spaced_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view text) { return Lexer(text).run(); }

}  // namespace stack::cli::text_template
