#pragma once
// Files the loader reads: compose files, variables, labels.
#include <optional>
#include <string>

namespace stack::compose {

/// The whole file. Empty with errno set when it cannot be read: ENOENT, EISDIR, EFBIG beyond max_yaml_bytes, …
std::optional<std::string> read_text_file(const std::string& path);

/// The directory a path is in: "/" for "/x".
std::string parent_directory(const std::string& path);

}  // namespace stack::compose
