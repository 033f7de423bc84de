// The header with which an engine says what a path in a container is.
#include "base/error.hpp"
#include "engine/api/path_stat.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto stat = stack::engine::api::decode_path_stat({reinterpret_cast<const char*>(data), size});
    const auto again = stack::engine::api::decode_path_stat(stack::engine::api::encode_path_stat(stat));
    if (again.mode != stat.mode || again.size != stat.size) __builtin_trap();
  } catch (const stack::Error&) {
  }
  return 0;
}
