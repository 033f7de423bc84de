#pragma once
// --format of the commands that list things: JSON, or a template of the docker tools' kind.
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace stack::cli::render {

/// Replaces {{.Field}} and {{json .Field}} by the object's members, \t and \n by what they mean. Throws invalid_argument for
/// other actions and for members that do not exist.
std::string apply_template(std::string_view text, const nlohmann::json& object);

/// The column titles of fields whose title is not just their name in upper case: CPUPerc → "CPU %".
using FieldTitles = std::map<std::string, std::string, std::less<>>;

/// "json": an object a line; "table TEMPLATE": a table, its columns parted by \t; else a template, a line for each row.
std::string format_rows(const std::vector<nlohmann::json>& rows, std::string_view format, const FieldTitles& titles = {});

}  // namespace stack::cli::render
