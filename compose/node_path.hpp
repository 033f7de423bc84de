#pragma once
// Attribute paths like "ports[0]" and "depends_on.db" on the value tree.
#include <optional>
#include <string_view>

#include "compose/node.hpp"

namespace stack::compose {

/// The node that a path names below this one, or null. Keys may have dots in them: the first way that leads to the end is
/// taken. An index can stand as "ports.0" too.
const Node* find_path(const Node& node, std::string_view path);

/// Where that was written: a key's own place where it has one, not its value's. Empty: not written.
std::optional<Location> place_of_path(const Node& node, std::string_view path);

}  // namespace stack::compose
