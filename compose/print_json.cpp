// JSON as Go's encoder writes it: <, > and & escaped, floats shortest, in plain form between 1e-6 and 1e21.
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "compose/print.hpp"

namespace stack::compose {
namespace {

void quote(std::string_view text, std::string& out) {
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '<':
      case '>':
      case '&': out += fmt::format("\\u{:04x}", static_cast<unsigned>(c)); break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else if (text.substr(i, 3) == "\u2028" || text.substr(i, 3) == "\u2029") {
          out += text.substr(i, 3) == "\u2028" ? "\\u2028" : "\\u2029";
          i += 2;
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  char buffer[400];
  const double magnitude = std::abs(value);
  const bool scientific = magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21);
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value,
                                    scientific ? std::chars_format::scientific : std::chars_format::fixed);
  std::string text(buffer, result.ptr);
  if (const std::size_t zero = text.find("e-0"); zero != std::string::npos) text.erase(zero + 2, 1);
  return text;
}

class Writer {
public:
  explicit Writer(bool indented) : indented_(indented) {}

  void write(const Node& node) {
    switch (node.kind()) {
      case Node::Kind::null: out += "null"; break;
      case Node::Kind::boolean: out += node.as_boolean() ? "true" : "false"; break;
      case Node::Kind::integer: out += std::to_string(node.as_integer()); break;
      case Node::Kind::floating: out += number(node.as_floating()); break;
      case Node::Kind::string: quote(node.as_string(), out); break;
      case Node::Kind::sequence: list('[', ']', node.items(), [this](const Node& item) { write(item); }); break;
      case Node::Kind::mapping:
        list('{', '}', node.members(), [this](const Node::Member& member) {
          quote(member.key, out);
          out += indented_ ? ": " : ":";
          write(member.value);
        });
        break;
    }
  }

  std::string out;

private:
  template <class Items, class WriteItem>
  void list(char open, char close, const Items& items, const WriteItem& write_item) {
    out += open;
    ++depth_;
    bool first = true;
    for (const auto& item : items) {
      if (!first) out += ',';
      first = false;
      line();
      write_item(item);
    }
    --depth_;
    if (!items.empty()) line();
    out += close;
  }

  void line() {
    if (!indented_) return;
    out += '\n';
    out.append(static_cast<std::size_t>(depth_) * 2, ' ');
  }

  bool indented_;
  int depth_ = 0;
};

}  // namespace

std::string json_text(const Node& node, bool indented) {
  Writer writer(indented);
  writer.write(node);
  return std::move(writer.out);
}

}  // namespace stack::compose
