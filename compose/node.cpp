#include "compose/node.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace stack::compose {
namespace {

constexpr std::size_t npos = static_cast<std::size_t>(-1);
constexpr std::size_t index_from = 24;  ///< mappings smaller than this are searched

}  // namespace

Node Node::boolean(bool value, Location where) {
  Node node(std::move(where));
  node.content_ = value;
  return node;
}

Node Node::integer(std::int64_t value, Location where) {
  Node node(std::move(where));
  node.content_ = value;
  return node;
}

Node Node::floating(double value, Location where) {
  Node node(std::move(where));
  node.content_ = value;
  return node;
}

Node Node::string(std::string value, Location where) {
  Node node(std::move(where));
  node.content_ = std::move(value);
  return node;
}

Node Node::sequence(Location where) {
  Node node(std::move(where));
  node.content_.emplace<std::vector<Node>>();
  return node;
}

Node Node::mapping(Location where) {
  Node node(std::move(where));
  node.content_.emplace<Mapping>();
  return node;
}

std::size_t Node::position(std::string_view key) const {
  const auto& [members, index] = get<Mapping>();
  if (members.size() < index_from) {
    for (std::size_t i = 0; i < members.size(); ++i)
      if (members[i].key == key) return i;
    return npos;
  }
  Index::Map& map = index.map();
  if (map.size() != members.size()) {
    map.clear();
    for (std::size_t i = 0; i < members.size(); ++i) map.emplace(members[i].key, i);
  }
  const auto found = map.find(std::string(key));
  return found == map.end() ? npos : found->second;
}

const Node* Node::find(std::string_view key) const {
  const std::size_t at = position(key);
  return at == npos ? nullptr : &members()[at].value;
}

const Node::Member* Node::find_member(std::string_view key) const {
  const std::size_t at = position(key);
  return at == npos ? nullptr : &members()[at];
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(static_cast<const Node*>(this)->find(key)); }

Node& Node::set(std::string key, Node value, Location key_location) {
  if (!is_mapping()) content_.emplace<Mapping>();
  auto& [members, index] = get<Mapping>();
  if (const std::size_t at = position(key); at != npos) {
    members[at].value = std::move(value);
    if (key_location) members[at].key_location = std::move(key_location);
    return members[at].value;
  }
  if (!index.empty()) index.map().emplace(key, members.size());
  members.push_back({std::move(key), std::move(value), std::move(key_location)});
  return members.back().value;
}

void Node::erase(std::string_view key) {
  const std::size_t at = position(key);
  if (at == npos) return;
  members().erase(members().begin() + static_cast<std::ptrdiff_t>(at));
  get<Mapping>().index.clear();
}

std::string Node::text() const {
  switch (kind()) {
    case Kind::boolean: return as_boolean() ? "true" : "false";
    case Kind::integer: return std::to_string(as_integer());
    case Kind::floating: return format_float(as_floating());
    case Kind::string: return as_string();
    default: return {};
  }
}

std::string_view Node::kind_name() const {
  switch (kind()) {
    case Kind::null: return "nothing";
    case Kind::boolean: return "a boolean";
    case Kind::integer: return "an integer";
    case Kind::floating: return "a number";
    case Kind::string: return "a string";
    case Kind::sequence: return "a list";
    case Kind::mapping: return "a mapping";
  }
  return "nothing";
}

std::string format_float(double value, bool single) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  // Shortest digits in scientific form; the exponent decides the form shown: scientific from 1e+06 on, and below 1e-04.
  char buffer[64];
  const auto result =
      single ? std::to_chars(buffer, buffer + sizeof buffer, static_cast<float>(value), std::chars_format::scientific)
             : std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string scientific(buffer, result.ptr);
  const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
  if (exponent < -4 || exponent >= 6) return scientific;
  const auto fixed = single ? std::to_chars(buffer, buffer + sizeof buffer, static_cast<float>(value), std::chars_format::fixed)
                            : std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
  return std::string(buffer, fixed.ptr);
}

}  // namespace stack::compose
