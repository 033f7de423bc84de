// Any text as rules, any text as path: no crash, and the two questions agree.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/dockerignore.hpp"
#include "base/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t split = text.find('\0');
  const std::string_view path = split == std::string_view::npos ? std::string_view("a/b/c") : text.substr(split + 1);
  try {
    const IgnoreRules rules = IgnoreRules::parse(text.substr(0, split));
    rules.ignored(path);
    rules.may_keep_below(path);
  } catch (const Error&) {
  }
  return 0;
}
