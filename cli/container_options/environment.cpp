#include "cli/container_options/environment.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <optional>

#include "base/error.hpp"
#include "cli/flags.hpp"
#include "cli/key_values.hpp"

namespace stack::cli::container_options {
namespace {

std::string without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t begin = std::min(text.find_first_not_of(blanks), text.size());
  return std::string(text.substr(begin));
}

/// Lines that are neither empty nor comments. Blanks before a name do not count, all else is as it stands: quotes, too.
std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream input(file, std::ios::binary);
  if (!input) throw errno_error("read " + file);
  std::vector<std::string> lines;
  std::string line;
  for (std::size_t number = 1; std::getline(input, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    if (number == 1 && line.starts_with("\xef\xbb\xbf")) line.erase(0, 3);
    std::string text = without_blanks(line);
    if (text.empty() || text.starts_with('#')) continue;
    const std::string name = text.substr(0, text.find('='));
    if (name.empty() || name.find_first_of(" \t") != std::string::npos)
      throw UsageError(fmt::format("{}:{}: \"{}\" is no variable's name", file, number, name));
    lines.push_back(std::move(text));
  }
  return lines;
}

std::optional<std::string> with_value(const std::string& text) {
  if (text.find('=') != std::string::npos) return text;
  const char* const value = std::getenv(text.c_str());
  if (!value) return std::nullopt;
  return text + "=" + value;
}

}  // namespace

std::vector<std::string> environment_of(const std::vector<std::string>& files, const std::vector<std::string>& texts) {
  std::vector<std::string> variables;
  for (const std::string& file : files)
    for (const std::string& line : lines_of(file))
      if (std::optional<std::string> variable = with_value(line)) variables.push_back(*std::move(variable));
  for (const std::string& text : texts) {
    if (text.empty() || text.starts_with('=')) throw FlagError(fmt::format("invalid environment variable: \"{}\"", text));
    variables.push_back(with_value(text).value_or(text));
  }
  return variables;
}

std::map<std::string, std::string> labels_of(const std::vector<std::string>& files, const std::vector<std::string>& texts) {
  std::vector<std::string> all;
  for (const std::string& file : files)
    for (std::string& line : lines_of(file))
      if (line.find('=') != std::string::npos) all.push_back(std::move(line));
  all.insert(all.end(), texts.begin(), texts.end());
  return key_values(all);
}

}  // namespace stack::cli::container_options
