#pragma once
// Ports in the short syntax, from a command line.
#include <string>
#include <vector>

#include "compose/types.hpp"

namespace stack::compose {

/// "8080:80", "127.0.0.1:53:53/udp", "9000-9002:9000-9002" ... Throws invalid_argument
/// "<where>[0]: ...", naming what is wrong.
std::vector<Port> parse_ports(const std::vector<std::string>& texts, const std::string& where);

}  // namespace stack::compose
