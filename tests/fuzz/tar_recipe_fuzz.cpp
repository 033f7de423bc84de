// The recipe of a tar stream, whatever the stream is; and a damaged recipe.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

#include "base/error.hpp"
#include "engine/image/tar_recipe.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string directory = [] {
    std::string pattern = "/tmp/stack-fuzz.XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) __builtin_trap();
    return pattern;
  }();
  static const stack::RootDir root(directory);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string file = directory + "/recipe";
  stack::engine::image::TarRecipeWriter writer(file);
  writer.stream(bytes.substr(0, size / 2));
  writer.stream(bytes.substr(size / 2));
  if (writer.finish()) {
    if (stack::engine::image::tar_recipe_size(file) != size) __builtin_trap();
  }
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  try {
    stack::engine::image::replay_tar_recipe(file, root, [](std::string_view) {});
  } catch (const stack::Error&) {
  }
  return 0;
}
