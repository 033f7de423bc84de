#include "compose/interpolate.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace stack::compose {
namespace {

constexpr int max_nesting = 64;

bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool continues_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }

[[noreturn]] void refuse(std::string_view text) { throw Error(ErrorCode::invalid_argument, std::string(text)); }

class Scanner {
public:
  Scanner(std::string_view text, const Lookup& lookup, std::set<std::string>* unset)
      : text_(text), lookup_(lookup), unset_(unset) {}

  std::string run() {
    std::string out;
    scan(out, true, 0);
    return out;
  }

private:
  /// Appends what follows, up to the '}' of the expression around it (depth > 0; that one is eaten) or the end.
  /// Without `evaluate` nothing is looked up: the text of a branch not taken.
  void scan(std::string& out, bool evaluate, int depth) {
    if (depth > max_nesting) refuse("variables are nested too deeply");
    int plain_braces = 0;  // a { in an expression's text is closed by a } of its own
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (depth > 0 && c == '{') ++plain_braces;
      if (depth > 0 && c == '}' && plain_braces-- == 0) {
        ++at_;
        return;
      }
      if (c != '$') {
        out += c;
        ++at_;
        continue;
      }
      const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
      if (next == '$') {
        out += '$';
        at_ += 2;
      } else if (next == '{') {
        braced(out, evaluate, depth);
      } else if (starts_name(next)) {
        ++at_;
        const std::string_view variable = name();
        if (evaluate) out += value_or_blank(variable);
      } else {
        out += c;
        ++at_;
      }
    }
    if (depth > 0) refuse(fmt::format("'{}' has no closing brace", text_.substr(open_)));
  }

  void braced(std::string& out, bool evaluate, int depth) {
    const std::size_t start = open_ = at_;
    at_ += 2;
    const std::string_view variable = name();
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (variable.empty()) {
      if (c == '\0') refuse(fmt::format("'{}' has no closing brace", text_.substr(start)));
      refuse(fmt::format("'{}': a variable's name must follow '${{' (write $$ for a plain dollar)", excerpt(start)));
    }
    if (c == '}') {
      ++at_;
      if (evaluate) out += value_or_blank(variable);
      return;
    }
    const bool colon = c == ':';
    if (colon) ++at_;
    const char form = at_ < text_.size() ? text_[at_] : '\0';
    if (form == '\0' && !colon) refuse(fmt::format("'{}' has no closing brace", text_.substr(start)));
    if (form != '-' && form != '+' && form != '?')
      refuse(fmt::format("'{}': after the name only }} or one of :- - :? ? :+ + can follow", excerpt(start)));
    ++at_;

    const std::optional<std::string> value = evaluate ? lookup_(variable) : std::nullopt;
    const bool given = value && !(colon && value->empty());
    const bool use_text = evaluate && (form == '+' ? given : !given);
    std::string argument;
    scan(argument, use_text, depth + 1);
    if (!evaluate) return;
    if (form == '?' && !given)
      refuse(fmt::format("required variable {} is missing a value{}{}", variable, argument.empty() ? "" : ": ", argument));
    if (use_text)
      out += argument;
    else if (form != '+')
      out += *value;
  }

  std::string_view name() {
    const std::size_t start = at_;
    if (at_ < text_.size() && starts_name(text_[at_]))
      while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  std::string value_or_blank(std::string_view variable) {
    if (std::optional<std::string> value = lookup_(variable)) return std::move(*value);
    if (unset_ != nullptr) unset_->emplace(variable);
    return {};
  }

  std::string_view excerpt(std::size_t start) const {
    const std::size_t end = text_.find('}', start);
    return text_.substr(start, end == std::string_view::npos ? 40 : end - start + 1);
  }

  std::string_view text_;
  const Lookup& lookup_;
  std::set<std::string>* unset_;
  std::size_t at_ = 0;
  std::size_t open_ = 0;  ///< the innermost ${ seen last, for messages
};

}  // namespace

std::string interpolate(std::string_view text, const Lookup& lookup, std::set<std::string>* unset) {
  return Scanner(text, lookup, unset).run();
}

void interpolate(Node& node, std::string_view path, const Lookup& lookup, std::set<std::string>& unset, Mistakes& mistakes) {
  if (node.is_string()) {
    if (node.as_string().find('$') == std::string::npos) return;
    try {
      node.as_string() = interpolate(node.as_string(), lookup, &unset);
    } catch (const Error& error) {
      mistakes.add(node.location, path, error.what());
    }
  } else if (node.is_sequence()) {
    for (std::size_t i = 0; i < node.items().size(); ++i)
      interpolate(node.items()[i], join_path(path, i), lookup, unset, mistakes);
  } else if (node.is_mapping()) {
    for (Node::Member& member : node.members()) interpolate(member.value, join_path(path, member.key), lookup, unset, mistakes);
  }
}

}  // namespace stack::compose
