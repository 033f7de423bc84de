// The listing that the host's `ps` prints contains names that containers choose.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "engine/container/ps_output.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const auto top = stack::engine::container::parse_ps_output(text, {1, 12, 345});
    for (const auto& process : top.processes)
      if (process.size() > top.titles.size()) __builtin_trap();
  } catch (const stack::Error&) {
  }
  try {
    stack::engine::container::parse_ps_arguments(text);
  } catch (const stack::Error&) {
  }
  return 0;
}
