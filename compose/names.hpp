#pragma once
// What things of a project are called.
#include <string>

#include "compose/types.hpp"

namespace stack::compose {

/// What parts a name's words: "-", or as docker-compose 1.x had it "_" when COMPOSE_COMPATIBILITY (`--compatibility`) says so.
std::string name_separator(const Project& project);

/// The image of a service: its own, or the one that is built for it.
std::string image_name(const Project& project, const Service& service);

}  // namespace stack::compose
