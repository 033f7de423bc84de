// The passwd and group files of an image are outside bytes.
#include "base/error.hpp"
#include "engine/runtime/users.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t third = size / 3;
  try {
    stack::engine::runtime::resolve_user(text.substr(0, std::min<std::size_t>(third, 32)), {}, text.substr(third, third),
                                         text.substr(2 * third));
  } catch (const stack::Error&) {
  }
  return 0;
}
