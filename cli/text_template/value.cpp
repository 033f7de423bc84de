#include "cli/text_template/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "base/units.hpp"

namespace stack::cli::text_template {
namespace {

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_one_of(std::span<const std::string_view> names, const Value& value) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return name == value.field;
    return name.substr(0, dot) == value.parent && name.substr(dot + 1) == value.field;
  });
}

std::string null_text(const Value& value, const Schema& schema) {
  if (value.field.empty() || contains(schema.optional, value.field)) return "<nil>";
  return is_map(value, schema) ? "map[]" : "[]";
}

std::string object_text(const Value& value, const Schema& schema) {
  const bool map = is_map(value, schema) || (value.json->empty() && !value.field.empty());
  std::vector<std::string> parts;
  for (const auto& [name, member] : value.json->items()) {
    const std::string text =
        text_of({.json = &member, .field = map ? std::string_view() : std::string_view(name), .parent = value.field}, schema);
    parts.push_back(map ? name + ":" + text : text);
  }
  if (map) std::sort(parts.begin(), parts.end());
  return map ? fmt::format("map[{}]", fmt::join(parts, " ")) : fmt::format("{{{}}}", fmt::join(parts, " "));
}

std::string array_text(const Value& value, const Schema& schema) {
  std::string out = "[";
  for (const Json& element : *value.json) {
    if (out.size() > 1) out += ' ';
    out += text_of({.json = &element, .field = {}}, schema);
  }
  return out + "]";
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// Here, not at the start of the program.
const Json& nothing() {
  static const Json null;
  return null;
}

[[noreturn]] void no_member(const std::string& name, const std::string& in) {
  throw Error(ErrorCode::invalid_argument, fmt::format("there is no field {} in {}", name, in));
}

}  // namespace

std::string float_text(double number) {
  constexpr double smallest_plain = 1e-4;
  constexpr double largest_plain = 1e21;
  std::array<char, 64> digits{};
  const double size = std::fabs(number);
  const bool plain = size == 0 || (size >= smallest_plain && size < largest_plain);
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number,
                                          plain ? std::chars_format::fixed : std::chars_format::scientific);
  return error == std::errc{} ? std::string(digits.data(), end) : std::to_string(number);
}

std::string json_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string text_of(const Value& value, const Schema& schema) {
  if (!value.json) return "<no value>";
  switch (value.json->type()) {
    case Json::value_t::null: return null_text(value, schema);
    case Json::value_t::string: return value.json->get<std::string>();
    case Json::value_t::boolean: return value.json->get<bool>() ? "true" : "false";
    case Json::value_t::number_float: return float_text(value.json->get<double>());
    case Json::value_t::object: return object_text(value, schema);
    case Json::value_t::array: return array_text(value, schema);
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      if (is_one_of(schema.durations, value)) return format_duration(std::chrono::nanoseconds(value.json->get<std::int64_t>()));
      return value.json->dump();
    default: return value.json->dump();
  }
}

bool is_true(const Value& value) {
  if (!value.json) return false;
  switch (value.json->type()) {
    case Json::value_t::null: return false;
    case Json::value_t::boolean: return value.json->get<bool>();
    case Json::value_t::string: return !value.json->get_ref<const std::string&>().empty();
    case Json::value_t::array:
    case Json::value_t::object: return !value.json->empty();
    default: return value.json->get<double>() != 0;
  }
}

bool is_map(const Value& value, const Schema& schema) { return is_one_of(schema.maps, value); }

Value member_of(const Value& value, const std::string& name, const Schema& schema) {
  if (!value.json) no_member(name, "what has no value");
  if (value.json->is_null()) {
    if (is_map(value, schema)) return {};
    no_member(name, value.field.empty() ? "nil" : fmt::format("{}, which is nil", value.field));
  }
  if (!value.json->is_object()) no_member(name, type_name(value));
  if (const auto found = value.json->find(name); found != value.json->end())
    return {.json = &*found, .field = name, .parent = value.field};
  if (is_map(value, schema)) return {};
  for (const auto& [key, member] : value.json->items())  // {{.ID}} is "Id" in the JSON
    if (equal_ignoring_case(key, name)) return {.json = &member, .field = key, .parent = value.field};
  if (const auto known = std::find(schema.optional.begin(), schema.optional.end(), name); known != schema.optional.end())
    return {.json = &nothing(), .field = *known};
  no_member(name, value.field.empty() ? "it" : std::string(value.field));
}

std::string type_name(const Value& value) {
  if (!value.json) return "nil";
  switch (value.json->type()) {
    case Json::value_t::null: return "nil";
    case Json::value_t::string: return "string";
    case Json::value_t::boolean: return "bool";
    case Json::value_t::number_float: return "float64";
    case Json::value_t::object: return "map";
    case Json::value_t::array: return "[]interface {}";
    default: return "int";
  }
}

}  // namespace stack::cli::text_template
