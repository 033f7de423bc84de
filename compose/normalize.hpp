#pragma once
// Fills in what a file may leave out.
#include "compose/interpolate.hpp"
#include "compose/types.hpp"

namespace stack::compose {

/// Secrets without a target go to /run/secrets; docker compose says so even of what is not normalised.
void place_secrets(Project& project);

/// Defaults that hold for every project: real names, the default network, the Dockerfile, secret targets,
/// dependencies implied by `service:x` modes, scale and deploy.replicas as one value, one word for each pull policy. Null build
/// arguments are taken from `lookup`; those it lacks are dropped.
void normalize(Project& project, const Lookup& lookup);

/// The value of a variable as seen by the file that names it.
using LookupAt = std::function<std::optional<std::string>(const Location& place, std::string_view name)>;

/// Null variables are taken from the environment of the file that says them.
void resolve_environment(Project& project, const LookupAt& variable_at);

/// Merges each enabled service's env_file into its environment and forgets the files. Throws not_found for one that is
/// required and missing, invalid_argument for one that cannot be read.
void merge_env_files(Project& project, const Lookup& lookup);

/// The same for label_file and labels; variables in them see only the file itself, as with docker compose.
void merge_label_files(Project& project);

/// Takes the content of secrets and configs with `environment: NAME` from the environment of their file.
void resolve_file_objects(Project& project, const LookupAt& variable_at);

/// Drops networks, volumes, secrets and configs no enabled service uses.
void drop_unused(Project& project);

}  // namespace stack::compose
