#pragma once
// What the files ask for and nothing here can do yet.
#include <string>
#include <vector>

#include "compose/types.hpp"

namespace stack::scheduler {

/// Throws not_implemented, a line for each key of these services without which something else would run than the files say.
/// Gives a warning for each that can be left out: the containers are the same without it.
std::vector<std::string> check_supported(const compose::Project& project, const std::vector<std::string>& services);

}  // namespace stack::scheduler
