#pragma once
// The key table as a JSON schema, for editors: what may be written, not what it becomes.
#include <nlohmann/json.hpp>

namespace stack::compose {

/// Accepts every file the loader accepts. It is laxer where a text has a form of its own ("8080:80"), where one key depends on
/// another, and for what a variable may give.
nlohmann::ordered_json compose_schema();

}  // namespace stack::compose
