#pragma once
// COPY and ADD: which files are meant, and copying them into a merged view. Blocking.
#include <optional>
#include <string>
#include <vector>

#include "base/safe_path.hpp"

namespace stack::engine::build {

/// One file or directory to copy.
struct CopySource {
  std::string path;  ///< clean, links resolved
  std::string name;  ///< what it is called in a destination directory
};

/// Finds what the words of a COPY mean: wildcards matched, links followed inside the root. `instruction` ("COPY") begins the
/// messages. Throws invalid_argument with Docker's texts.
std::vector<CopySource> find_sources(const RootDir& root, const std::vector<std::string>& words,
                                     const std::string& instruction);

struct CopyTask {
  std::vector<CopySource> sources;
  std::string destination;           ///< absolute; a trailing '/' means a directory
  std::optional<std::string> chown;  ///< "user", "uid:gid" …, resolved in the target
  std::optional<mode_t> mode;
  bool extract_archives = false;  ///< ADD: a tar archive is unpacked into the destination
};

void copy_into(const RootDir& target, const RootDir& source, const CopyTask& task);

/// "user[:group]" by the files of a root file system; numbers need none. Throws invalid_argument for an unknown name.
RootDir::Owner resolve_owner(const RootDir& root, const std::string& text);

}  // namespace stack::engine::build
