#include "cli/key_values.hpp"

#include <fmt/format.h>

#include "cli/flags.hpp"

namespace stack::cli {

std::map<std::string, std::string> key_values(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> map;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    map[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
  }
  return map;
}

std::map<std::string, std::string> key_values_of(std::string_view flag, const std::vector<std::string>& texts) {
  for (const std::string& text : texts)
    if (text.find('=') == std::string::npos || text.starts_with('='))
      throw FlagError(fmt::format("invalid value \"{}\" for {}: NAME=VALUE is needed", text, flag));
  return key_values(texts);
}

}  // namespace stack::cli
