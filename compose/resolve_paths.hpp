#pragma once
// Relative paths become absolute, against the directory of the file that says them.
#include "compose/keys.hpp"

namespace stack::compose {

/// Walks a canonical document.
void resolve_paths(Node& document, const PathBase& base);

/// "./a/../b" in "/dir" is "/dir/b"; absolute paths stay as written; "~" and "~/x" are under `home`.
std::string resolve_path(std::string_view path, const PathBase& base);

// What the key table refers to.
void resolve_path(Node& node, const PathBase& base);
void resolve_context(Node& node, const PathBase& base);  ///< leaves URLs alone
void resolve_mount(Node& node, const PathBase& base);    ///< `source` of a bind mount

}  // namespace stack::compose
