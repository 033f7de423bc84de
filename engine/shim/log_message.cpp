#include "engine/shim/log_message.hpp"

#include <cstdio>
#include <ctime>

#include "engine/shim/json_log.hpp"

namespace stack::engine::shim {

namespace {

constexpr int severity_error = 3, severity_info = 6;
constexpr std::int64_t second = 1'000'000'000;

int severity(LogStream stream) { return stream == LogStream::err ? severity_error : severity_info; }

void add_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  if (value.find('\n') == std::string_view::npos) {
    out += '=';
  } else {
    out += '\n';
    for (int byte = 0; byte < 8; ++byte) out += static_cast<char>(std::uint64_t{value.size()} >> (8 * byte));
  }
  out += value;
  out += '\n';
}

/// "Jan  2 15:04:05" or "2026-01-02T15:04:05" and what follows, in local time.
std::string local_time(std::int64_t time, const char* format) {
  const time_t seconds = time / second;
  tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[64];
  return {text, ::strftime(text, sizeof text, format, &parts)};
}

std::string zone(std::int64_t time) {
  const std::string offset = local_time(time, "%z");  // "+0100"
  return offset == "+0000" ? "Z" : offset.substr(0, 3) + ":" + offset.substr(3);
}

std::string rfc5424_time(std::int64_t time, bool micro) {
  std::string text = local_time(time, "%Y-%m-%dT%H:%M:%S");
  if (micro) {
    char decimals[16];
    std::snprintf(decimals, sizeof decimals, ".%06d", static_cast<int>(time % second / 1000));
    text += decimals;
  }
  return text + zone(time);
}

}  // namespace

std::string journal_message(const LogShipping& shipping, const ShippedLine& line) {
  std::string out;
  add_field(out, "MESSAGE", line.text);
  add_field(out, "PRIORITY", std::to_string(severity(line.stream)));
  add_field(out, "SYSLOG_TIMESTAMP", json_log_time(line.time));
  add_field(out, "CONTAINER_LOG_ORDINAL", std::to_string(line.ordinal));
  if (line.partial) add_field(out, "CONTAINER_PARTIAL_MESSAGE", "true");
  for (const auto& [name, value] : shipping.fields) add_field(out, name, value);
  return out;
}

std::string syslog_message(const LogShipping& shipping, const ShippedLine& line, int pid) {
  const std::string priority = "<" + std::to_string(shipping.facility * 8 + severity(line.stream)) + ">";
  const std::string process = std::to_string(pid);
  std::string out;
  switch (shipping.format) {
    case SyslogFormat::local:
      out = priority + local_time(line.time, "%b %e %H:%M:%S") + " " + shipping.tag + "[" + process + "]: ";
      break;
    case SyslogFormat::rfc3164:
      out = priority + local_time(line.time, "%b %e %H:%M:%S") + " " + shipping.hostname + " " + shipping.tag + "[" + process +
            "]: ";
      break;
    case SyslogFormat::rfc5424:
    case SyslogFormat::rfc5424_micro:
      out = priority + "1 " + rfc5424_time(line.time, shipping.format == SyslogFormat::rfc5424_micro) + " " +
            shipping.hostname + " " + shipping.tag + " " + process + " " + shipping.tag + " - ";
      break;
  }
  out += line.text;
  if (out.back() != '\n') out += '\n';
  return out;
}

}  // namespace stack::engine::shim
