#pragma once
#include <string>

namespace stack::cli {

/// The page stack(1) in roff, from the table of commands and their flags.
std::string manual_page(const std::string& version);

}  // namespace stack::cli
