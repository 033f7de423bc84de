#pragma once
// NAME=VALUE on command lines.
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stack::cli {

/// {"a=1", "b"} → {a: "1", b: ""}; the last one of a name counts.
std::map<std::string, std::string> key_values(const std::vector<std::string>& texts);

/// The same where a value is needed. Throws UsageError naming `flag`.
std::map<std::string, std::string> key_values_of(std::string_view flag, const std::vector<std::string>& texts);

}  // namespace stack::cli
