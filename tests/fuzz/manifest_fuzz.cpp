// Manifests and indexes as a registry may send them, and the choice of a platform.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "engine/image/manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const auto parsed = stack::engine::image::parse_manifest(text, "application/vnd.oci.image.index.v1+json");
    if (const auto* index = std::get_if<stack::engine::image::Index>(&parsed))
      stack::engine::image::choose(*index, stack::engine::image::parse_platform("linux/arm"));
  } catch (const stack::Error&) {
  }
  try {
    stack::engine::image::parse_platform(text);
  } catch (const stack::Error&) {
  }
  return 0;
}
