// What a WebSocket client sends: cutting it differently changes nothing, and nothing is made up.
#include "engine/http/websocket_frames.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using stack::engine::http::FrameDecoder;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  FrameDecoder whole, cut;
  std::string payload, pieces, reply, replies;
  whole.feed(input, payload, reply);
  for (std::size_t i = 0; i < input.size(); ++i) cut.feed(input.substr(i, 1), pieces, replies);
  if (payload != pieces || reply != replies || whole.closed() != cut.closed()) __builtin_trap();
  if (payload.size() > size || reply.size() > size + 4) __builtin_trap();
  return 0;
}
