#pragma once
// The order of a mapping's keys where YAML is printed.
#include <string_view>

#include "compose/node.hpp"

namespace stack::compose {

/// As docker compose's YAML library sorts: runs of digits by their value, letters behind everything else ("a2" before "a10",
/// "a-b" before "ab").
bool yaml_key_less(std::string_view a, std::string_view b);

/// Sorts the members of one mapping so.
void sort_yaml_keys(Node& mapping);

}  // namespace stack::compose
