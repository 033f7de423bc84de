#include "engine/shim/log_shipping.hpp"

#include <cstdlib>

#include "base/error.hpp"
#include "engine/shim/log_socket.hpp"

namespace stack::engine::shim {

std::vector<std::string> LogShipping::to_words() const {
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

LogShipping LogShipping::from_words(const std::vector<std::string>& words) {
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

void check_log_service(const LogShipping& shipping) {
  LogSocket socket;
  if (const int error = socket.connect(shipping)) throw errno_error("connect to " + describe(shipping), error);
  if (const int error = socket.wait_until_connected()) throw errno_error("connect to " + describe(shipping), error);
}

}  // namespace stack::engine::shim
