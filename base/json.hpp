#pragma once
// Typed reads of JSON that others wrote: a wrong type is an error that names the field.
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace stack::json {

/// Parses text; throws invalid_argument "<what>: …" when it is no JSON object.
inline nlohmann::json parse_object(const std::string& text, const std::string& what) {
  nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_discarded()) throw Error(ErrorCode::invalid_argument, what + ": not valid JSON");
  if (!value.is_object()) throw Error(ErrorCode::invalid_argument, what + ": not a JSON object");
  return value;
}

/// Reads `key` of an object into `target`; absent and null leave it alone. Throws invalid_argument "<where>.<key>: …".
template <class T>
void read(const nlohmann::json& object, const char* key, T& target, const std::string& where) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return;
  try {
    found->get_to(target);
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::invalid_argument, where + "." + key + ": a " + found->type_name() + " is not what is expected here");
  }
}

/// The keys of an object whose values do not matter ({"80/tcp": {}}).
inline void read_keys(const nlohmann::json& object, const char* key, std::set<std::string>& target, const std::string& where) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return;
  if (!found->is_object()) throw Error(ErrorCode::invalid_argument, where + "." + key + ": must be an object");
  for (const auto& [name, value] : found->items()) target.insert(name);
}

}  // namespace stack::json
