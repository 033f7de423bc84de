#include "cli/container_options/csv.hpp"

#include <fmt/format.h>

#include "cli/flags.hpp"

namespace stack::cli::container_options {
namespace {

std::vector<std::string> split(std::string_view text, std::string_view flag) {
  std::vector<std::string> fields;
  std::string field;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') {
      field += text[++i];
    } else if (c == '"' && (quoted || field.empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.push_back(std::move(field));
      field.clear();
    } else {
      field += c;
    }
  }
  if (quoted) throw FlagError(fmt::format("invalid value \"{}\" for {}: a quote is not closed", text, flag));
  fields.push_back(std::move(field));
  return fields;
}

}  // namespace

std::vector<CsvField> csv_fields(std::string_view text, std::string_view flag) {
  std::vector<CsvField> fields;
  for (const std::string& part : split(text, flag)) {
    const std::size_t equals = part.find('=');
    CsvField& field = fields.emplace_back();
    field.name = part.substr(0, equals);
    if (equals != std::string::npos) field.value = part.substr(equals + 1);
  }
  return fields;
}

}  // namespace stack::cli::container_options
