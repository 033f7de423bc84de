#pragma once
// Where a container's lines go beside its log file: the host's journal, or a syslog server. The monitor sends them, so they go
// on while the engine is dead; `logs` reads the file, as for every other container.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace stack::engine::shim {

enum class LogService : std::uint8_t { none, journal, syslog };
enum class SyslogFormat : std::uint8_t { local, rfc3164, rfc5424, rfc5424_micro };
enum class LogTransport : std::uint8_t { unix_datagram, unix_stream, unix_either, udp, tcp };

inline constexpr const char* journal_socket = "/run/systemd/journal/socket";
inline constexpr std::size_t shipped_line = 16 * 1024;             ///< longer ones become several messages, as Docker's do
inline constexpr std::uint64_t default_ship_buffer = 1024 * 1024;  ///< bytes that wait for the service

/// What the monitor needs to know; the engine has checked it and rendered the templates.
struct LogShipping {
  LogService service = LogService::none;
  LogTransport transport = LogTransport::unix_datagram;
  std::string address;  ///< path of a socket, or host
  std::string port;     ///< of udp and tcp
  SyslogFormat format = SyslogFormat::local;
  std::uint8_t facility = 3;  ///< syslog's number: daemon
  std::string tag;
  std::string hostname;
  std::vector<std::pair<std::string, std::string>> fields;  ///< journal: of every message, by name
  std::uint64_t buffer = default_ship_buffer;
  bool drops_when_full = false;  ///< else the container waits while a service that is there does not keep up

  /// As words and back, for the configuration documents of a shim. Here, because what launches shims links none of their code.
  std::vector<std::string> to_words() const;
  static LogShipping from_words(const std::vector<std::string>& words);
};

inline std::vector<std::string> LogShipping::to_words() const {
  if (service == LogService::none) return {};
  const auto number = [](auto value) { return std::to_string(static_cast<std::uint64_t>(value)); };
  std::vector<std::string> words{number(service), number(transport),      address, port,
                                 number(format),  number(facility),       tag,     hostname,
                                 number(buffer),  number(drops_when_full)};
  for (const auto& [name, value] : fields) {
    words.push_back(name);
    words.push_back(value);
  }
  return words;
}

inline LogShipping LogShipping::from_words(const std::vector<std::string>& words) {
  LogShipping result;
  constexpr std::size_t fixed = 10;
  if (words.size() < fixed) return result;
  const auto number = [&](std::size_t at) { return std::strtoull(words[at].c_str(), nullptr, 10); };
  result.service = static_cast<LogService>(number(0));
  result.transport = static_cast<LogTransport>(number(1));
  result.address = words[2];
  result.port = words[3];
  result.format = static_cast<SyslogFormat>(number(4));
  result.facility = static_cast<std::uint8_t>(number(5));
  result.tag = words[6];
  result.hostname = words[7];
  result.buffer = number(8);
  result.drops_when_full = number(9) != 0;
  for (std::size_t at = fixed; at + 1 < words.size(); at += 2) result.fields.emplace_back(words[at], words[at + 1]);
  return result;
}

/// Connects as the monitor would. Throws Error saying what is not there.
void check_log_service(const LogShipping& shipping);

}  // namespace stack::engine::shim
