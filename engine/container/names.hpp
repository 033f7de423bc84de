#pragma once
// Names of containers.
#include <functional>
#include <string>
#include <string_view>

namespace stack::engine::container {

/// Throws invalid_argument with Docker's text unless it is [a-zA-Z0-9][a-zA-Z0-9_.-]+. Returns it without a leading slash.
std::string check_name(std::string_view name);

/// "brave_heron": for a container nobody named. `taken` says which names are in use.
std::string random_name(const std::function<bool(const std::string&)>& taken);

}  // namespace stack::engine::container
