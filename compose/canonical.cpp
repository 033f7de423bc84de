#include "compose/canonical.hpp"

#include <fmt/format.h>

namespace stack::compose {
namespace {

unsigned bit(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null: return allow_null;
    case Node::Kind::boolean: return allow_boolean;
    case Node::Kind::integer:
    case Node::Kind::floating: return allow_number;
    case Node::Kind::string: return allow_string;
    case Node::Kind::sequence: return allow_list;
    case Node::Kind::mapping: return allow_mapping;
  }
  return 0;
}

void walk(Node& node, const Type& type, const std::string& path, Mistakes& mistakes);

void walk_structure(Node& node, const Type& type, const std::string& path, Mistakes& mistakes) {
  const std::span<const Key> keys = type.keys();
  for (Node::Member& member : node.members()) {
    if (member.key.starts_with("x-")) continue;
    const std::string below = join_path(path, member.key);
    const Key* key = find_key(keys, member.key);
    if (key == nullptr) {
      std::vector<std::string_view> names;
      for (const Key& candidate : keys) names.push_back(candidate.name);
      const std::string_view meant = nearest(member.key, names);
      mistakes.add(
          member.key_location, path,
          fmt::format("unknown key '{}'{}", member.key, meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
    } else if (key->support == Support::not_yet) {
      mistakes.add(member.key_location, "", fmt::format("{} is not supported yet", below));
    } else if (key->support == Support::deprecated) {
      mistakes.warn(member.key_location, "", fmt::format("'{}' is obsolete and ignored", below));
    } else {
      walk(member.value, *key->type, below, mistakes);
    }
  }
}

void walk(Node& node, const Type& type, const std::string& path, Mistakes& mistakes) {
  // A null may stand over a value of an earlier file; the merge decides, and refuse_nulls() has the last word.
  if (node.merge_tag == MergeTag::reset || (node.is_null() && (type.allowed & allow_null) == 0)) return;
  if ((type.allowed & bit(node.kind())) == 0) {
    mistakes.add(node.location, path, wrong_type(type, node));
    return;
  }
  if (type.to_long != nullptr) {
    LongForm form{path, mistakes};
    const MergeTag tag = node.merge_tag;
    type.to_long(node, form);
    node.merge_tag = tag;
  }
  if (node.is_sequence() && type.item != nullptr) {
    for (std::size_t i = 0; i < node.items().size(); ++i) walk(node.items()[i], *type.item, join_path(path, i), mistakes);
  } else if (node.is_mapping() && type.value != nullptr) {
    for (Node::Member& member : node.members()) walk(member.value, *type.value, join_path(path, member.key), mistakes);
  } else if (node.is_mapping() && type.keys != nullptr) {
    walk_structure(node, type, path, mistakes);
  }
}

void find_nulls(const Node& node, const Type& type, const std::string& path, Mistakes& mistakes) {
  if (node.is_null() && (type.allowed & allow_null) == 0) {
    mistakes.add(node.location, path, wrong_type(type, node));
  } else if (node.is_sequence() && type.item != nullptr) {
    for (std::size_t i = 0; i < node.items().size(); ++i) find_nulls(node.items()[i], *type.item, join_path(path, i), mistakes);
  } else if (node.is_mapping() && type.value != nullptr) {
    for (const Node::Member& member : node.members())
      find_nulls(member.value, *type.value, join_path(path, member.key), mistakes);
  } else if (node.is_mapping() && type.keys != nullptr) {
    const std::span<const Key> keys = type.keys();
    for (const Node::Member& member : node.members())
      if (const Key* key = find_key(keys, member.key); key != nullptr && key->support == Support::yes)
        find_nulls(member.value, *key->type, join_path(path, member.key), mistakes);
  }
}

}  // namespace

void refuse_nulls(const Node& document, Mistakes& mistakes) { find_nulls(document, document_type, "", mistakes); }

void canonicalize(Node& document, Mistakes& mistakes) { walk(document, document_type, "", mistakes); }

}  // namespace stack::compose
