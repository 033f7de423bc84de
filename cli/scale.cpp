#include "cli/scale.hpp"

#include <fmt/format.h>

#include <charconv>

#include "cli/flags.hpp"

namespace stack::cli {

std::map<std::string, int> parse_scale(const std::vector<std::string>& texts, const std::string& what) {
  std::map<std::string, int> scale;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    int number = -1;
    const char* end = text.data() + text.size();
    if (equals != std::string::npos && std::from_chars(text.data() + equals + 1, end, number).ptr != end) number = -1;
    if (number < 0) throw UsageError(fmt::format("invalid value \"{}\" for {}: SERVICE=N is needed", text, what));
    scale[text.substr(0, equals)] = number;
  }
  return scale;
}

}  // namespace stack::cli
