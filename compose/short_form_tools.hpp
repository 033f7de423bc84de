#pragma once
// What the short forms share. Private to them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "compose/interpolate.hpp"
#include "compose/short_forms.hpp"

namespace stack::compose::short_forms {

/// The scalar that begins there as the file has it, its quotes left out, as far as it is on that line.
inline std::string_view source_of_value(const Location& location) {
  std::string_view value = source_line(location);
  if (location.column <= 0 || static_cast<std::size_t>(location.column) > value.size()) return {};
  value.remove_prefix(static_cast<std::size_t>(location.column - 1));
  const char first = value.front();
  if (first == '"' || first == '\'') return value.substr(1, value.find(first, 1) - 1);  // npos - 1: the rest
  value = value.substr(0, std::min(value.find(" #"), value.find(", ")));
  return value.substr(0, value.find_last_not_of(" \t") + 1);
}

/// Says also which variables the value came from, while there are few mistakes: looking that up takes as long as the file is.
inline void complain(const Node& node, const LongForm& form, std::string_view text) {
  constexpr std::size_t few = 20;
  const bool look = node.is_string() && form.mistakes.count() < few;
  const std::string_view source = look ? source_of_value(node.location) : std::string_view();
  const bool from_variables = !variables_of(source).empty();
  form.mistakes.add(node.location, form.path,
                    from_variables ? fmt::format("{}; the file says {}", text, source) : std::string(text));
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
