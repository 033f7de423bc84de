// Any bytes, cut anywhere: the decoder throws or delivers the same pieces whatever the cut, and never reads outside.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.hpp"
#include "engine/api/stdcopy.hpp"

namespace {

std::string decode(std::string_view bytes, std::size_t piece) {
  using namespace stack::engine::api;
  StdCopyDecoder decoder;
  std::string seen;
  try {
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      decoder.feed(bytes.substr(at, piece), [&](StdStream stream, std::string_view text) {
        for (const char c : text) seen += {static_cast<char>('0' + static_cast<int>(stream)), c};
      });
  } catch (const stack::Error&) {
    seen += "refused";
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t piece = size > 0 ? 1 + data[0] % 16 : 1;
  if (decode(bytes, bytes.size() + 1) != decode(bytes, piece)) std::abort();
  return 0;
}
