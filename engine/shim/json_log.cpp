#include "engine/shim/json_log.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace stack::engine::shim {

namespace {

/// Length of a character by its first byte; 0: no character begins with it.
std::size_t length_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  if (first >= 0xf0 && first <= 0xf4) return 4;
  return 0;
}

/// Length of the character at the front, or 0 when the bytes there are none.
std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t length = length_of(byte(0));
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  // overlong forms, surrogates, and what is beyond Unicode
  if (length == 3 && ((byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xed && byte(1) >= 0xa0))) return 0;
  if (length == 4 && ((byte(0) == 0xf0 && byte(1) < 0x90) || (byte(0) == 0xf4 && byte(1) >= 0x90))) return 0;
  return length;
}

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '<':
    case '>':
    case '&': break;  // Docker escapes these too, for the sake of HTML
    default:
      if (c >= 0x20) {
        out += c;
        return;
      }
  }
  char escape[8];
  std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
  out += escape;
}

void append_text(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = character(text);
    if (length == 1)
      append_ascii(out, text.front());
    else if (length == 0)
      out += "\\ufffd";
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

}  // namespace

std::string json_log_time(std::int64_t unix_nanoseconds) {
  constexpr std::int64_t second = 1'000'000'000;
  const time_t seconds = unix_nanoseconds / second;
  tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                parts.tm_hour, parts.tm_min, parts.tm_sec, static_cast<int>(unix_nanoseconds % second));
  return text;
}

void append_json_line(std::string& out, LogStream stream, std::string_view text, std::string_view attributes,
                      std::string_view time) {
  out += "{\"log\":\"";
  append_text(out, text);
  out += stream == LogStream::err ? "\",\"stream\":\"stderr\"," : "\",\"stream\":\"stdout\",";
  out += attributes;
  out += "\"time\":\"";
  out += time;
  out += "\"}\n";
}

std::size_t unfinished_character(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xc0) == 0x80) continue;  // a later byte of a character
    return length_of(byte) > back ? back : 0;
  }
  return 0;
}

}  // namespace stack::engine::shim
