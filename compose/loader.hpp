#pragma once
// From files to the Project: finds the compose files and runs the passes in order (the list is in loader.cpp).
#include <istream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compose/node.hpp"
#include "compose/types.hpp"

namespace stack::compose {

struct LoadOptions {
  std::vector<std::string> files;  ///< -f, in order; "-" is stdin. Empty: COMPOSE_FILE, else searched for from cwd upwards
  std::optional<std::string> project_name;  ///< -p
  std::optional<std::string> project_directory;
  std::vector<std::string> env_files;  ///< --env-file; empty: COMPOSE_ENV_FILES, else `.env` of the project directory if there
  std::vector<std::string> profiles;   ///< --profile; added to COMPOSE_PROFILES. "*" is all
  std::vector<std::string> services;   ///< named on the command line: each switches its own profiles on
  std::map<std::string, std::string> environment;  ///< the process environment
  std::string cwd;                                 ///< absolute
  bool all_resources = false;                      ///< --all-resources: also what no service uses
  std::istream* standard_input = nullptr;          ///< what "-f -" reads; null: std::cin

  bool interpolate = true;        ///< config --no-interpolate
  bool resolve_paths = true;      ///< config --no-path-resolution
  bool normalize = true;          ///< config --no-normalize
  bool check_consistency = true;  ///< config --no-consistency
  bool resolve_env_files = true;  ///< merge env_file into environment (config --no-env-resolution turns it off)
};

struct LoadResult {
  Project project;
  std::shared_ptr<const Node> tree;         ///< what the project was read from: all files merged, each value with its place
  std::vector<std::string> variable_files;  ///< the .env files that were read, absolute, in order
  std::vector<std::string> warnings;        ///< ready to print, each naming its place
};

/// Throws invalid_argument with every mistake of the first pass that finds any, one a line, each with file:line:column and
/// attribute path; not_found when there is no compose file.
LoadResult load(const LoadOptions& options);

/// LoadOptions with the calling process's environment and working directory.
LoadOptions load_options_from_process();

/// The project's name from one of any text: lower case, only [a-z0-9_-], starting with a letter or digit; "" if nothing is
/// left.
std::string normalize_project_name(std::string_view text);

}  // namespace stack::compose
