#pragma once
// --format of the commands that list things and of those that show one: JSON, a table, or a template of the docker tools' kind
// (cli/text_template).
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace stack::cli::render {

/// The column titles of fields whose title is not just their name in upper case: CPUPerc → "CPU %".
using FieldTitles = std::map<std::string, std::string, std::less<>>;

/// One thing in a list.
struct Row {
  nlohmann::json fields;
  std::map<std::string, std::string> labels = {};  ///< for {{.Label "name"}}
};

/// "json": an object a line; "table TEMPLATE": a table, its columns parted by \t; else a template, a line for each row.
/// Throws TemplateError.
std::string format_rows(const std::vector<Row>& rows, std::string_view format, const FieldTitles& titles = {});
std::string format_rows(const std::vector<nlohmann::json>& rows, std::string_view format, const FieldTitles& titles = {});

/// Whether a format for format_rows() names this field: some are dear to find out.
bool format_uses(std::string_view format, std::string_view field);

/// One line of what the docker tools call JSON: as JSON, with <, > and & escaped.
std::string json_line(const nlohmann::json& object);

/// What the engine says about things, in full: an indented list ("" or no format), "json" in one line, or a template for each.
std::string format_inspected(const std::vector<nlohmann::ordered_json>& things, std::string_view format);

}  // namespace stack::cli::render
