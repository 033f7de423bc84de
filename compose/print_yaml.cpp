// YAML block style with two spaces, and the quoting rules of the libyaml family of emitters: plain where it reads back as the
// same string, single quotes where indicators stand in the way, double quotes where escapes are needed or a plain word would
// be another type, a literal block for several lines.
#include <fmt/format.h>

#include <cmath>

#include "compose/print.hpp"
#include "compose/yaml.hpp"

namespace stack::compose {
namespace {

struct Character {
  char32_t code;
  std::size_t length;
};

Character decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 1;
  char32_t code = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (byte(i) & 0x3F);
  return {code, length};
}

bool is_break(char32_t c) { return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029; }
bool is_printable(char32_t c) {
  return c == '\n' || (c >= 0x20 && c <= 0x7E) || c == 0x85 || (c >= 0xA0 && c < 0xD800) ||
         (c >= 0xE000 && c < 0xFFFE && c != 0xFEFF);
}

bool has_break(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto [c, length] = decode(text, at);
    if (is_break(c)) return true;
    at += length;
  }
  return false;
}

/// Which styles a text allows.
struct Analysis {
  bool plain = true, single_quoted = true, block = true;
};

Analysis analyze(std::string_view text) {
  Analysis result;
  if (text.empty()) return {false, true, false};
  bool indicators = text.starts_with("---") || text.starts_with("...");
  bool special = false, tabs = false, breaks = false;
  bool leading_space = false, trailing_space = false, break_space = false, space_break = false;
  bool previous_space = false, previous_break = false, after_blank = true;
  for (std::size_t i = 0; i < text.size();) {
    const auto [c, length] = decode(text, i);
    const bool first = i == 0, last = i + length >= text.size();
    const char32_t next = last ? U'\0' : decode(text, i + length).code;
    const bool before_blank = last || next == ' ' || next == '\t' || is_break(next);
    if (first) {
      if (std::string_view("#,[]{}&*!|>'\"%@`").find(static_cast<char>(c)) != std::string_view::npos && c < 0x80)
        indicators = true;
      if ((c == '?' || c == ':' || c == '-') && before_blank) indicators = true;
    } else {
      if (c == ':' && before_blank) indicators = true;
      if (c == '#' && after_blank) indicators = true;
    }
    if (c == '\t')
      tabs = true;
    else if (!is_printable(c) || (is_break(c) && c != '\n'))
      special = true;
    if (c == ' ') {
      if (first) leading_space = true;
      if (last) trailing_space = true;
      if (previous_break) break_space = true;
      previous_space = true;
      previous_break = false;
    } else if (is_break(c)) {
      breaks = true;
      if (previous_space) space_break = true;
      previous_break = true;
      previous_space = false;
    } else {
      previous_space = previous_break = false;
    }
    after_blank = c == ' ' || c == '\t' || is_break(c);
    i += length;
  }
  if (leading_space || trailing_space || breaks || indicators) result.plain = false;
  if (trailing_space) result.block = false;
  if (break_space) result.plain = result.single_quoted = false;
  if (tabs) result.plain = result.single_quoted = false;
  if (space_break || special) result = {false, false, false};
  return result;
}

/// Words an older YAML reads as a boolean, and its base-60 numbers.
bool was_special(std::string_view text) {
  for (const std::string_view word :
       {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"})
    if (text == word) return true;
  std::size_t at = text.starts_with('+') || text.starts_with('-') ? 1 : 0;
  if (at >= text.size() || text[at] < '0' || text[at] > '9' || text.find(':') == std::string_view::npos) return false;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && ((text[at] >= '0' && text[at] <= '9') || text[at] == '_')) ++at;
    return at - from;
  };
  digits();
  while (at < text.size() && text[at] == ':') {
    const std::size_t from = ++at;
    const std::size_t count = digits();
    if (count < 1 || count > 2 || (count == 2 && text[from] > '5')) return false;
  }
  if (at < text.size() && text[at] == '.') {
    ++at;
    digits();
  }
  return at == text.size();
}

bool looks_like_date(std::string_view text) {
  const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  if (!(digit(0) && digit(1) && digit(2) && digit(3) && text.size() > 4 && text[4] == '-')) return false;
  std::size_t at = 5;
  while (digit(at)) ++at;
  if (at == 5 || at > 7 || at >= text.size() || text[at] != '-') return false;
  const std::size_t day = ++at;
  while (digit(at)) ++at;
  if (at == day || at > day + 2) return false;
  if (at == text.size()) return true;
  return (text[at] == 'T' || text[at] == 't' || text[at] == ' ') && digit(at + 1) &&
         text.find(':', at) != std::string_view::npos;
}

/// Whether the plain text would be read as this string again.
bool reads_as_string(std::string_view text) { return is_plain_text(text) && !was_special(text) && !looks_like_date(text); }

constexpr std::size_t longest_simple_key = 128;

class Writer {
public:
  std::string out;

  void document(const Node& node) {
    block(node, 0, false);
    if (out.empty() || out.back() != '\n') out += '\n';
  }

private:
  /// Writes the node after "key:" or "-" (`inline_start`: the first member of a mapping may follow on the same line).
  void block(const Node& node, int indent, bool inline_start) {
    if (node.is_mapping() && !node.members().empty()) {
      bool first = true;
      for (const Node::Member& member : node.members()) {
        if (!(first && inline_start)) margin(indent);
        first = false;
        if (member.key.size() > longest_simple_key || has_break(member.key)) {
          out += "? ";
          scalar_text(member.key, indent, false);
          out += '\n';
          margin(indent);
          out += ':';
          item_value(member.value, indent);
        } else {
          scalar_text(member.key, indent, true);
          out += ':';
          value(member.value, indent);
        }
      }
    } else if (node.is_sequence() && !node.items().empty()) {
      bool first = true;
      for (const Node& item : node.items()) {
        if (!(first && inline_start)) margin(indent);
        first = false;
        out += '-';
        item_value(item, indent);
      }
    } else {
      if (!inline_start) margin(indent);
      leaf(node, indent);
      out += '\n';
    }
  }

  void margin(int indent) { out.append(static_cast<std::size_t>(indent), ' '); }

  bool is_leaf(const Node& node) const {
    return node.is_scalar() || (node.is_mapping() ? node.members().empty() : node.items().empty());
  }

  void value(const Node& node, int indent) {
    if (is_leaf(node)) {
      out += ' ';
      leaf(node, indent);
      out += '\n';
    } else {
      out += '\n';
      block(node, indent + 2, false);
    }
  }

  void item_value(const Node& node, int indent) {
    out += ' ';
    if (is_leaf(node)) {
      leaf(node, indent);
      out += '\n';
    } else {
      block(node, indent + 2, true);
    }
  }

  void leaf(const Node& node, int indent) {
    switch (node.kind()) {
      case Node::Kind::null: out += "null"; break;
      case Node::Kind::boolean: out += node.as_boolean() ? "true" : "false"; break;
      case Node::Kind::integer: out += std::to_string(node.as_integer()); break;
      case Node::Kind::floating: floating(node.as_floating()); break;
      case Node::Kind::string: scalar_text(node.as_string(), indent, false); break;
      case Node::Kind::sequence: out += "[]"; break;
      case Node::Kind::mapping: out += "{}"; break;
    }
  }

  void floating(double value) {
    if (std::isnan(value))
      out += ".nan";
    else if (std::isinf(value))
      out += value < 0 ? "-.inf" : ".inf";
    else
      out += format_float(value);
  }

  void scalar_text(const std::string& text, int indent, bool key) {
    const Analysis analysis = analyze(text);
    if (text.find('\n') != std::string::npos) {
      if (!key && analysis.block) return literal(text, indent + 2);
      return double_quoted(text);
    }
    if (!reads_as_string(text)) return double_quoted(text);
    if (analysis.plain) {
      out += text;
    } else if (analysis.single_quoted) {
      single_quoted(text);
    } else {
      double_quoted(text);
    }
  }

  void single_quoted(std::string_view text) {
    out += '\'';
    for (const char c : text) {
      out += c;
      if (c == '\'') out += c;
    }
    out += '\'';
  }

  void double_quoted(std::string_view text) {
    out += '"';
    for (std::size_t i = 0; i < text.size();) {
      const auto [c, length] = decode(text, i);
      const std::string_view bytes = text.substr(i, length);
      i += length;
      if (is_printable(c) && !is_break(c) && c != '"' && c != '\\') {
        out += bytes;
        continue;
      }
      switch (c) {
        case 0x00: out += "\\0"; break;
        case 0x07: out += "\\a"; break;
        case 0x08: out += "\\b"; break;
        case 0x09: out += "\\t"; break;
        case 0x0A: out += "\\n"; break;
        case 0x0B: out += "\\v"; break;
        case 0x0C: out += "\\f"; break;
        case 0x0D: out += "\\r"; break;
        case 0x1B: out += "\\e"; break;
        case 0x22: out += "\\\""; break;
        case 0x5C: out += "\\\\"; break;
        case 0x85: out += "\\N"; break;
        case 0x2028: out += "\\L"; break;
        case 0x2029: out += "\\P"; break;
        default: {
          const auto code = static_cast<std::uint32_t>(c);
          out += c <= 0xFF     ? fmt::format("\\x{:02X}", code)
                 : c <= 0xFFFF ? fmt::format("\\u{:04X}", code)
                               : fmt::format("\\U{:08X}", code);
        }
      }
    }
    out += '"';
  }

  void literal(std::string_view text, int indent) {
    out += '|';
    if (text.front() == ' ' || text.front() == '\n') out += '2';
    const bool ends = text.back() == '\n';
    if (!ends)
      out += '-';
    else if (text.size() == 1 || text[text.size() - 2] == '\n')
      out += '+';
    if (ends) text.remove_suffix(1);
    std::size_t at = 0;
    while (true) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      out += '\n';
      if (end > at) margin(indent);
      out += text.substr(at, end - at);
      if (end == text.size()) break;
      at = end + 1;
    }
  }
};

}  // namespace

std::string yaml_text(const Node& node) {
  Writer writer;
  writer.document(node);
  return std::move(writer.out);
}

}  // namespace stack::compose
