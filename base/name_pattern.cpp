#include "base/name_pattern.hpp"

#include <regex>

namespace stack {

bool name_matches(const std::string& name, const std::string& pattern) {
  constexpr std::size_t longest_pattern = 256;  // it comes from outside
  const bool plain = pattern.find_first_of("^$.*+?()[]{}|\\") == std::string::npos;
  if (plain || pattern.size() > longest_pattern) return name.find(pattern) != std::string::npos;
  try {
    return std::regex_search(name, std::regex(pattern, std::regex::ECMAScript));
  } catch (const std::regex_error&) {
    return false;
  }
}

}  // namespace stack
