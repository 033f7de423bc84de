#pragma once
// Typed reads and writes of the runtime spec's JSON, for spec*.cpp only. A wrong type is an invalid_argument that names the
// key.
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "engine/runtime/spec.hpp"

namespace stack::engine::runtime::spec_json {

using nlohmann::json;

[[noreturn]] inline void bad(const std::string& field, const std::string& problem) {
  throw Error(ErrorCode::invalid_argument, "runtime spec: " + field + ": " + problem);
}

template <class T>
void read(const json& object, const char* key, T& target) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return;
  try {
    target = found->get<T>();
  } catch (const json::exception&) {
    bad(key, "wrong type");
  }
}
template <class T>
void read(const json& object, const char* key, std::optional<T>& target) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return;
  T value{};
  read(object, key, value);
  target = value;
}
/// The object at `key`, an empty one when absent.
inline json child(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return json::object();
  if (!found->is_object() && !found->is_array()) bad(key, "wrong type");
  return *found;
}
template <class T>
void put(json& object, const char* key, const std::optional<T>& value) {
  if (value) object[key] = *value;
}
template <class T>
void put_unless_empty(json& object, const char* key, const T& value) {
  if (!value.empty()) object[key] = value;
}

// spec_resources.cpp
json print_resources(const Resources& resources);
Resources parse_resources(const json& object);
// spec_linux.cpp
json print_linux(const Linux& linux_);
Linux parse_linux(const json& object);
json print_id_mappings(const std::vector<IdMapping>& mappings);
std::vector<IdMapping> parse_id_mappings(const json& object, const char* key);
// spec_hooks.cpp
json print_hooks(const Hooks& hooks);
Hooks parse_hooks(const json& object);

}  // namespace stack::engine::runtime::spec_json
