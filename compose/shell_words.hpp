#pragma once
// Splits a command line as Compose does: quotes and backslashes are understood, variables are not, and what follows an
// unquoted ; & | < or > is dropped (there is no shell to give it to).
#include <string>
#include <string_view>
#include <vector>

namespace stack::compose {

/// Throws invalid_argument when a quote or an escape is not finished.
std::vector<std::string> split_shell_words(std::string_view line);

}  // namespace stack::compose
