#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "cli/text_template/functions.hpp"

namespace stack::cli::text_template {
namespace {

constexpr int widest = 10'000;  // Go's bound is higher; no column needs it

struct Directive {
  bool minus = false, plus = false, sharp = false, space = false, zero = false;
  std::optional<int> width, precision;
  char verb = 0;
};

std::string padded(std::string text, const Directive& directive, bool number) {
  const auto length =
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  const auto missing = directive.width.value_or(0) - static_cast<std::int64_t>(length);
  if (missing <= 0) return text;
  const auto count = static_cast<std::size_t>(missing);
  if (directive.minus) return text + std::string(count, ' ');
  if (!directive.zero || !number) return std::string(count, ' ') + text;
  const std::size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  return text.insert(sign, count, '0');
}

std::string wrong_type(const Value& value, char verb, const Schema& schema) {
  if (!value.json || value.json->is_null()) return fmt::format("%!{}(<nil>)", verb);
  return fmt::format("%!{}({}={})", verb, type_name(value), text_of(value, schema));
}

std::string go_quoted(std::string_view text) {
  constexpr std::string_view special = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view names = "abfnrtv\\\"";
  std::string out = "\"";
  for (const char c : text) {
    if (const std::size_t found = special.find(c); found != std::string_view::npos)
      out += std::string("\\") + names[found];
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out + "\"";
}

std::string hex_of(std::string_view text, bool upper) {
  std::string out;
  for (const unsigned char c : text) out += upper ? fmt::format("{:02X}", c) : fmt::format("{:02x}", c);
  return out;
}

std::string utf8_of(std::int64_t code) {
  if (code < 0 || code > 0x10ffff) code = 0xfffd;
  if (code < 0x80) return std::string(1, static_cast<char>(code));
  std::string out;
  for (int shift = code < 0x800 ? 6 : code < 0x10000 ? 12 : 18, first = 1; shift >= 0; shift -= 6, first = 0) {
    const auto bits = static_cast<unsigned>(code >> shift);
    const unsigned mark = code < 0x800 ? 0xc0 : code < 0x10000 ? 0xe0 : 0xf0;
    out += static_cast<char>(first ? mark | bits : 0x80 | (bits & 0x3f));
  }
  return out;
}

std::string whole_number(std::int64_t number, const Directive& directive) {
  const std::uint64_t size = number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
  std::string digits;
  switch (directive.verb) {
    case 'x': digits = fmt::format("{}{:x}", directive.sharp ? "0x" : "", size); break;
    case 'X': digits = fmt::format("{}{:X}", directive.sharp ? "0X" : "", size); break;
    case 'o': digits = fmt::format("{}{:o}", directive.sharp ? "0" : "", size); break;
    case 'b': digits = fmt::format("{:b}", size); break;
    default: digits = std::to_string(size);
  }
  return (number < 0 ? "-" : directive.plus ? "+" : directive.space ? " " : "") + digits;
}

std::string real_number(double number, const Directive& directive) {
  constexpr int usual = 6;
  const std::string sign = directive.plus && number >= 0 ? "+" : "";
  switch (directive.verb) {
    case 'e': return sign + fmt::format("{:.{}e}", number, directive.precision.value_or(usual));
    case 'E': return sign + fmt::format("{:.{}E}", number, directive.precision.value_or(usual));
    case 'f':
    case 'F': return sign + fmt::format("{:.{}f}", number, directive.precision.value_or(usual));
    default: return sign + (directive.precision ? fmt::format("{:.{}g}", number, *directive.precision) : float_text(number));
  }
}

std::string first_code_points(const std::string& text, int count) {
  std::size_t end = 0;
  for (int seen = 0; end < text.size(); ++end)
    if ((static_cast<unsigned char>(text[end]) & 0xC0) != 0x80 && seen++ == count) break;
  return text.substr(0, end);
}

std::string format_string(const Value& value, const Directive& directive, const Schema& schema) {
  std::string text = value.json->get<std::string>();
  if (directive.precision) text = first_code_points(text, *directive.precision);
  switch (directive.verb) {
    case 's':
    case 'v': return directive.sharp && directive.verb == 'v' ? go_quoted(text) : text;
    case 'q': return go_quoted(text);
    case 'x':
    case 'X': return hex_of(text, directive.verb == 'X');
    default: return wrong_type(value, directive.verb, schema);
  }
}

std::string format_whole(const Value& value, const Directive& directive, const Schema& schema) {
  const auto number = value.json->get<std::int64_t>();
  switch (directive.verb) {
    case 'd':
    case 'v':
    case 'x':
    case 'X':
    case 'o':
    case 'b': return whole_number(number, directive);
    case 'c': return utf8_of(number);
    case 'q': return fmt::format("'{}'", utf8_of(number));
    case 'U': return fmt::format("U+{:04X}", number);
    default: return wrong_type(value, directive.verb, schema);
  }
}

std::string format_one(const Value& value, const Directive& directive, const Schema& schema);

std::string format_list(const Value& value, Directive directive, const Schema& schema) {
  std::string out = "[";
  for (const Json& element : *value.json) {
    if (out.size() > 1) out += ' ';
    out += format_one({.json = &element, .field = {}}, directive, schema);
  }
  return out + "]";
}

std::string format_one(const Value& value, const Directive& directive, const Schema& schema) {
  if (directive.verb == 'T') return padded(type_name(value), directive, false);
  if (!value.json || value.json->is_null()) {
    const std::string text = text_of(value, schema);
    return padded(directive.verb == 'v' || text != "<nil>" ? text : wrong_type(value, directive.verb, schema), directive,
                  false);
  }
  if (value.json->is_string()) return padded(format_string(value, directive, schema), directive, false);
  if (value.json->is_number_integer()) return padded(format_whole(value, directive, schema), directive, directive.verb != 'c');
  if (value.json->is_number()) {
    const bool fits = std::string_view("eEfFgGv").find(directive.verb) != std::string_view::npos;
    return padded(fits ? real_number(value.json->get<double>(), directive) : wrong_type(value, directive.verb, schema),
                  directive, fits);
  }
  if (value.json->is_boolean()) {
    const bool fits = directive.verb == 't' || directive.verb == 'v';
    return padded(fits ? text_of(value, schema) : wrong_type(value, directive.verb, schema), directive, false);
  }
  if (value.json->is_array()) return format_list(value, directive, schema);
  return padded(text_of(value, schema), directive, false);
}

class Formatter {
public:
  Formatter(std::string_view format, std::span<const Value> arguments, const Schema& schema)
      : rest_(format), arguments_(arguments), schema_(schema) {}

  std::string run() {
    while (true) {
      const std::size_t percent = rest_.find('%');
      out_ += rest_.substr(0, percent);
      if (percent == std::string_view::npos) break;
      rest_.remove_prefix(percent + 1);
      directive();
    }
    if (used_ < arguments_.size()) add_extra();
    return std::move(out_);
  }

private:
  /// Behind the percent sign.
  void directive() {
    Directive directive;
    flags(directive);
    directive.width = number();
    if (directive.width && *directive.width < 0) {
      directive.minus = true;
      directive.width = -*directive.width;
    }
    if (rest_.starts_with('.')) {
      rest_.remove_prefix(1);
      directive.precision = std::max(0, number().value_or(0));
    }
    if (rest_.empty()) {
      out_ += "%!(NOVERB)";
      return;
    }
    directive.verb = rest_.front();
    rest_.remove_prefix(1);
    if (directive.verb == '%')
      out_ += '%';
    else if (used_ == arguments_.size())
      out_ += fmt::format("%!{}(MISSING)", directive.verb);
    else
      out_ += format_one(arguments_[used_++], directive, schema_);
  }

  void flags(Directive& directive) {
    for (; !rest_.empty(); rest_.remove_prefix(1)) {
      switch (rest_.front()) {
        case '-': directive.minus = true; break;
        case '+': directive.plus = true; break;
        case '#': directive.sharp = true; break;
        case ' ': directive.space = true; break;
        case '0': directive.zero = true; break;
        default: return;
      }
    }
  }

  /// Digits, or the star that takes an argument.
  std::optional<int> number() {
    int value = 0;
    if (rest_.starts_with('*')) {
      rest_.remove_prefix(1);
      if (used_ == arguments_.size() || !arguments_[used_].json || !arguments_[used_].json->is_number_integer()) {
        out_ += "%!(BADWIDTH)";
        return std::nullopt;
      }
      value = static_cast<int>(std::clamp<std::int64_t>(arguments_[used_++].json->get<std::int64_t>(), -widest, widest));
      return value;
    }
    const std::size_t length = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (length == 0) return std::nullopt;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + length, value);
    rest_.remove_prefix(length);
    return error == std::errc{} ? std::min(value, widest) : widest;
  }

  void add_extra() {
    out_ += "%!(EXTRA ";
    for (std::size_t i = used_; i < arguments_.size(); ++i)
      out_ += fmt::format("{}{}={}", i == used_ ? "" : ", ", type_name(arguments_[i]), text_of(arguments_[i], schema_));
    out_ += ')';
  }

  std::string_view rest_;
  std::span<const Value> arguments_;
  const Schema& schema_;
  std::size_t used_ = 0;
  std::string out_;
};

}  // namespace

std::string print_formatted(std::string_view format, std::span<const Value> arguments, const Schema& schema) {
  return Formatter(format, arguments, schema).run();
}

}  // namespace stack::cli::text_template
