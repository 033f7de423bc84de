// ~/.docker/config.json and what credential helpers print.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "cli/docker_config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    stack::cli::parse_docker_config(text, "config.json");
  } catch (const stack::Error&) {
  }
  try {
    stack::cli::parse_helper_answer(text);
  } catch (const stack::Error&) {
  }
  stack::cli::registry_of_image(text);
  return 0;
}
