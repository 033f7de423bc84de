#pragma once
// Image names with the digest their registry gives them now, so that a project starts with the same images everywhere.
#include "cli/session.hpp"
#include "compose/types.hpp"

namespace stack::cli {

/// Pins every service's image: "redis" becomes "docker.io/library/redis:latest@sha256:…". The engine asks the registries, with
/// the user's logins; names that have a digest stay. Throws not_found or unauthorized for the first that its registry does not
/// give.
void pin_images(Session& session, compose::Project& project);

}  // namespace stack::cli
