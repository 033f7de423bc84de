#include "engine/http/websocket.hpp"

#include <strings.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "base/error.hpp"

namespace stack::engine::http {

namespace {

constexpr int first_with_binary_frames = 28;

/// The key to answer. Throws invalid_argument.
std::string_view handshake_key(const Request& request) {
  const std::string upgrade(request.header("Upgrade"));
  const std::string_view key = request.header("Sec-WebSocket-Key");
  if (!request.wants_upgrade() || ::strcasecmp(upgrade.c_str(), "websocket") != 0 || key.empty())
    throw Error(ErrorCode::invalid_argument, "not websocket protocol");
  if (request.header("Sec-WebSocket-Version") != "13")
    throw Error(ErrorCode::invalid_argument, "only version 13 of the WebSocket protocol is spoken here");
  return key;
}

}  // namespace

WebSocketClient::WebSocketClient(asio::any_io_executor executor, const Request& request, ResponseWriter& response,
                                 bool terminal)
    : request_(request), response_(response), terminal_(terminal), begun_(executor), goodbye_(executor), sending_(executor) {}

asio::awaitable<void> WebSocketClient::begin() {
  const std::string accept = accept_key(handshake_key(request_));
  response_.header("Sec-WebSocket-Accept", accept);
  stream_ = co_await response_.switch_to("websocket");
  begun_.set();
}

asio::awaitable<std::size_t> WebSocketClient::read_some(std::span<char> buffer) {
  std::array<char, 4096> bytes;
  while (received_.empty()) {
    std::size_t count = 0;
    if (!decoder_.closed()) count = co_await stream_->read_some(bytes);
    if (count == 0) {
      goodbye_.set();
      co_return 0;
    }
    std::string reply;
    decoder_.feed({bytes.data(), count}, received_, reply);
    if (!reply.empty()) co_await send(reply);
  }
  const std::size_t count = std::min(buffer.size(), received_.size());
  std::copy_n(received_.begin(), count, buffer.begin());
  received_.erase(0, count);
  co_return count;
}

asio::awaitable<void> WebSocketClient::write(std::string_view bytes) {
  const Opcode opcode = request_.api_version < first_with_binary_frames ? Opcode::text : Opcode::binary;
  std::string messages;
  if (terminal_)
    messages = encode_frame(opcode, bytes);
  else
    output_.feed(bytes, [&](api::StdStream, std::string_view piece) { messages += encode_frame(opcode, piece); });
  if (!messages.empty()) co_await send(messages);
}

asio::awaitable<void> WebSocketClient::send(std::string_view frames) {
  const AsyncMutex::Guard guard = co_await sending_.lock();
  if (cut_) throw boost::system::system_error(asio::error::connection_reset);
  cut_ = true;
  co_await stream_->write(frames);
  cut_ = false;
}

asio::awaitable<void> WebSocketClient::until_goodbye(bool somebody_reads) {
  co_await begun_.wait();
  std::array<char, 4096> ignored;
  while (!somebody_reads && !goodbye_.is_set()) co_await read_some(ignored);
  co_await goodbye_.wait();
}

asio::awaitable<void> WebSocketClient::close() {
  if (stream_ == nullptr || decoder_.closed() || cut_) co_return;
  const std::string frame = encode_close(CloseCode::normal);
  co_await send(frame);
}

}  // namespace stack::engine::http
