#pragma once
// Does the file system of a path take new files, and if not, how to say so.
#include <string>

#include "base/error.hpp"

namespace stack {

/// What keeps the file system of `path` from taking anything new, as a message:
///   "no space left on device: /data is full (free: 12kB of 64MB)"
///   "no space left on device: /data has no inodes left (free: 3 of 1024)"
///   "read-only file system: /data is mounted read-only"
/// Empty when nothing does, or when it cannot be told. A file system counts as full a little before it is: what is left is for
/// ending and removing things.
std::string disk_shortage(const std::string& path);

/// Throws unavailable with that message when there is a shortage and 1 MB cannot be had either (root may still get what others
/// may not). For whatever makes something new: better refused whole than half done.
void require_disk_room(const std::string& path);

/// `message` with what keeps the file system of `path` from taking more put before it; unchanged when nothing does.
std::string with_disk_shortage(const std::string& message, const std::string& path);

/// Runs `function`; an Error out of it gets the shortage named, if there is one, before anybody clears away what was half made.
template <class Function>
auto naming_disk_shortage(const std::string& path, Function&& function) {
  try {
    return function();
  } catch (const Error& error) {
    throw Error(error.code(), with_disk_shortage(error.what(), path));
  }
}

}  // namespace stack
