#pragma once
// Looking at every file below a directory that others may be changing meanwhile. Blocking.
#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <string>

namespace stack {

/// Calls `visit` for every name below `directory` with its path relative to it ("a/b") and lstat(2)'s answer, a directory
/// before what it holds. No link is followed; what vanishes meanwhile is left out. A missing directory has nothing in it.
void walk_tree(const std::string& directory,
               const std::function<void(const std::string& path, const struct stat& status)>& visit);

/// Content bytes of the files below a directory; a file with several names counts once.
std::uint64_t tree_size(const std::string& directory);

}  // namespace stack
