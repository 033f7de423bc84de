#include "base/dockerignore.hpp"

#include <vector>

#include "base/error.hpp"

namespace stack {

namespace {

/// One step of a pattern.
struct Token {
  enum class Kind {
    literal,
    any,          ///< ?: one byte but '/'
    star,         ///< *: bytes but '/'
    everything,   ///< **: any bytes
    directories,  ///< "**/": nothing, or any bytes ending in '/'
    set,          ///< [a-z]
  };
  Kind kind = Kind::literal;
  char byte = 0;
  bool negated = false;
  std::vector<std::pair<unsigned char, unsigned char>> ranges;
};

[[noreturn]] void bad_pattern(std::string_view pattern) {
  throw Error(ErrorCode::invalid_argument, "syntax error in pattern \"" + std::string(pattern) + "\"");
}

/// Parses "[…]" from the position of '['; returns the position behind it.
std::size_t parse_set(std::string_view pattern, std::size_t at, Token& token) {
  token.kind = Token::Kind::set;
  ++at;
  if (at < pattern.size() && pattern[at] == '^') {
    token.negated = true;
    ++at;
  }
  const auto next = [&]() -> unsigned char {
    if (at < pattern.size() && pattern[at] == '\\') ++at;
    if (at >= pattern.size()) bad_pattern(pattern);
    return static_cast<unsigned char>(pattern[at++]);
  };
  while (at < pattern.size() && (pattern[at] != ']' || token.ranges.empty())) {
    const unsigned char low = next();
    unsigned char high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      ++at;
      high = next();
    }
    token.ranges.emplace_back(low, high);
  }
  if (at >= pattern.size()) bad_pattern(pattern);
  return at + 1;
}

std::vector<Token> compile(std::string_view pattern) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < pattern.size();) {
    Token token;
    const char byte = pattern[at];
    if (byte == '*' && pattern.substr(at).starts_with("**")) {
      while (at < pattern.size() && pattern[at] == '*') ++at;
      const bool before_slash = at < pattern.size() && pattern[at] == '/';
      if (before_slash) ++at;
      token.kind = before_slash ? Token::Kind::directories : Token::Kind::everything;
    } else if (byte == '*') {
      token.kind = Token::Kind::star;
      ++at;
    } else if (byte == '?') {
      token.kind = Token::Kind::any;
      ++at;
    } else if (byte == '[') {
      at = parse_set(pattern, at, token);
    } else {
      if (byte == '\\') ++at;
      if (at >= pattern.size()) bad_pattern(pattern);
      token.byte = pattern[at++];
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

bool in_set(const Token& token, char byte) {
  const auto value = static_cast<unsigned char>(byte);
  bool found = false;
  for (const auto& [low, high] : token.ranges) found = found || (low <= value && value <= high);
  return found != token.negated && byte != '/';
}

/// Runs the pattern as an automaton: linear in the text for any pattern, no backtracking.
class Automaton {
public:
  explicit Automaton(const std::vector<Token>& tokens) : tokens_(tokens), active_(tokens.size() + 1) { enter(active_, 0); }

  void step(char byte) {
    std::vector<bool> next(tokens_.size() + 1);
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!active_[i]) continue;
      const Token& token = tokens_[i];
      switch (token.kind) {
        case Token::Kind::literal:
          if (token.byte == byte) enter(next, i + 1);
          break;
        case Token::Kind::any:
          if (byte != '/') enter(next, i + 1);
          break;
        case Token::Kind::set:
          if (in_set(token, byte)) enter(next, i + 1);
          break;
        case Token::Kind::star:
          if (byte != '/') enter(next, i);
          break;
        case Token::Kind::everything: enter(next, i); break;
        case Token::Kind::directories:
          next[i] = true;  // inside a directory's name: the pattern goes on only behind a '/'
          if (byte == '/') enter(next, i + 1);
          break;
      }
    }
    active_ = std::move(next);
  }
  bool accepts() const { return active_[tokens_.size()]; }
  /// Could some longer text be accepted?
  bool alive() const {
    for (std::size_t i = 0; i < tokens_.size(); ++i)
      if (active_[i]) return true;
    return false;
  }

private:
  /// Marks a state and those reached without reading a byte.
  void enter(std::vector<bool>& states, std::size_t at) const {
    for (; at <= tokens_.size(); ++at) {
      states[at] = true;
      if (at == tokens_.size()) return;
      const Token::Kind kind = tokens_[at].kind;
      if (kind != Token::Kind::star && kind != Token::Kind::everything && kind != Token::Kind::directories) return;
    }
  }
  const std::vector<Token>& tokens_;
  std::vector<bool> active_;
};

/// Does the pattern match the path or one of the directories it is in?
bool matches_path_or_parent(const std::vector<Token>& tokens, std::string_view path) {
  Automaton automaton(tokens);
  for (const char byte : path) {
    if (byte == '/' && automaton.accepts()) return true;
    automaton.step(byte);
  }
  return automaton.accepts();
}

bool could_match_below(const std::vector<Token>& tokens, std::string_view directory) {
  Automaton automaton(tokens);
  for (const char byte : directory) automaton.step(byte);
  automaton.step('/');
  return automaton.alive();
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

struct IgnoreRules::Rule {
  bool keep = false;  ///< "!": what matches is kept after all
  std::vector<Token> tokens;
};

IgnoreRules::IgnoreRules() : rules_(std::make_shared<std::vector<Rule>>()) {}

IgnoreRules IgnoreRules::parse(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  auto rules = std::make_shared<std::vector<Rule>>();
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.starts_with("#")) continue;
    line = trimmed(line);
    if (line.empty()) continue;
    Rule rule;
    if (line.front() == '!') {
      rule.keep = true;
      line = trimmed(line.substr(1));
      if (line.empty())
        throw Error(ErrorCode::invalid_argument,
                    ".dockerignore:" + std::to_string(number) + ": illegal exclusion pattern: \"!\"");
    }
    const std::string pattern = clean_path(line);
    if (pattern.empty()) continue;  // "." and "/": the context itself, which cannot be left out
    try {
      rule.tokens = compile(pattern);
    } catch (const Error& error) {
      throw Error(error.code(), ".dockerignore:" + std::to_string(number) + ": " + error.what());
    }
    rules->push_back(std::move(rule));
  }
  IgnoreRules parsed;
  parsed.rules_ = std::move(rules);
  return parsed;
}

bool IgnoreRules::ignored(std::string_view path) const {
  bool ignored = false;
  for (const Rule& rule : *rules_) {
    if (rule.keep == ignored && matches_path_or_parent(rule.tokens, path)) ignored = !rule.keep;
  }
  return ignored;
}

bool IgnoreRules::may_keep_below(std::string_view directory) const {
  for (const Rule& rule : *rules_)
    if (rule.keep && could_match_below(rule.tokens, directory)) return true;
  return false;
}

bool IgnoreRules::empty() const { return rules_->empty(); }

archive::Filter context_filter(const IgnoreRules& rules, const std::string& dockerfile) {
  if (rules.empty()) return nullptr;
  return [rules, dockerfile = clean_path(dockerfile)](const std::string& path, const struct stat& status) {
    if (path == dockerfile || path == ".dockerignore" || path == dockerfile + ".dockerignore") return archive::Keep::yes;
    if (!rules.ignored(path)) return archive::Keep::yes;
    if (!S_ISDIR(status.st_mode)) return archive::Keep::no;
    return rules.may_keep_below(path) || dockerfile.starts_with(path + "/") ? archive::Keep::descend : archive::Keep::no;
  };
}

IgnoreRules read_ignore_file(const RootDir& context, const std::string& dockerfile) {
  if (const auto own = context.read_file(dockerfile + ".dockerignore")) return IgnoreRules::parse(*own);
  if (const auto common = context.read_file(".dockerignore")) return IgnoreRules::parse(*common);
  return {};
}

}  // namespace stack
