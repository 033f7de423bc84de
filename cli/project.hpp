#pragma once
// Which project a command is about.
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/global_options.hpp"
#include "compose/loader.hpp"
#include "compose/profiles.hpp"

namespace stack::cli {

/// There is no project here, or none that the word could be about: docker's command of that name may have been meant.
class NotInProject : public Error {
public:
  explicit NotInProject(const std::string& message) : Error(ErrorCode::not_found, message) {}
};

compose::LoadOptions load_options(const GlobalOptions& global, const std::vector<std::string>& services = {});

/// Loads the project, prints the loader's warnings to stderr. `services`: named on the command line; throws not_found for
/// one that does not exist, NotInProject without Compose files.
compose::Project load_project(const GlobalOptions& global, const std::vector<std::string>& services = {});

compose::Project load_project(const compose::LoadOptions& options);

/// The same for `run`: a job of this name is one of the services, and so are the jobs it depends on.
compose::Project load_project_to_run(const GlobalOptions& global, const std::string& name);

/// To stderr, each with its place.
void print_warnings(const std::vector<std::string>& warnings);

using compose::with_dependencies;

/// For commands that can do without the files (`ps`, `logs`, `down`, ...): the project when there are files, else only the
/// name given by -p or COMPOSE_PROJECT_NAME.
struct ProjectReference {
  std::string name;
  std::optional<compose::Project> project;
};
ProjectReference find_project(const GlobalOptions& global, const std::vector<std::string>& services = {});

/// Throws not_found "no such service: x" for the first that the project does not have.
void check_services(const compose::Project& project, const std::vector<std::string>& services);

}  // namespace stack::cli
