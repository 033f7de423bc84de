#pragma once
// SERVICE=N, the argument of `scale` and of --scale.
#include <map>
#include <string>
#include <vector>

namespace stack::cli {

/// Throws UsageError; `what` names the flag or argument in the message.
std::map<std::string, int> parse_scale(const std::vector<std::string>& texts, const std::string& what);

}  // namespace stack::cli
