#include "engine/container/log_services.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <memory>
#include <set>

#include "base/error.hpp"
#include "engine/container/log_attributes.hpp"

namespace stack::engine::container {

namespace {

using shim::LogService;
using shim::LogShipping;
using shim::LogTransport;
using shim::SyslogFormat;

constexpr const char* usual_port = "514";

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::invalid_argument, message); }

std::uint8_t parse_facility(const std::string& text) {
  static constexpr std::array names{"kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
                                    "uucp",   "cron",   "authpriv", "ftp",    "",       "",       "",       "",
                                    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
  constexpr std::uint8_t daemon = 3;
  if (text.empty()) return daemon;
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) return static_cast<std::uint8_t>(found - names.begin());
  if (text.find_first_not_of("0123456789") == std::string::npos && text.size() <= 2 && std::stoul(text) < names.size())
    return static_cast<std::uint8_t>(std::stoul(text));
  refuse("invalid syslog facility");
}

SyslogFormat parse_format(const std::string& text) {
  if (text.empty()) return SyslogFormat::local;
  if (text == "rfc3164") return SyslogFormat::rfc3164;
  if (text == "rfc5424") return SyslogFormat::rfc5424;
  if (text == "rfc5424micro") return SyslogFormat::rfc5424_micro;
  refuse("Invalid syslog format");
}

/// "host", "host:port", "[::1]:port"
void parse_host(const std::string& text, LogShipping& shipping) {
  const bool bracketed = !text.empty() && text.front() == '[';
  const std::size_t host_end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && host_end == std::string::npos) refuse("syslog-address: \"" + text + "\": a \"]\" is missing");
  shipping.address = bracketed ? text.substr(1, host_end - 1) : text.substr(0, host_end);
  const std::size_t colon = host_end == std::string::npos ? host_end : text.find(':', host_end);
  shipping.port = colon == std::string::npos ? usual_port : text.substr(colon + 1);
  const bool is_port = !shipping.port.empty() && shipping.port.size() <= 5 &&
                       shipping.port.find_first_not_of("0123456789") == std::string::npos && std::stoul(shipping.port) <= 65535;
  if (shipping.address.empty() || !is_port) refuse("syslog-address: \"" + text + "\" is not like host:port");
}

/// Where syslog is on this host; empty: nowhere.
std::string local_syslog() {
  for (const char* path : {"/dev/log", "/var/run/syslog", "/var/run/log"})
    if (::access(path, F_OK) == 0) return path;
  return {};
}

void parse_address(const std::string& text, LogShipping& shipping) {
  shipping.transport = LogTransport::unix_either;
  if (text.empty()) return;  // this host's, looked for at every start
  const std::size_t colon = text.find("://");
  const std::string scheme = colon == std::string::npos ? std::string() : text.substr(0, colon);
  const std::string rest = colon == std::string::npos ? std::string() : text.substr(colon + 3);
  if (scheme == "unix" || scheme == "unixgram") {
    struct stat info {};
    if (::stat(rest.c_str(), &info) != 0)
      refuse("stat " + rest + ": " + (errno == ENOENT ? "no such file or directory" : ::strerror(errno)));
    shipping.transport = scheme == "unix" ? LogTransport::unix_stream : LogTransport::unix_datagram;
    shipping.address = rest;
  } else if (scheme == "udp" || scheme == "tcp") {
    shipping.transport = scheme == "udp" ? LogTransport::udp : LogTransport::tcp;
    parse_host(rest, shipping);
  } else if (scheme == "tcp+tls") {
    throw Error(ErrorCode::not_implemented, "syslog-address: tcp+tls is not supported: udp, tcp, unix and unixgram are");
  } else {
    refuse("unsupported scheme: '" + scheme + "'");
  }
}

LogShipping syslog_of(const api::LogConfig& config) {
  LogShipping shipping;
  shipping.service = LogService::syslog;
  parse_address(log_option(config, "syslog-address"), shipping);
  shipping.facility = parse_facility(log_option(config, "syslog-facility"));
  shipping.format = parse_format(log_option(config, "syslog-format"));
  return shipping;
}

/// Journal fields are upper case; what has no place in a name becomes '_', which none may begin with.
std::string field_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const auto letter = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    const bool allowed = (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
    if (allowed || !name.empty()) name += allowed ? letter : '_';
  }
  return name;
}

void add_journal_fields(const Record& record, LogShipping& shipping) {
  constexpr std::size_t short_id = 12;
  shipping.fields = {{"CONTAINER_ID", record.id.substr(0, short_id)},
                     {"CONTAINER_ID_FULL", record.id},
                     {"CONTAINER_NAME", record.name},
                     {"CONTAINER_TAG", shipping.tag},
                     {"IMAGE_NAME", record.config.image},
                     {"SYSLOG_IDENTIFIER", shipping.tag}};
  for (const auto& [name, value] : log_attributes(record))
    if (const std::string field = field_name(name); !field.empty()) shipping.fields.emplace_back(field, value);
}

std::string own_hostname() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

[[noreturn]] void unreachable(const std::string& why) {
  throw Error(ErrorCode::internal, "failed to create task for container: failed to initialize logging driver: " + why);
}

void resolve(LogShipping& shipping) {
  const bool udp = shipping.transport == LogTransport::udp;
  addrinfo hints{};
  hints.ai_socktype = udp ? SOCK_DGRAM : SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(shipping.address.c_str(), shipping.port.c_str(), &hints, &found); error != 0)
    unreachable(std::string("dial ") + (udp ? "udp" : "tcp") + ": lookup " + shipping.address + ": " + ::gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, ::freeaddrinfo);
  char text[INET6_ADDRSTRLEN] = {};
  const void* address = found->ai_family == AF_INET
                            ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(found->ai_addr)->sin_addr)
                            : static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(found->ai_addr)->sin6_addr);
  ::inet_ntop(found->ai_family, address, text, sizeof text);
  shipping.address = text;
}

}  // namespace

bool is_log_service(const std::string& driver) { return driver == "journald" || driver == "syslog"; }

bool is_log_service_option(const std::string& driver, const std::string& name) {
  static const std::set<std::string> of_syslog{"syslog-address",        "syslog-facility", "syslog-format",
                                               "syslog-tls-ca-cert",    "syslog-tls-cert", "syslog-tls-key",
                                               "syslog-tls-skip-verify"};
  return driver == "syslog" && of_syslog.contains(name);
}

void check_log_service_options(const api::LogConfig& config) {
  if (config.type == "syslog") syslog_of(config);
}

LogShipping log_shipping(const Record& record) {
  const api::LogConfig& config = record.host_config.log_config;
  if (!is_log_service(config.type)) return {};
  LogShipping shipping;
  if (config.type == "syslog") {
    shipping = syslog_of(config);
  } else {
    shipping.service = LogService::journal;
    shipping.address = shim::journal_socket;
  }
  shipping.tag = log_tag(record, "{{.ID}}");
  shipping.hostname = own_hostname();
  shipping.drops_when_full = log_option(config, "mode") == "non-blocking";
  if (shipping.service == LogService::journal) add_journal_fields(record, shipping);
  return shipping;
}

void reach_log_service(LogShipping& shipping) {
  if (shipping.service == LogService::none) return;
  if (shipping.service == LogService::journal && ::access(shipping.address.c_str(), F_OK) != 0)
    unreachable("journald is not enabled on this host");
  if (shipping.transport == LogTransport::unix_either && shipping.address.empty()) shipping.address = local_syslog();
  if (shipping.transport == LogTransport::unix_either && shipping.address.empty()) unreachable("Unix syslog delivery error");
  if (shipping.transport == LogTransport::udp || shipping.transport == LogTransport::tcp) resolve(shipping);
  try {
    shim::check_log_service(shipping);
  } catch (const Error& error) {
    unreachable(error.what());
  }
}

}  // namespace stack::engine::container
