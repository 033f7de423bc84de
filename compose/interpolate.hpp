#pragma once
// ${VARIABLES} in values: $V ${V} ${V:-default} ${V-default} ${V:?message} ${V?message} ${V:+replacement} ${V+replacement},
// each nesting in the text of the others; $$ is a dollar. A dollar before anything else is left alone.
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "compose/mistakes.hpp"
#include "compose/node.hpp"

namespace stack::compose {

using Lookup = std::function<std::optional<std::string>(std::string_view)>;

/// Throws invalid_argument without a location. Names that are looked up, not found and have no default go to `unset`.
std::string interpolate(std::string_view text, const Lookup& lookup, std::set<std::string>* unset = nullptr);

/// Every string value of the tree (keys stay); mistakes are collected with path and place. What is unset is noted in `unset`.
void interpolate(Node& node, std::string_view path, const Lookup& lookup, std::set<std::string>& unset, Mistakes& mistakes);

}  // namespace stack::compose
