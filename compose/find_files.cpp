#include "compose/find_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <filesystem>

#include "base/error.hpp"
#include "compose/resolve_paths.hpp"
#include "compose/text_file.hpp"

namespace stack::compose {
namespace {

constexpr std::array default_names{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"};
constexpr std::array override_names{"compose.override.yml", "compose.override.yaml", "docker-compose.override.yml",
                                    "docker-compose.override.yaml"};

bool is_file(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) && !std::filesystem::is_directory(path, ignored);
}

template <class Names>
std::vector<std::string> present(const std::string& directory, const Names& names) {
  std::vector<std::string> found;
  for (const char* name : names) {
    std::string path = directory == "/" ? std::string("/") + name : directory + '/' + name;
    if (is_file(path)) found.push_back(std::move(path));
  }
  return found;
}

/// The first of several; says so.
std::string choose(const std::vector<std::string>& found, ProjectFiles& result) {
  if (found.size() > 1)
    result.warnings.push_back(
        fmt::format("Found multiple config files with supported names: {}; using {}", fmt::join(found, ", "), found.front()));
  return found.front();
}

std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    if (end > at) parts.push_back(text.substr(at, end - at));
    at = end + separator.size();
  }
  return parts;
}

std::vector<std::string> named_files(const LoadOptions& options, const std::map<std::string, std::string>& environment) {
  if (!options.files.empty()) return options.files;
  const auto variable = environment.find("COMPOSE_FILE");
  if (variable == environment.end() || variable->second.empty()) return {};
  const auto separator = environment.find("COMPOSE_PATH_SEPARATOR");
  return split(variable->second, separator == environment.end() || separator->second.empty() ? ":" : separator->second);
}

void search(const LoadOptions& options, ProjectFiles& result) {
  for (std::string directory = options.project_directory ? result.directory : options.cwd;;
       directory = parent_directory(directory)) {
    if (const std::vector<std::string> found = present(directory, default_names); !found.empty()) {
      result.files.push_back(choose(found, result));
      if (const std::vector<std::string> extra = present(directory, override_names); !extra.empty())
        result.files.push_back(choose(extra, result));
      if (!options.project_directory) result.directory = directory;
      return;
    }
    if (directory == "/") break;
  }
  throw Error(ErrorCode::not_found, fmt::format("no configuration file provided: there is no {} in {} or above it",
                                                fmt::join(default_names, ", "), options.cwd));
}

}  // namespace

std::string absolute_path(const std::string& path, const std::string& cwd) {
  return resolve_path(path.starts_with('/') ? "." + path : path, {path.starts_with('/') ? "/" : cwd, ""});
}

std::string initial_directory(const LoadOptions& options) {
  if (options.project_directory) return absolute_path(*options.project_directory, options.cwd);
  if (!options.files.empty() && options.files.front() != "-")
    return parent_directory(absolute_path(options.files.front(), options.cwd));
  return options.cwd;
}

ProjectFiles find_project_files(const LoadOptions& options, const std::map<std::string, std::string>& environment) {
  ProjectFiles result;
  result.directory = initial_directory(options);
  const std::vector<std::string> named = named_files(options, environment);
  if (named.empty()) {
    search(options, result);
    return result;
  }
  for (const std::string& file : named) {
    if (file == "-") {
      result.files.push_back(file);
      continue;
    }
    if (is_remote(file))
      throw Error(ErrorCode::not_implemented,
                  fmt::format("{}: compose files of git repositories and registries are not supported yet", file));
    std::string path = absolute_path(file, options.cwd);
    if (!is_file(path)) throw Error(ErrorCode::not_found, fmt::format("open {}: no such file or directory", path));
    result.files.push_back(std::move(path));
  }
  if (!options.project_directory && named.front() != "-") result.directory = parent_directory(result.files.front());
  return result;
}

}  // namespace stack::compose
