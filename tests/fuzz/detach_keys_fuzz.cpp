// detachKeys= of a request (the first line), and what is typed then: cutting the input differently changes nothing.
#include "base/error.hpp"
#include "engine/container/detach_keys.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::engine::container;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = std::min(input.find('\n'), input.size());
  const std::string_view typed = input.substr(std::min(line + 1, input.size()));
  try {
    const std::string keys = parse_detach_keys(input.substr(0, line));
    DetachFilter whole(keys), cut(keys);
    std::string out, pieces;
    const bool detached = whole.feed(typed, out);
    bool cut_detached = false;
    for (std::size_t i = 0; i < typed.size() && !cut_detached; ++i) cut_detached = cut.feed(typed.substr(i, 1), pieces);
    if (detached != cut_detached || out != pieces || out.size() > typed.size()) __builtin_trap();
  } catch (const stack::Error&) {
  }
  return 0;
}
