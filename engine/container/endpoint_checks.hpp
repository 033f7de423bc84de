#pragma once
// What may be asked of a container's place on a network, as far as the request alone tells. Pure.
#include <string>

#include "engine/api/types.hpp"

namespace stack::engine::container {

/// Throws invalid_argument with Docker's texts, all of them at once.
void check_endpoint(const std::string& network, const api::EndpointSettings& settings);

/// A link of the default bridge, "name" or "name:alias", as it is kept and shown: "/name:/own/alias".
std::string kept_link(const std::string& link_name, const std::string& alias, const std::string& own_name);
struct Link {
  std::string name, alias;
};
Link parse_kept_link(const std::string& kept);
Link parse_link(const std::string& text);  ///< throws invalid_argument

}  // namespace stack::engine::container
