#include "cli/render/color.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "base/error.hpp"
#include "cli/terminal.hpp"

namespace stack::cli::render {

Ansi parse_ansi(std::string_view text) {
  if (text == "auto") return Ansi::automatic;
  if (text == "always") return Ansi::always;
  if (text == "never") return Ansi::never;
  throw Error(ErrorCode::invalid_argument, fmt::format("invalid value \"{}\" for --ansi: auto, always or never", text));
}

bool use_cursor(Ansi ansi, int fd) {
  if (ansi != Ansi::automatic) return ansi == Ansi::always;
  const char* term = std::getenv("TERM");
  return !(term && std::string_view(term) == "dumb") && is_terminal(fd);
}

bool use_color(Ansi ansi, int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  const bool unwanted = ansi == Ansi::automatic && no_color && *no_color;
  return !unwanted && use_cursor(ansi, fd);
}

std::string_view service_color(std::size_t n) {
  static constexpr std::array<std::string_view, 10> colors{"\x1b[36m", "\x1b[33m", "\x1b[32m", "\x1b[35m", "\x1b[34m",
                                                           "\x1b[96m", "\x1b[93m", "\x1b[92m", "\x1b[95m", "\x1b[94m"};
  return colors[n % colors.size()];
}

std::string paint(bool enabled, std::string_view color, std::string_view text) {
  return enabled ? fmt::format("{}{}{}", color, text, reset) : std::string(text);
}

}  // namespace stack::cli::render
