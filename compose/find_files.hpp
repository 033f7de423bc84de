#pragma once
// Which compose files make up the project, and where it is.
#include <optional>
#include <string>
#include <vector>

#include "compose/loader.hpp"

namespace stack::compose {

struct ProjectFiles {
  std::vector<std::string> files;  ///< absolute paths, or "-" for stdin
  std::string directory;           ///< the project directory, absolute
  std::vector<std::string> warnings;
};

/// The directory known before any file was looked for: --project-directory, else that of the first -f, else the cwd.
std::string initial_directory(const LoadOptions& options);

/// -f, else COMPOSE_FILE, else the first default name in cwd or above it, with its override file.
/// Throws not_found when there is none.
ProjectFiles find_project_files(const LoadOptions& options, const std::map<std::string, std::string>& environment);

/// `path` seen from `cwd`: absolute, "." and ".." removed.
std::string absolute_path(const std::string& path, const std::string& cwd);

}  // namespace stack::compose
