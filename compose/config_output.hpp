#pragma once
// What `config` prints of a loaded project: the whole document, or one of its lists.
#include <string>
#include <vector>

#include "compose/loader.hpp"

namespace stack::compose {

/// Where several are asked for, docker compose prints the first of them here.
enum class ConfigPart { services, volumes, networks, models, hashes, profiles, images, variables, environment, document };

struct ConfigRequest {
  ConfigPart part = ConfigPart::document;
  bool json = false;                  ///< of the document and the variables: JSON instead of YAML and a table
  bool table = true;                  ///< of the variables: no format was asked for
  std::vector<std::string> services;  ///< only these, what they depend on and what those use; empty: all
  std::vector<std::string> hashed;    ///< of the hashes: these services; empty: all
};

/// Changes what the request needs otherwise: a list of variables is made of what was not interpolated, most lists are those of
/// the whole project.
void prepare(LoadOptions& options, ConfigRequest& request);

/// Throws not_found for a service to hash that is not there.
std::string config_output(LoadResult result, const LoadOptions& options, const ConfigRequest& request);

}  // namespace stack::compose
