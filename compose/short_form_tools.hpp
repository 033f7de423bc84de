#pragma once
// What the short forms share. Private to them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "compose/short_forms.hpp"

namespace stack::compose::short_forms {

inline void complain(const Node& node, const LongForm& form, std::string_view text) {
  form.mistakes.add(node.location, form.path, text);
}

template <class Words>
void one_of(const Node& node, LongForm& form, const Words& words) {
  if (std::find(words.begin(), words.end(), node.as_string()) == words.end())
    complain(node, form, fmt::format("'{}' is not one of {}", node.as_string(), fmt::join(words, ", ")));
}

/// The node becomes {key: node}, at its place.
inline void wrap(Node& node, const char* key) {
  const Location where = node.location;
  Node result = Node::mapping(where);
  result.set(key, std::move(node), where);
  node = std::move(result);
}

/// Reports that a mapping lacks one of these keys.
inline void need(const Node& node, LongForm& form, std::initializer_list<const char*> keys) {
  if (!node.is_mapping()) return;
  for (const char* key : keys)
    if (node.find(key) == nullptr) complain(node, form, fmt::format("'{}' is missing", key));
}

}  // namespace stack::compose::short_forms
