#include <cstdint>

#include "base/error.hpp"
#include "compose/dotenv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::compose;
  const Lookup lookup = [](std::string_view name) -> std::optional<std::string> {
    return name == "HOST" ? std::optional<std::string>("h") : std::nullopt;
  };
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto attempt = [&](const auto& parse) {
    std::map<std::string, std::string> out;
    try {
      parse(out);
    } catch (const stack::Error&) {
    }
  };
  std::vector<DotenvEntry> entries;
  attempt([&](auto& out) { parse_dotenv(text, "fuzz.env", lookup, out, &entries); });
  attempt([&](auto& out) { parse_raw_env(text, "fuzz.env", lookup, out); });
  return 0;
}
