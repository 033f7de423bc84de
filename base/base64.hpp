#pragma once
#include <string>
#include <string_view>

namespace stack {

/// With padding. `url_alphabet`: '-' and '_' in place of '+' and '/'.
std::string base64_encode(std::string_view bytes, bool url_alphabet = false);
/// Either alphabet, with or without padding and line ends. Throws invalid_argument.
std::string base64_decode(std::string_view text);

}  // namespace stack
