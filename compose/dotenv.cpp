#include "compose/dotenv.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace stack::compose {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

std::string_view trim_right(std::string_view text) {
  while (!text.empty() && (is_blank(text.back()) || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

class Parser {
public:
  Parser(std::string_view text, const std::string& file, const Lookup& environment, std::map<std::string, std::string>& out,
         std::vector<DotenvEntry>* entries)
      : text_(text), file_(file), out_(out), entries_(entries), environment_(environment) {
    lookup_ = [this](std::string_view name) -> std::optional<std::string> {
      if (std::optional<std::string> value = environment_(name)) return value;
      const auto found = out_.find(std::string(name));
      return found == out_.end() ? std::nullopt : std::optional(found->second);
    };
  }

  void run() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    while (skip_to_statement()) statement();
  }

private:
  [[noreturn]] void refuse(int line, std::string_view message) const {
    throw Error(ErrorCode::invalid_argument, fmt::format("{}:{}: {}", file_, line, message));
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool done() const { return at_ >= text_.size(); }
  char next() {
    const char c = text_[at_++];
    if (c == '\n') ++line_;
    return c;
  }
  void skip_blanks() {
    while (!done() && is_blank(peek())) ++at_;
  }
  std::string_view rest_of_line() const { return text_.substr(at_, std::min(text_.find('\n', at_), text_.size()) - at_); }

  bool skip_to_statement() {
    while (!done()) {
      if (is_blank(peek()) || peek() == '\n') {
        next();
      } else if (peek() == '#') {
        at_ += rest_of_line().size();
      } else {
        return true;
      }
    }
    return false;
  }

  void statement() {
    constexpr std::string_view word = "export";
    if (text_.substr(at_).starts_with(word) && at_ + word.size() < text_.size() && is_blank(text_[at_ + word.size()])) {
      at_ += word.size();
      skip_blanks();
    }
    const int line = line_;
    const std::string_view whole = rest_of_line();
    const std::size_t start = at_;
    while (!done() && peek() != '=' && peek() != ':' && peek() != '\n') {
      const auto c = static_cast<unsigned char>(peek());
      const bool allowed = std::isalnum(c) != 0 || c >= 0x80 || is_blank(peek()) ||
                           std::string_view("_.-[]").find(peek()) != std::string_view::npos;
      if (!allowed) refuse(line, fmt::format("unexpected character '{}' in the variable name of \"{}\"", peek(), whole));
      ++at_;
    }
    const std::string key(trim_right(text_.substr(start, at_ - start)));
    if (key.find(' ') != std::string::npos || key.find('\t') != std::string::npos)
      refuse(line, fmt::format("a variable name cannot contain a space: \"{}\"", whole));
    if (key.empty()) refuse(line, fmt::format("a variable name is missing in \"{}\"", whole));
    if (entries_ != nullptr) entries_->push_back({key, line});
    if (done() || peek() == '\n') {  // a bare name
      if (std::optional<std::string> inherited = environment_(key)) out_.insert_or_assign(key, std::move(*inherited));
      return;
    }
    ++at_;
    skip_blanks();
    out_.insert_or_assign(key, value(line));
  }

  std::string value(int line) {
    if (peek() == '\'' || peek() == '"') return quoted(line);
    std::string_view text = rest_of_line();
    at_ += text.size();
    text = trim_right(text.substr(0, text.find(" #")));
    return expand(text, line);
  }

  std::string quoted(int line) {
    const std::string_view whole = rest_of_line();
    const char quote = next();
    std::string raw;
    while (!done()) {
      const char c = next();
      if (c == quote) return quote == '"' ? expand(unescape(raw), line) : raw;
      if (c == '\\' && !done()) {
        const char escaped = next();
        if (escaped != quote) raw += '\\';
        raw += escaped;
      } else {
        raw += c;
      }
    }
    refuse(line, fmt::format("this quoted value does not end: {}", whole));
  }

  std::string expand(std::string_view text, int line) const {
    if (text.find('$') == std::string_view::npos) return std::string(text);
    try {
      return interpolate(text, lookup_);
    } catch (const Error& error) {
      refuse(line, error.what());
    }
  }

  /// \n and the like, \0NNN octal, \$ for a dollar that starts no variable; other backslashes stay.
  static std::string unescape(std::string_view raw) {
    std::string out;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '\\' || i + 1 == raw.size()) {
        out += raw[i];
        continue;
      }
      const char c = raw[++i];
      constexpr std::string_view names = "abfnrtv\\\"", values = "\a\b\f\n\r\t\v\\\"";
      if (const auto at = names.find(c); at != std::string_view::npos) {
        out += values[at];
      } else if (c == '$') {
        out += "$$";
      } else if (c == '0') {
        const std::size_t digits = octal(raw.substr(i + 1), out);
        i += digits;
      } else {
        out += '\\';
        out += c;
      }
    }
    return out;
  }

  /// Up to three digits behind \0: a byte when they are three and fit one, else they stay behind the backslash without the
  /// zero, as docker compose has it. Returns how many were taken.
  static std::size_t octal(std::string_view text, std::string& out) {
    std::size_t count = 0;
    int byte = 0;
    bool fits = true;
    for (; count < 3 && count < text.size() && text[count] >= '0' && text[count] <= '9'; ++count) {
      fits = fits && text[count] < '8';
      byte = byte * 8 + (text[count] - '0');
    }
    if (count == 3 && fits && byte < 256)
      out += static_cast<char>(byte);
    else
      out += fmt::format("\\{}", text.substr(0, count));
    return count;
  }

  std::string_view text_;
  const std::string& file_;
  std::map<std::string, std::string>& out_;
  std::vector<DotenvEntry>* entries_;
  const Lookup& environment_;
  Lookup lookup_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

void parse_dotenv(std::string_view text, const std::string& file, const Lookup& environment,
                  std::map<std::string, std::string>& out, std::vector<DotenvEntry>* entries) {
  Parser(text, file, environment, out, entries).run();
}

void parse_raw_env(std::string_view text, const std::string& file, const Lookup& environment,
                   std::map<std::string, std::string>& out) {
  int number = 0;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos || line[first] == '#') continue;
    line.remove_prefix(first);
    const std::size_t equals = line.find('=');
    const std::string key(line.substr(0, equals));
    if (key.empty() || key.find_first_of(" \t") != std::string::npos)
      throw Error(ErrorCode::invalid_argument, fmt::format("{}:{}: '{}' is not a variable name", file, number, key));
    if (equals != std::string_view::npos) {
      out.insert_or_assign(key, std::string(line.substr(equals + 1)));
    } else if (std::optional<std::string> inherited = environment(key)) {
      out.insert_or_assign(key, std::move(*inherited));
    }
  }
}

}  // namespace stack::compose
