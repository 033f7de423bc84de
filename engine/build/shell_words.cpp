#include "engine/build/shell_words.hpp"

#include "base/error.hpp"
#include "engine/build/text.hpp"

namespace stack::engine::build {

namespace {

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "*" any bytes, "?" one, "\\x" the byte x: the whole text.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    const std::size_t literal = escaped ? p + 1 : p;
    if (p < pattern.size() && !escaped && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && ((!escaped && pattern[p] == '?') || pattern[literal] == text[t])) {
      p = literal + 1;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string without_prefix(const std::string& value, const std::string& pattern, bool longest) {
  for (std::size_t i = 0; i <= value.size(); ++i) {
    const std::size_t length = longest ? value.size() - i : i;
    if (matches(pattern, std::string_view(value).substr(0, length))) return value.substr(length);
  }
  return value;
}

std::string without_suffix(const std::string& value, const std::string& pattern, bool longest) {
  for (std::size_t i = 0; i <= value.size(); ++i) {
    const std::size_t kept = longest ? i : value.size() - i;
    if (matches(pattern, std::string_view(value).substr(kept))) return value.substr(0, kept);
  }
  return value;
}

/// The longest match at the first place where there is one, or at all places.
std::string replaced(const std::string& value, const std::string& pattern, const std::string& replacement, bool all) {
  std::string result;
  for (std::size_t at = 0; at < value.size();) {
    std::size_t length = value.size() - at;
    while (length > 0 && !matches(pattern, std::string_view(value).substr(at, length))) --length;
    if (length == 0) {
      result += value[at++];
      continue;
    }
    result += replacement;
    at += length;
    if (!all) return result + value.substr(at);
  }
  return result;
}

class Expander {
public:
  Expander(std::string_view text, const Variables& variables, char escape)
      : text_(text), variables_(variables), escape_(escape) {}

  std::vector<std::string> words() {
    run('\0', 0);
    end_word();
    return std::move(words_);
  }
  std::string joined() {
    splitting_ = false;
    run('\0', 0);
    return word_;
  }
  std::string document() {
    quotes_ = false;
    return joined();
  }

private:
  static constexpr int max_depth = 100;  // of ${a:-${b:-…}}

  [[noreturn]] void fail(const std::string& reason) const {
    throw Error(ErrorCode::invalid_argument, "failed to process \"" + std::string(text_) + "\": " + reason);
  }

  void end_word() {
    if (in_word_) words_.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }
  void put(char c) {
    word_ += c;
    in_word_ = true;
  }

  /// Up to `until` (not consumed) or the end.
  void run(char until, int depth) {
    while (at_ < text_.size() && (until == '\0' || text_[at_] != until)) {
      const char c = text_[at_];
      if (quotes_ && c == '\'')
        single_quoted();
      else if (quotes_ && c == '"')
        double_quoted(depth);
      else if (c == '$')
        put_value(dollar(depth), true);
      else if (c == escape_)
        escaped();
      else if (splitting_ && is_blank(c)) {
        end_word();
        ++at_;
      } else {
        put(c);
        ++at_;
      }
    }
  }

  void escaped() {
    ++at_;
    if (at_ >= text_.size()) {
      put(escape_);
      return;
    }
    if (keep_escapes_) put('\\');
    put(text_[at_++]);
  }

  void single_quoted() {
    const std::size_t end = text_.find('\'', at_ + 1);
    if (end == std::string_view::npos) fail("unexpected end of statement while looking for matching single-quote");
    in_word_ = true;
    word_ += text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
  }

  void double_quoted(int depth) {
    ++at_;
    in_word_ = true;
    for (;;) {
      if (at_ >= text_.size()) fail("unexpected end of statement while looking for matching double-quote");
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return;
      }
      if (c == '$') {
        put_value(dollar(depth), false);
      } else if (c == escape_ && at_ + 1 < text_.size()) {
        const char next = text_[at_ + 1];
        if (next != '"' && next != '$' && next != escape_) put(c);  // a backslash before anything else stays
        put(next);
        at_ += 2;
      } else {
        put(c);
        ++at_;
      }
    }
  }

  void put_value(const std::string& value, bool split) {
    for (const char c : value) {
      if (split && splitting_ && is_blank(c))
        end_word();
      else
        put(c);
    }
  }

  std::string value_of(const std::string& name) const { return variables_(name).value_or(""); }

  /// From '$' on; returns the value.
  std::string dollar(int depth) {
    ++at_;
    if (at_ < text_.size() && text_[at_] == '{') return braced(depth);
    const std::string name = take_name();
    return name.empty() ? "$" : value_of(name);
  }

  std::string take_name() {
    const std::size_t start = at_;
    if (at_ < text_.size() && is_name_start(text_[at_])) {
      while (at_ < text_.size() && (is_name_start(text_[at_]) || is_digit(text_[at_]))) ++at_;
    } else if (at_ < text_.size() &&
               (is_digit(text_[at_]) || std::string_view("@*#?!-").find(text_[at_]) != std::string_view::npos)) {
      ++at_;
      if (is_digit(text_[at_ - 1]))
        while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    }
    return std::string(text_.substr(start, at_ - start));
  }

  std::string braced(int depth) {
    if (depth > max_depth) fail("too deeply nested");
    ++at_;
    const std::string name = take_name();
    if (name.empty()) fail(at_ >= text_.size() ? "syntax error: missing '}'" : "bad substitution");
    if (at_ < text_.size() && text_[at_] == '}') {
      ++at_;
      return value_of(name);
    }
    if (at_ < text_.size() && std::string_view("#%/").find(text_[at_]) != std::string_view::npos)
      return by_pattern(value_of(name), depth);
    bool empty_counts_as_unset = false;
    if (at_ < text_.size() && text_[at_] == ':') {
      empty_counts_as_unset = true;
      ++at_;
    }
    if (at_ >= text_.size()) fail("syntax error: missing '}'");
    const char operation = text_[at_++];
    if (std::string_view("-+?").find(operation) == std::string_view::npos)
      fail(std::string("unsupported modifier (") + operation + ") in substitution");
    const std::string alternative = nested(depth);
    const std::optional<std::string> value = variables_(name);
    const bool is_set = value && !(empty_counts_as_unset && value->empty());
    if (operation == '-') return is_set ? *value : alternative;
    if (operation == '+') return is_set ? alternative : "";
    if (!is_set)
      throw Error(ErrorCode::invalid_argument, "failed to process \"" + std::string(text_) + "\": " + name + ": " +
                                                   (alternative.empty() ? "is not allowed to be unset" : alternative));
    return *value;
  }

  /// ${V#p}, ${V##p}, ${V%p}, ${V%%p}, ${V/p/r}, ${V//p/r}, from the sign on.
  std::string by_pattern(const std::string& value, int depth) {
    const char sign = text_[at_++];
    const bool twice = at_ < text_.size() && text_[at_] == sign;
    if (twice) ++at_;
    keep_escapes_ = true;  // the pattern's own
    const std::string pattern = nested(depth, sign == '/' ? '/' : '}');
    keep_escapes_ = false;
    constexpr std::size_t longest = 16 * 1024;  // every part of the value is compared
    if (value.size() > longest) fail("the value is too long for a pattern");
    if (sign == '#') return without_prefix(value, pattern, twice);
    if (sign == '%') return without_suffix(value, pattern, twice);
    return replaced(value, pattern, nested(depth, '}'), twice);
  }

  /// The text up to the closing brace or slash, expanded, as one word.
  std::string nested(int depth, char until = '}') {
    const std::string outer = std::move(word_);
    const bool outer_in_word = in_word_;
    const bool outer_splitting = splitting_;
    word_.clear();
    splitting_ = false;
    run(until, depth + 1);
    if (at_ >= text_.size()) fail(std::string("syntax error: missing '") + until + "'");
    ++at_;
    std::string value = std::move(word_);
    word_ = outer;
    in_word_ = outer_in_word;
    splitting_ = outer_splitting;
    return value;
  }

  std::string_view text_;
  const Variables& variables_;
  char escape_;
  std::size_t at_ = 0;
  bool splitting_ = true;
  bool quotes_ = true;         ///< quotes mean something
  bool keep_escapes_ = false;  ///< as a backslash: what follows is no wildcard
  bool in_word_ = false;
  std::string word_;
  std::vector<std::string> words_;
};

}  // namespace

std::string expand_word(std::string_view word, const Variables& variables, char escape) {
  return Expander(word, variables, escape).joined();
}

std::string expand_document(std::string_view text, const Variables& variables, char escape) {
  return Expander(text, variables, escape).document();
}

std::vector<std::string> expand_words(std::string_view text, const Variables& variables, char escape) {
  return Expander(text, variables, escape).words();
}

std::vector<std::string> split_words(std::string_view text, char escape) {
  std::vector<std::string> words;
  std::string word;
  char quote = '\0';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote == '\0' && is_blank(c)) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
      continue;
    }
    word += c;
    if (c == escape && quote != '\'' && at + 1 < text.size())
      word += text[++at];
    else if (quote == '\0' && (c == '\'' || c == '"'))
      quote = c;
    else if (c == quote)
      quote = '\0';
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

std::vector<std::string> split_blanks(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    while (at < text.size() && is_blank(text[at])) ++at;
    const std::size_t start = at;
    while (at < text.size() && !is_blank(text[at])) ++at;
    if (at > start) words.emplace_back(text.substr(start, at - start));
  }
  return words;
}

}  // namespace stack::engine::build
