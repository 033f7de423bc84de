#pragma once
// What `cp` copies to which name: the rules of docker cp. Only the local side of a copy looks at files.
#include <string>
#include <string_view>

#include "base/archive.hpp"

namespace stack::cli {

/// "SERVICE:PATH", or a local path when it is absolute, has no colon, or starts with a dot.
struct CopyArgument {
  std::string service;  ///< empty: local
  std::string path;
};
CopyArgument parse_copy_argument(std::string_view text);

/// Where a copy is to go, as far as it exists.
struct CopyTarget {
  std::string path;
  bool exists = false;
  bool directory = false;
};

/// What the archive is extracted into, and the name its content has there.
struct CopyPlacement {
  std::string directory, name;
};

/// `source`: last component of what is copied; "." copies what a directory holds. Throws invalid_argument "cannot copy
/// directory" (onto a file) and not_found "no such directory" (a file to a name with a final '/').
CopyPlacement place_copy(const std::string& source, bool source_is_directory, const CopyTarget& target);

/// Directory and last component, which stays "." when the path ends in it: "/a/b/" gives {"/a", "b"}, "/a/." gives {"/a", "."}.
CopyPlacement split_path(const std::string& path);

/// Absolute, without "." and "..", but a final '/' or "/." stays: it says that a directory is meant.
std::string absolute_copy_path(const std::string& path);

/// A local target, links followed. Throws not_found when the directory it would be in does not exist.
CopyTarget local_target(const std::string& path);

/// A local source: what its name is and where to find it. `follow`: a link is what it leads to, under its own name.
struct LocalSource {
  std::string parent, name;  ///< to open; name "." is the directory itself
  std::string shown;         ///< the name it is copied as
  bool directory = false;
};
LocalSource local_source(const std::string& path, bool follow);

/// Writes it as a tar stream in which it is called `name`. Blocking.
void write_local(const LocalSource& source, const std::string& name, const archive::Sink& sink);

/// Extracts a stream in which the content is called `from`, to `placement`. Files belong to whoever runs this. Blocking.
void extract_local(archive::Source tar, const std::string& from, const CopyPlacement& placement);

}  // namespace stack::cli
