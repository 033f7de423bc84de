#pragma once
// Relative paths become absolute, against the directory of the file that says them.
#include "compose/keys.hpp"

namespace stack::compose {

/// Walks a canonical document.
void resolve_paths(Node& document, const PathBase& base);

/// "./a/../b" in "/dir" is "/dir/b", in "dir" it is "dir/b"; absolute paths stay as written; "~" and "~/x" are under `home`.
std::string resolve_path(std::string_view path, const PathBase& base);

/// Without "." and empty parts, and without ".." where something is before it: "/a/../b/" is "/b", "./x" is "x".
std::string clean_path(const std::string& path);

/// How `path` is reached from `directory`, both absolute: "../b" for /a/b from /a/c.
std::string relative_path(const std::string& path, const std::string& directory);

/// "C:\x" or "\\.\pipe\x": nothing on this machine.
bool is_windows_path(std::string_view path);

/// A URL, a git repository or a service instead of a path.
bool is_remote(std::string_view path);

// What the key table refers to.
void resolve_path(Node& node, const PathBase& base);
void resolve_context(Node& node, const PathBase& base);      ///< leaves URLs alone
void resolve_mount(Node& node, const PathBase& base);        ///< `source` of a bind mount
void resolve_bind_volume(Node& node, const PathBase& base);  ///< `device` of a local volume that is a bind mount

}  // namespace stack::compose
