#pragma once
// `include`: other compose files, read with a directory and variables of their own, whose parts join those of the file that
// names them.
#include <string>
#include <vector>

#include "compose/mistakes.hpp"
#include "compose/node.hpp"

namespace stack::compose {

constexpr std::size_t max_includes = 1000;  ///< entries of all files together: files that include one another twice double

/// One entry, as written.
struct Include {
  std::vector<std::string> paths;      ///< the files; each is laid over those before it
  std::string project_directory;       ///< "": the directory of the first path
  std::vector<std::string> env_files;  ///< none: `.env` of the project directory if there
  Location location;
  std::string attribute;  ///< "include[0]"
};

/// The entries of a document, which loses them. An entry with a path that is empty or not on this machine goes to `mistakes`.
std::vector<Include> take_includes(Node& document, Mistakes& mistakes);

/// Adds the services, networks … of `included` (canonical, complete) to the document; everything else of it is dropped. What
/// both have under one name is merged, the document's over the included one (docker compose from 5.0 on; 2.x refuses it).
void join_included(Node& document, Node included);

}  // namespace stack::compose
