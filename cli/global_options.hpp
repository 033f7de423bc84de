#pragma once
// The flags that stand before the command's name.
#include <optional>
#include <string>
#include <vector>

#include "cli/render/color.hpp"
#include "cli/render/progress.hpp"

namespace stack::cli {

struct GlobalOptions {
  std::vector<std::string> files;      ///< -f
  std::vector<std::string> profiles;   ///< --profile
  std::vector<std::string> env_files;  ///< --env-file
  std::optional<std::string> project_name, project_directory;
  std::optional<std::string> root;  ///< --root: data root of the engine
  std::optional<int> parallel;      ///< --parallel: operations at a time; none or below 1: the usual number
  bool all_resources = false;       ///< --all-resources: also networks and volumes that no service uses
  bool compatibility = false;       ///< --compatibility: names as docker-compose 1.x made them
  render::ProgressMode progress = render::ProgressMode::automatic;
  render::Ansi ansi = render::Ansi::automatic;
};

}  // namespace stack::cli
