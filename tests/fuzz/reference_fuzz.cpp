// Any text as an image name; what is accepted must mean the same when printed and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.hpp"
#include "engine/image/reference.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::engine::image;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Reference reference = parse_reference(text);
    if (parse_reference(reference.full()) != reference) std::abort();
    if (parse_reference(reference.familiar()) != reference) std::abort();
  } catch (const stack::Error&) {
  }
  return 0;
}
