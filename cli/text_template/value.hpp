#pragma once
// What a template computes with: JSON, looked at as Go looks at its values.
#include <string>
#include <string_view>

#include "cli/text_template/text_template.hpp"

namespace stack::cli::text_template {

/// A value somewhere in the data or made by a function; whoever runs the template keeps it alive.
struct Value {
  const Json* json = nullptr;  ///< null: the entry of a map that is not there
  std::string_view field;      ///< the field it is, which tells what its JSON does not (Schema)
  std::string_view parent{};   ///< the field whose member it is
};

/// As {{.X}} prints it: strings as they are, lists as [a b], maps as map[k:v], other objects as {a b}.
std::string text_of(const Value& value, const Schema& schema);

/// As {{if}} takes it: not zero, not empty.
bool is_true(const Value& value);

bool is_map(const Value& value, const Schema& schema);

/// A member of an object. Throws invalid_argument when there is nothing of that name.
Value member_of(const Value& value, const std::string& name, const Schema& schema);

std::string type_name(const Value& value);

std::string json_text(const Json& json);

/// Shortest digits that give the number back.
std::string float_text(double number);

}  // namespace stack::cli::text_template
