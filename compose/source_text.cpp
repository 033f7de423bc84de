#include "compose/source_text.hpp"

namespace stack::compose {
namespace {

constexpr std::string_view no_utf8 = "the file is not valid UTF-8 text";
constexpr std::string_view binary = "the file is binary: there are bytes in it that no text has";
constexpr std::string_view control = "a control character; in double quotes it can be written as an escape like \\x1b";

unsigned byte_at(std::string_view text, std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; }

std::string from_utf16(std::string_view bytes, bool little_endian) {
  std::string out;
  const auto unit = [&](std::size_t at) -> char32_t {
    const unsigned first = byte_at(bytes, at), second = byte_at(bytes, at + 1);
    return little_endian ? first | second << 8 : first << 8 | second;
  };
  for (std::size_t at = 2; at + 1 < bytes.size(); at += 2) {
    char32_t code = unit(at);
    if (code >= 0xD800 && code < 0xDC00 && at + 3 < bytes.size()) {
      const char32_t low = unit(at + 2);
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        at += 2;
      }
    }
    append_utf8(code, out);
  }
  return out;
}

std::string with_line_feeds(std::string text) {
  for (std::size_t at = text.find('\r'); at != std::string::npos; at = text.find('\r', at + 1))
    if (byte_at(text, at + 1) != '\n') text[at] = '\n';
  return text;
}

/// Bytes of the character with this first byte; 0: none starts so.
std::size_t length_of(unsigned lead) {
  if (lead < 0x80) return 1;
  return lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
}

bool allowed(char32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code != 0x7F && (code < 0x80 || code >= 0xA0 || code == 0x85) && code != 0xFFFE && code != 0xFFFF;
}

}  // namespace

void append_utf8(char32_t code, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

std::string utf8_text(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE")) return with_line_feeds(from_utf16(bytes, true));
  if (bytes.starts_with("\xFE\xFF")) return with_line_feeds(from_utf16(bytes, false));
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  return with_line_feeds(std::string(bytes));
}

std::optional<BadCharacter> bad_character(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const unsigned lead = byte_at(text, at);
    const std::size_t length = length_of(lead);
    if (length == 0) return BadCharacter{at, no_utf8};
    char32_t code = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
      if (byte_at(text, at + i) >> 6 != 2) return BadCharacter{at, no_utf8};
      code = code << 6 | (byte_at(text, at + i) & 0x3F);
    }
    constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};  // longer forms of the same are not valid
    if (code < smallest[length] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return BadCharacter{at, no_utf8};
    if (code == 0) return BadCharacter{at, binary};
    if (!allowed(code)) return BadCharacter{at, control};
    at += length;
  }
  return std::nullopt;
}

}  // namespace stack::compose
