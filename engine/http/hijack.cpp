#include "engine/http/hijack.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/error.hpp"

namespace stack::engine::http {

namespace {

std::uint16_t read_size(const Request& request, const char* parameter, const char* name) {
  const std::string text = request.query.get(parameter);
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range)
    throw Error(ErrorCode::invalid_argument, fmt::format("invalid resize {} \"{}\": value out of range", name, text));
  if (error != std::errc{} || end != text.data() + text.size())
    throw Error(ErrorCode::invalid_argument, fmt::format("invalid resize {} \"{}\": invalid syntax", name, text));
  return value;
}

}  // namespace

TerminalSize read_terminal_size(const Request& request) {
  return {read_size(request, "h", "height"), read_size(request, "w", "width")};
}

}  // namespace stack::engine::http
