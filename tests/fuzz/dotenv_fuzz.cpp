#include <cstdint>

#include "base/error.hpp"
#include "compose/dotenv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::compose;
  const Lookup lookup = [](std::string_view name) -> std::optional<std::string> {
    return name == "HOST" ? std::optional<std::string>("h") : std::nullopt;
  };
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  for (const auto parse : {parse_dotenv, parse_raw_env}) {
    std::map<std::string, std::string> out;
    try {
      parse(text, "fuzz.env", lookup, out);
    } catch (const stack::Error&) {
    }
  }
  return 0;
}
