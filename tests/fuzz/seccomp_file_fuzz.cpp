// A seccomp profile is a file of the user.
#include "base/error.hpp"
#include "engine/runtime/seccomp_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::engine::runtime;
  try {
    const auto tables = parse_seccomp_profile({reinterpret_cast<const char*>(data), size}, {"CAP_CHOWN"}, KernelVersion{6, 1});
    if (tables) assemble(*tables);
  } catch (const stack::Error&) {
  }
  return 0;
}
