#include "compose/codec.hpp"

#include "base/units.hpp"

namespace stack::compose {

nlohmann::json to_json(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::null: return nullptr;
    case Node::Kind::boolean: return node.as_boolean();
    case Node::Kind::integer: return node.as_integer();
    case Node::Kind::floating: return node.as_floating();
    case Node::Kind::string: return node.as_string();
    case Node::Kind::sequence: {
      nlohmann::json out = nlohmann::json::array();
      for (const Node& item : node.items()) out.push_back(to_json(item));
      return out;
    }
    case Node::Kind::mapping: {
      nlohmann::json out = nlohmann::json::object();
      for (const Node::Member& member : node.members()) out[member.key] = to_json(member.value);
      return out;
    }
  }
  return nullptr;
}

Node from_json(const nlohmann::json& value) {
  switch (value.type()) {
    case nlohmann::json::value_t::boolean: return Node::boolean(value.get<bool>());
    case nlohmann::json::value_t::number_integer:
    case nlohmann::json::value_t::number_unsigned: return Node::integer(value.get<std::int64_t>());
    case nlohmann::json::value_t::number_float: return Node::floating(value.get<double>());
    case nlohmann::json::value_t::string: return Node::string(value.get<std::string>());
    case nlohmann::json::value_t::array: {
      Node out = Node::sequence();
      for (const auto& item : value) out.append(from_json(item));
      return out;
    }
    case nlohmann::json::value_t::object: {
      Node out = Node::mapping();
      for (const auto& [name, item] : value.items()) out.members().push_back({name, from_json(item), {}});
      sort_yaml_keys(out);  // JSON has no extensions below the top, and no order of its own there
      return out;
    }
    default: return {};
  }
}

bool write(Duration value, Node& out, bool) {
  out = Node::string(format_duration(value));
  return true;
}

void read(const Node& node, DependencyCondition& out) {
  out = DependencyCondition::service_started;
  for (const auto condition : {DependencyCondition::service_healthy, DependencyCondition::service_completed_successfully})
    if (node.text() == to_string(condition)) out = condition;
}

bool write(DependencyCondition value, Node& out, bool) {
  out = Node::string(std::string(to_string(value)));
  return true;
}

void read(const Node& node, Ulimit& out) {
  out.single = !node.is_mapping();
  if (out.single) {
    read(node, out.soft);
    out.hard = out.soft;
  } else {
    if (const Node* soft = node.find("soft")) read(*soft, out.soft);
    if (const Node* hard = node.find("hard")) read(*hard, out.hard);
  }
}

/// docker compose takes a single 0 for nothing said, and leaves zeros out of JSON.
bool write(const Ulimit& value, Node& out, bool json) {
  if (value.single && value.soft != 0) {
    out = Node::integer(value.soft);
    return true;
  }
  out = Node::mapping();
  if (value.soft != 0 || !json) out.set("soft", Node::integer(value.soft));
  if (value.hard != 0 || !json) out.set("hard", Node::integer(value.hard));
  return true;
}

void read_structure(const Node& node, std::span<const Key> keys, void* owner, Extensions* extensions) {
  for (const Node::Member& member : node.members()) {
    if (member.key.starts_with("x-")) {
      if (extensions != nullptr) extensions->insert_or_assign(member.key, to_json(member.value));
    } else if (const Key* key = find_key(keys, member.key); key != nullptr && key->read != nullptr) {
      key->read(member.value, owner);
    }
  }
}

void write_structure(std::span<const Key> keys, const void* owner, const Extensions* extensions, Node& out, bool json) {
  for (const Key& key : keys)
    if (key.write != nullptr) key.write(owner, key.name, out, json);
  if (extensions == nullptr || json) return;
  for (const auto& [name, value] : *extensions) out.members().push_back({name, from_json(value), {}});
}

void note_location(const Node::Member& member, Service& out) {
  out.name = member.key;
  out.location = member.key_location;
}

}  // namespace stack::compose
