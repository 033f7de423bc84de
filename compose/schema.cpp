#include "compose/schema.hpp"

#include <unordered_map>

#include "compose/keys.hpp"

namespace stack::compose {
namespace {

using Json = nlohmann::ordered_json;

class Generator {
public:
  Json document() {
    Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                   {"title", "Compose file"},
                   {"description", "Generated from the key table in compose/; `ninja write_schemas` writes it anew."}};
    const Json file = structure(keys_of<Project>());
    for (const auto& [key, value] : file.items()) schema[key] = value;
    schema["definitions"] = std::move(definitions_);
    return schema;
  }

private:
  using Keys = std::span<const Key> (*)();

  /// `name`: what a definition made of it is called.
  Json value(const Type& type, std::string_view name) {
    std::vector<Json> forms;
    const auto add = [&](Allowed kind, const char* json_type) {
      if ((type.allowed & kind) != 0) forms.push_back({{"type", json_type}});
    };
    add(allow_null, "null");
    add(allow_boolean, "boolean");
    add(allow_number, "number");
    add(allow_string, "string");
    if ((type.allowed & allow_list) != 0) forms.push_back(list(type, name));
    if ((type.allowed & allow_mapping) != 0) forms.push_back(mapping(type, name));
    return one_of(std::move(forms));
  }

  static Json one_of(std::vector<Json> forms) {
    if (forms.size() == 1) return std::move(forms.front());
    Json types = Json::array();
    for (const Json& form : forms) {
      if (form.size() != 1 || !form.contains("type")) return {{"anyOf", std::move(forms)}};
      types.push_back(form.at("type"));
    }
    return {{"type", std::move(types)}};
  }

  Json list(const Type& type, std::string_view name) {
    Json schema = {{"type", "array"}};
    if (type.item == nullptr) {
      schema["items"] = {{"type", {"string", "number", "boolean", "null"}}};
    } else if (type.to_long != nullptr && (type.item->allowed & allow_string) == 0) {
      schema["items"] = {
          {"anyOf", {{{"type", {"string", "number", "null"}}}, value(*type.item, name)}}};  // items have short forms
    } else {
      schema["items"] = or_null(value(*type.item, name));
    }
    return schema;
  }

  Json mapping(const Type& type, std::string_view name) {
    if (type.keys != nullptr) return reference(type.keys, name);
    Json schema = {{"type", "object"}};
    // A null stands for "nothing said here", wherever a later file may say more.
    if (type.value != nullptr) schema["additionalProperties"] = or_null(one_or_list(*type.value, value(*type.value, name)));
    return schema;
  }

  /// Where a list is wanted in a mapping, its only item may stand alone.
  static Json one_or_list(const Type& type, Json schema) {
    if (type.allowed != allow_list) return schema;
    return {{"anyOf", {{{"type", "string"}}, std::move(schema)}}};
  }

  static Json or_null(Json schema) {
    if (schema.contains("type") && schema.size() == 1) {
      Json types = schema.at("type");
      if (!types.is_array()) types = Json::array({types});
      if (std::find(types.begin(), types.end(), "null") == types.end()) types.push_back("null");
      return {{"type", std::move(types)}};
    }
    if (schema.contains("anyOf")) {
      schema["anyOf"].push_back({{"type", "null"}});
      return schema;
    }
    return {{"anyOf", {std::move(schema), {{"type", "null"}}}}};
  }

  /// A structure is defined once, under the name of the first key that has it.
  Json reference(Keys keys, std::string_view name) {
    auto found = names_.find(keys);
    if (found == names_.end()) {
      std::string fresh(name);
      for (int n = 2; definitions_.contains(fresh); ++n) fresh = std::string(name) + "-" + std::to_string(n);
      found = names_.emplace(keys, fresh).first;
      definitions_[fresh] = nullptr;  // takes the name
      Json made = structure(keys());
      definitions_[fresh] = std::move(made);
    }
    return {{"$ref", "#/definitions/" + found->second}};
  }

  Json structure(std::span<const Key> keys) {
    Json properties = Json::object();
    for (const Key& key : keys) {
      if (key.support == Support::deprecated) {
        properties[std::string(key.name)] = {{"description", key.doc}, {"deprecated", true}};
        continue;
      }
      Json property = or_null(value(*key.type, key.name));
      if (property.contains("$ref")) property = {{"allOf", {std::move(property)}}};
      property["description"] = key.doc;
      properties[std::string(key.name)] = std::move(property);
    }
    return {{"type", "object"},
            {"properties", std::move(properties)},
            {"patternProperties", {{"^x-", Json::object()}}},
            {"additionalProperties", false}};
  }

  Json definitions_ = Json::object();
  std::unordered_map<Keys, std::string> names_;
};

}  // namespace

nlohmann::ordered_json compose_schema() { return Generator().document(); }

}  // namespace stack::compose
