#pragma once
// COPY and ADD: which files are meant, and copying them into a merged view. Blocking.
#include <optional>
#include <string>
#include <vector>

#include "base/dockerignore.hpp"
#include "base/safe_path.hpp"
#include "engine/build/file_mode.hpp"

namespace stack::engine::build {

/// One file or directory to copy.
struct CopySource {
  std::string path;     ///< clean, links resolved
  std::string name;     ///< what it is called in a destination directory
  std::string parents;  ///< --parents: directories to keep below the destination, "" or "a/b"
};

struct SourceOptions {
  std::string instruction;  ///< "COPY": begins the messages
  bool parents = false;     ///< --parents: "**" crosses directories, what is before "/./" is not kept
};

/// Finds what the words of a COPY mean: wildcards matched, links followed inside the root. A pattern that matches nothing adds
/// nothing; a plain name must be there. Throws invalid_argument with Docker's texts.
std::vector<CopySource> find_sources(const RootDir& root, const std::vector<std::string>& words, const SourceOptions& options);

/// Where a path leads when every link is followed, as a clean path; empty optional: nowhere.
std::optional<std::string> real_path(const RootDir& root, const std::string& path);

struct CopyTask {
  std::vector<CopySource> sources;
  std::string destination;           ///< absolute; a trailing '/' means a directory
  std::optional<std::string> chown;  ///< "user", "uid:gid" …, resolved in the target
  std::optional<FileMode> mode;      ///< of what is copied, and of the directories made for it
  IgnoreRules exclude;               ///< relative to each copied directory
  bool extract_archives = false;     ///< ADD: a tar archive is unpacked into the destination
};

void copy_into(const RootDir& target, const RootDir& source, const CopyTask& task);

/// "user[:group]" by the files of a root file system; numbers need none. Throws invalid_argument for an unknown name.
RootDir::Owner resolve_owner(const RootDir& root, const std::string& text);

}  // namespace stack::engine::build
