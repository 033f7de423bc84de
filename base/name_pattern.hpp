#pragma once
#include <string>

namespace stack {

/// As the API's name filters have it: a regular expression that is searched for, which for plain text is the text itself. A
/// broken one matches nothing.
bool name_matches(const std::string& name, const std::string& pattern);

}  // namespace stack
