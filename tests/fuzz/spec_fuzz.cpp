// config.json of a bundle.
#include "base/error.hpp"
#include "engine/runtime/spec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::string once = print(stack::engine::runtime::parse_spec({reinterpret_cast<const char*>(data), size}));
    if (print(stack::engine::runtime::parse_spec(once)) != once) __builtin_trap();
  } catch (const stack::Error&) {
  }
  return 0;
}
