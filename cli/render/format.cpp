#include "cli/render/format.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "cli/render/table.hpp"
#include "cli/text_template/text_template.hpp"

namespace stack::cli::render {

using nlohmann::json;

namespace {

/// In the shell's quotes \t and \n arrive as two characters.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (next == 't' || next == 'n') {
      out += next == 't' ? '\t' : '\n';
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells;
  while (true) {
    const std::size_t tab = line.find('\t');
    cells.emplace_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return cells;
    line.remove_prefix(tab + 1);
  }
}

/// Title of {{.Label "com.example.team-name"}}: "team name".
std::string label_title(std::string_view name) {
  std::string title(name.substr(name.rfind('.') + 1));
  std::replace_if(
      title.begin(), title.end(), [](char c) { return c == '-' || c == '_'; }, ' ');
  return title;
}

std::string apply(const text_template::Template& text, const Row& row) {
  text_template::Options options;
  options.label = [&row](std::string_view name) {
    const auto found = row.labels.find(std::string(name));
    return found == row.labels.end() ? std::string() : found->second;
  };
  return text.execute(text_template::Json(row.fields), options);
}

std::string header_of(const text_template::Template& text, const FieldTitles& titles) {
  text_template::Options options;
  options.header = true;
  options.label = label_title;
  text_template::Json fields = text_template::Json::object();
  for (const auto& [field, title] : titles) fields[field] = title;
  return text.execute(fields, options);
}

/// What Go's types tell about the engine's answers: text_template::Schema.
constexpr std::array<std::string_view, 17> maps{
    "LogConfig.Config",

    "Labels",           "Networks",          "Attributes", "Ports",       "PortBindings", "ExposedPorts", "Volumes",
    "Options",          "DriverOpts",        "Data",       "Annotations", "StorageOpt",   "Tmpfs",        "Sysctls",
    "Runtimes",         "AuxiliaryAddresses"};
constexpr std::array<std::string_view, 12> optional_fields{"Health",      "SizeRw",           "SizeRootFs", "Healthcheck",
                                                           "StopTimeout", "PidsLimit",        "Init",       "OomKillDisable",
                                                           "IPAMConfig",  "MemorySwappiness", "UsageData",  "Annotations"};

constexpr std::array<std::string_view, 4> durations{"Healthcheck.Interval", "Healthcheck.Timeout", "Healthcheck.StartPeriod",
                                                    "Healthcheck.StartInterval"};

}  // namespace

std::string json_line(const json& object) {
  std::string out;
  for (const char c : object.dump(-1, ' ', false, json::error_handler_t::replace)) {
    switch (c) {
      case '<': out += "\\u003c"; break;
      case '>': out += "\\u003e"; break;
      case '&': out += "\\u0026"; break;
      default: out += c;
    }
  }
  return out + "\n";
}

bool format_uses(std::string_view format, std::string_view field) {
  const std::string name = "." + std::string(field);
  for (std::size_t at = format.find(name); at != std::string_view::npos; at = format.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if (end == format.size() || !std::isalnum(static_cast<unsigned char>(format[end]))) return true;
  }
  return false;
}

std::string format_rows(const std::vector<Row>& rows, std::string_view format, const FieldTitles& titles) {
  constexpr std::string_view table_prefix = "table ";
  std::string out;
  if (format == "json") {
    for (const Row& row : rows) out += json_line(row.fields);
    return out;
  }
  const bool table = format.starts_with(table_prefix);
  if (table) format.remove_prefix(table_prefix.size());
  while (format.starts_with(' ')) format.remove_prefix(1);
  const text_template::Template text(unescaped(format));
  std::vector<std::string> lines;
  for (const Row& row : rows) lines.push_back(apply(text, row));
  if (!table) {
    for (const std::string& line : lines) out += line + "\n";
    return out;
  }
  Table result(cells_of(header_of(text, titles)));
  for (const std::string& line : lines) result.add(cells_of(line));
  return result.text();
}

std::string format_rows(const std::vector<json>& rows, std::string_view format, const FieldTitles& titles) {
  std::vector<Row> with_labels;
  for (const json& fields : rows) with_labels.push_back({.fields = fields});
  return format_rows(with_labels, format, titles);
}

std::string format_inspected(const std::vector<nlohmann::ordered_json>& things, std::string_view format) {
  constexpr auto replace = json::error_handler_t::replace;
  if (format.empty() || format == "json") {
    const nlohmann::ordered_json list(things);
    return (things.empty() ? "[]" : list.dump(format.empty() ? 4 : -1, ' ', false, replace)) + "\n";
  }
  const text_template::Template text(format);
  text_template::Options options;
  options.schema = {.maps = maps, .optional = optional_fields, .durations = durations};
  std::string out;
  for (const nlohmann::ordered_json& thing : things) out += text.execute(thing, options) + "\n";
  return out;
}

}  // namespace stack::cli::render
