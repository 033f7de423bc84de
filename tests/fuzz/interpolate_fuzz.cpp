#include <cstdint>

#include "base/error.hpp"
#include "compose/interpolate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::compose;
  const Lookup lookup = [](std::string_view name) -> std::optional<std::string> {
    if (name.starts_with('A')) return std::string(name);
    if (name.starts_with('E')) return std::string();
    return std::nullopt;
  };
  std::set<std::string> unset;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  (void)variables_of(text).size();
  try {
    (void)interpolate(text, lookup, &unset).size();
  } catch (const stack::Error&) {
  }
  return 0;
}
