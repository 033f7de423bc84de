#pragma once
// A lock that is a file, for files that their holder may remove.
#include <string>

#include "base/unique_fd.hpp"

namespace stack {

/// Takes the lock at `path` (made when it is missing) without waiting; it belongs to the open file description, so a child that
/// inherits the descriptor holds it, too. Empty, with errno: EWOULDBLOCK somebody holds it; ENOENT its directory is not there.
/// What is returned is the lock of the file that is at `path` now: a holder that ends may remove the file, and one that was
/// opened before that would lock nobody out.
UniqueFd try_lock_file(const std::string& path);

/// Is the open file the one at `path`? For who locks by other means: asked after the lock was taken, and when not, again.
bool is_file_at(int fd, const std::string& path);

}  // namespace stack
