#pragma once
// The engine's own log (not the containers'). Off until set up: commands that never log pay nothing at start.
// Never pass secrets: environment values, registry credentials, request bodies.
#include <fmt/format.h>

#include <string>
#include <string_view>

namespace stack::log {

enum class Level { debug, info, warning, error };

void to_stderr(Level minimum);
void to_file(const std::string& path, Level minimum);  ///< appended; rotated at 10 MB, 3 files kept
void write(Level level, std::string_view message);
bool enabled(Level level);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warning)) write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace stack::log
