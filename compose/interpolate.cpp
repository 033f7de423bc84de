#include "compose/interpolate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace stack::compose {
namespace {

constexpr int max_nesting = 64;

bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool continues_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }

/// Knows the expression it is about.
class InterpolationError : public Error {
public:
  InterpolationError(const std::string& message, std::size_t dollars_before)
      : Error(ErrorCode::invalid_argument, message), dollars_before(dollars_before) {}
  std::size_t dollars_before;  ///< how many dollars the text has before that of the expression
};

class Scanner {
public:
  Scanner(std::string_view text, const Lookup& lookup, std::set<std::string>* unset)
      : text_(text), lookup_(lookup), unset_(unset) {}

  std::string run() {
    std::string out;
    scan(out, true, 0);
    return out;
  }

  /// Also notes each variable met, evaluated or not.
  void record(std::vector<VariableUse>& uses) { uses_ = &uses; }

private:
  /// Appends what follows, up to the '}' of the expression around it (depth > 0; that one is eaten) or the end.
  /// Without `evaluate` nothing is looked up: the text of a branch not taken.
  void scan(std::string& out, bool evaluate, int depth, std::size_t expression = 0) {
    const bool balanced = depth == 0 || has_closing_brace(expression);
    if (depth > max_nesting) refuse(open_, "variables are nested too deeply");
    int plain_braces = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      // a { in an expression's text is closed by a } of its own, if there are enough of them
      if (depth > 0 && c == '{' && balanced) ++plain_braces;
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
        const std::size_t start = at_++;
        const std::string_view variable = name();
        note(start, variable);
        if (evaluate) out += value_or_blank(variable);
      } else {
        out += c;
        ++at_;
      }
    }
    if (depth > 0) refuse(open_, fmt::format("'{}' has no closing brace", text_.substr(open_)));
  }

  void braced(std::string& out, bool evaluate, int depth) {
    const std::size_t start = open_ = at_;
    at_ += 2;
    const std::string_view variable = name();
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (variable.empty()) {
      if (c == '\0') refuse(start, fmt::format("'{}' has no closing brace", text_.substr(start)));
      refuse(start, fmt::format("'{}': a variable's name must follow '${{' (write $$ for a plain dollar)", excerpt(start)));
    }
    const std::size_t noted = note(start, variable);
    if (c == '}') {
      ++at_;
      if (evaluate) out += value_or_blank(variable);
      return;
    }
    const bool colon = c == ':';
    if (colon) ++at_;
    const char form = at_ < text_.size() ? text_[at_] : '\0';
    if (form == '\0' && !colon) refuse(start, fmt::format("'{}' has no closing brace", text_.substr(start)));
    if (form != '-' && form != '+' && form != '?')
      refuse(start, fmt::format("'{}': after the name only }} or one of :- - :? ? :+ + can follow", excerpt(start)));
    const std::size_t argument_start = ++at_;
    const std::optional<std::string> value = evaluate ? lookup_(variable) : std::nullopt;
    const bool given = value && !(colon && value->empty());
    const bool use_text = evaluate && (form == '+' ? given : !given);
    std::string argument;
    scan(argument, use_text, depth + 1, start);
    note_form(noted, form, text_.substr(argument_start, at_ - 1 - argument_start));
    if (!evaluate) return;
    if (form == '?' && !given)
      refuse(start,
             fmt::format("required variable {} is missing a value{}{}", variable, argument.empty() ? "" : ": ", argument));
    if (use_text)
      out += argument;
    else if (form != '+')
      out += *value;
  }

  [[noreturn]] void refuse(std::size_t at, const std::string& message) const {
    throw InterpolationError(message, dollars_before(at));
  }

  /// Whether the brace of the expression that starts there is closed when every { needs a }.
  bool has_closing_brace(std::size_t expression) {
    if (!braces_matched_) {
      braces_matched_ = true;
      for (std::size_t i = 0; i < text_.size(); ++i) {
        if (text_[i] == '{') open_braces_.push_back(i);
        if (text_[i] == '}' && !open_braces_.empty()) open_braces_.pop_back();
      }
    }
    return !std::binary_search(open_braces_.begin(), open_braces_.end(), expression + 1);
  }

  std::size_t dollars_before(std::size_t at) const {
    const std::string_view before = text_.substr(0, at);
    return static_cast<std::size_t>(std::count(before.begin(), before.end(), '$'));
  }

  /// Returns the place of the note.
  std::size_t note(std::size_t start, std::string_view variable) {
    if (uses_ == nullptr) return 0;
    uses_->push_back({std::string(variable), std::nullopt, std::nullopt, false, dollars_before(start)});
    return uses_->size() - 1;
  }
  void note_form(std::size_t noted, char form, std::string_view argument) {
    if (uses_ == nullptr) return;
    VariableUse& use = (*uses_)[noted];
    if (form == '-') use.fallback = argument;
    if (form == '+') use.replacement = argument;
    if (form == '?') use.required = true;
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
  std::vector<VariableUse>* uses_ = nullptr;
  bool braces_matched_ = false;
  std::vector<std::size_t> open_braces_;  ///< offsets of the { that no } closes
  std::size_t at_ = 0;
  std::size_t open_ = 0;  ///< the innermost ${ seen last, for messages
};

}  // namespace

std::string interpolate(std::string_view text, const Lookup& lookup, std::set<std::string>* unset) {
  return Scanner(text, lookup, unset).run();
}

std::vector<VariableUse> variables_of(std::string_view text) {
  // Every variable is there, so that what is required is no mistake.
  const Lookup anything = [](std::string_view) -> std::optional<std::string> { return "value"; };
  std::vector<VariableUse> uses;
  Scanner scanner(text, anything, nullptr);
  scanner.record(uses);
  try {
    scanner.run();
  } catch (const InterpolationError&) {
  }
  return uses;
}

namespace {

/// The way down to a node; its text is only made for a mistake.
struct Step {
  const Step* up;
  std::string_view key;  ///< of a mapping's member
  std::size_t index;     ///< of a list's item, which has no key

  std::string text(std::string_view top) const {
    const std::string above = up == nullptr ? std::string(top) : up->text(top);
    return key.data() == nullptr ? join_path(above, index) : join_path(above, key);
  }
};

class TreeInterpolation {
public:
  TreeInterpolation(std::string_view top, const Lookup& lookup, std::set<std::string>& unset, Mistakes& mistakes)
      : top_(top), lookup_(lookup), unset_(unset), mistakes_(mistakes) {}

  void run(Node& node, const Step* step) {
    if (node.is_string()) {
      text(node, step);
    } else if (node.is_sequence()) {
      for (std::size_t i = 0; i < node.items().size(); ++i) {
        const Step below{step, {}, i};
        run(node.items()[i], &below);
      }
    } else if (node.is_mapping()) {
      for (Node::Member& member : node.members()) {
        const Step below{step, member.key, 0};
        run(member.value, &below);
      }
    }
  }

private:
  void text(Node& node, const Step* step) {
    if (node.as_string().find('$') == std::string::npos) return;
    try {
      node.as_string() = interpolate(node.as_string(), lookup_, &unset_);
    } catch (const InterpolationError& error) {  // a text may go over several lines
      const std::string path = step == nullptr ? std::string(top_) : step->text(top_);
      mistakes_.add(place_of('$', error.dollars_before, node.location), path, error.what());
    }
  }

  std::string_view top_;
  const Lookup& lookup_;
  std::set<std::string>& unset_;
  Mistakes& mistakes_;
};

}  // namespace

void interpolate(Node& node, std::string_view path, const Lookup& lookup, std::set<std::string>& unset, Mistakes& mistakes) {
  TreeInterpolation(path, lookup, unset, mistakes).run(node, nullptr);
}

}  // namespace stack::compose
