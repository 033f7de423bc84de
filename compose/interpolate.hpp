#pragma once
// ${VARIABLES} in values: $V ${V} ${V:-default} ${V-default} ${V:?message} ${V?message} ${V:+replacement} ${V+replacement},
// each nesting in the text of the others; $$ is a dollar. A dollar before anything else is left alone.
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compose/mistakes.hpp"
#include "compose/node.hpp"

namespace stack::compose {

using Lookup = std::function<std::optional<std::string>(std::string_view)>;

/// Throws invalid_argument without a location. Names that are looked up, not found and have no default go to `unset`.
std::string interpolate(std::string_view text, const Lookup& lookup, std::set<std::string>* unset = nullptr);

/// A ${VARIABLE} of a text, with what its form says about it.
struct VariableUse {
  std::string name;
  std::optional<std::string> fallback;     ///< of - and :-
  std::optional<std::string> replacement;  ///< of + and :+
  bool required = false;                   ///< ? or :?
  std::size_t dollars_before = 0;          ///< which dollar of the text it is
};

/// The variables of a text in the order they stand there, those inside the texts of others included. A mistake ends the list.
std::vector<VariableUse> variables_of(std::string_view text);

/// Every string value of the tree (keys stay); mistakes are collected with path and place. What is unset is noted in `unset`.
void interpolate(Node& node, std::string_view path, const Lookup& lookup, std::set<std::string>& unset, Mistakes& mistakes);

}  // namespace stack::compose
