#include "compose/merge.hpp"

#include <algorithm>
#include <memory>
#include <unordered_map>

namespace stack::compose {
namespace {

struct Rule {
  Merge merge = Merge::deep;
  std::string (*identity)(const Node&) = nullptr;
  bool free_key = false;  ///< the key is not one of a structure's
};

void merge(Node& base, Node later, const Type* type, Rule rule);

/// Merge::refine
void refine(Node& base, Node later, const Type* item_type, std::string (*identity)(const Node&)) {
  for (Node& item : later.items()) {
    const auto same = std::find_if(base.items().begin(), base.items().end(),
                                   [&](const Node& earlier) { return identity(earlier) == identity(item); });
    if (same == base.items().end()) continue;
    Node refined = *same;
    merge(refined, std::move(item), item_type, {});
    item = std::move(refined);
  }
  base = std::move(later);
}

/// Of KEY=value or HOST:ADDRESS.
std::string assigned_name(const Node& item) {
  const std::string text = item.text();
  const std::size_t equals = text.find('=');
  return text.substr(0, equals != std::string::npos ? equals : text.find(':'));
}

/// {KEY: value} to [KEY=value], by their names
Node as_assignments(Node node) {
  if (!node.is_mapping()) return node;
  auto& members = node.members();
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  Node list = Node::sequence(node.location);
  for (const Node::Member& member : members) {
    const Node& value = member.value;
    if (value.merge_tag == MergeTag::reset) continue;
    if (value.is_null()) list.append(Node::string(member.key, value.location));
    if (value.is_scalar() && !value.is_null()) list.append(Node::string(member.key + '=' + value.text(), value.location));
    for (const Node& item : value.items()) list.append(Node::string(member.key + '=' + item.text(), item.location));
  }
  return list;
}

/// Without interpolation lists of KEY=value are still what was written; mappings mean the same.
bool are_assignments(const Node& base, const Node& later, const Type* type) {
  const auto fits = [](const Node& node) { return node.is_sequence() || node.is_mapping(); };
  return type != nullptr && type->value != nullptr && type->value->keys == nullptr &&
         type->allowed == (allow_mapping | allow_list) && fits(base) && fits(later) &&
         (base.is_sequence() || later.is_sequence());
}

/// `several`: a name may be there more than once, as a host with its addresses.
void merge_assignments(Node& base, Node later, bool several) {
  base = as_assignments(std::move(base));
  for (const Node::Member& member : later.members())
    if (member.value.merge_tag == MergeTag::reset)
      std::erase_if(base.items(), [&](const Node& item) { return assigned_name(item) == member.key; });
  later = as_assignments(std::move(later));
  const auto identity = [&](const Node& item) { return several ? item.text() : assigned_name(item); };
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < base.items().size(); ++i) places.emplace(identity(base.items()[i]), i);
  for (Node& item : later.items()) {
    const auto [place, fresh] = places.emplace(identity(item), base.items().size());
    if (fresh)
      base.append(std::move(item));
    else
      base.items()[place->second] = std::move(item);
  }
}

/// `free`: for keys that the table does not name.
void merge_mappings(Node& base, Node later, const Type* type, Rule free) {
  free.free_key = true;
  for (Node::Member& member : later.members()) {
    Node* below = base.find(member.key);
    // A reset stays: this may itself be laid over an earlier file, whose value goes too. finish_merge() removes it.
    if (below == nullptr || below->merge_tag == MergeTag::reset || member.value.merge_tag == MergeTag::reset) {
      base.set(member.key, std::move(member.value), std::move(member.key_location));
    } else {
      const Key* key = type != nullptr && type->keys != nullptr ? find_key(type->keys(), member.key) : nullptr;
      const Type* value_type = key != nullptr ? key->type : type != nullptr ? type->value : nullptr;
      merge(*below, std::move(member.value), value_type, key != nullptr ? Rule{key->merge, key->identity} : free);
    }
  }
}

void merge(Node& base, Node later, const Type* type, Rule rule) {
  const bool whole = later.merge_tag == MergeTag::replace || rule.merge == Merge::replace;
  // A null says nothing, except where it is a value of its own: a variable of the environment.
  const bool null_is_a_value = rule.free_key && base.is_scalar() && type != nullptr && (type->allowed & allow_null) != 0;
  if (!whole && later.is_null() && !null_is_a_value) return;
  if (!whole && are_assignments(base, later, type))
    return merge_assignments(base, std::move(later), type->value->allowed == allow_list);
  if (whole || later.kind() != base.kind() || later.is_scalar()) {
    later.replaced = std::make_shared<const Node>(std::move(base));
    base = std::move(later);
    return;
  }
  if (later.is_sequence()) {
    if (rule.merge == Merge::refine)
      return refine(base, std::move(later), type != nullptr ? type->item : nullptr, rule.identity);
    const auto is_new = [&](const Node& item) {
      return std::none_of(base.items().begin(), base.items().end(),
                          [&](const Node& earlier) { return earlier.text() == item.text(); });
    };
    for (Node& item : later.items())
      if (rule.merge != Merge::append_new || is_new(item)) base.append(std::move(item));
    return;
  }
  if (rule.merge == Merge::logging) {
    const Node* old_driver = base.find("driver");
    const Node* new_driver = later.find("driver");
    if (old_driver != nullptr && new_driver != nullptr && old_driver->text() != new_driver->text()) base.erase("options");
  }
  merge_mappings(base, std::move(later), type, rule.merge == Merge::append_new ? rule : Rule{});
}

void unify(Node& list, std::string (*identity)(const Node&)) {
  std::unordered_map<std::string, std::size_t> seen;
  std::vector<Node> kept;
  kept.reserve(list.items().size());
  for (Node& item : list.items()) {
    const auto [place, fresh] = seen.emplace(item.is_scalar() ? item.text() : identity(item), kept.size());
    if (fresh)
      kept.push_back(std::move(item));
    else
      kept[place->second] = std::move(item);
  }
  list.items() = std::move(kept);
}

std::string item_text(const Node& item) { return item.text(); }

void finish(Node& node, const Type* type) {
  if (node.is_sequence()) {
    if (type != nullptr && type->item != nullptr)
      for (Node& item : node.items()) finish(item, type->item);
    return;
  }
  if (!node.is_mapping()) return;
  std::erase_if(node.members(), [](const Node::Member& member) { return member.value.merge_tag == MergeTag::reset; });
  for (Node::Member& member : node.members()) {
    const Key* key = type != nullptr && type->keys != nullptr ? find_key(type->keys(), member.key) : nullptr;
    finish(member.value, key != nullptr ? key->type : type != nullptr ? type->value : nullptr);
    if (key == nullptr || !member.value.is_sequence()) continue;
    if (key->merge == Merge::append_unique) unify(member.value, item_text);
    if (key->merge == Merge::by_identity) unify(member.value, key->identity);
  }
}

}  // namespace

void merge_documents(Node& base, Node later) { merge(base, std::move(later), &document_type, {}); }

void merge_services(Node& base, Node later) { merge(base, std::move(later), &service_type, {}); }

void finish_merge(Node& document) { finish(document, &document_type); }

}  // namespace stack::compose
