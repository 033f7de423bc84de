#pragma once
// Colours, and whether to use them.
#include <cstddef>
#include <string>
#include <string_view>

namespace stack::cli::render {

enum class Ansi { automatic, always, never };
/// "auto", "always", "never". Throws invalid_argument.
Ansi parse_ansi(std::string_view text);

/// Whether to move the cursor of `fd`: automatic means a terminal, TERM not "dumb".
bool use_cursor(Ansi ansi, int fd);
/// Whether to write colours to `fd`: automatic means as above, and NO_COLOR not set.
bool use_color(Ansi ansi, int fd);

inline constexpr std::string_view red = "\x1b[31m", green = "\x1b[32m", yellow = "\x1b[33m", blue = "\x1b[34m",
                                  bold = "\x1b[1m", reset = "\x1b[0m";

/// The n-th of the colours that tell services apart (they repeat after ten).
std::string_view service_color(std::size_t n);

/// `text` between `color` and reset, or as it is when `enabled` is false.
std::string paint(bool enabled, std::string_view color, std::string_view text);

}  // namespace stack::cli::render
