#pragma once
// A container's streams over a WebSocket: GET /containers/{id}/attach/ws.
#include <string>

#include "engine/api/stdcopy.hpp"
#include "engine/container/stream.hpp"
#include "engine/http/router.hpp"
#include "engine/http/websocket_frames.hpp"
#include "engine/state/async.hpp"

namespace stack::engine::http {

/// Output goes out as messages of the request's kind (binary since API version 1.28, text before), as it comes and without
/// Docker's frames; what the client sends in messages of either kind is input. Pings are answered while somebody reads. Lives
/// no longer than the handler.
class WebSocketClient : public container::ClientStream {
public:
  /// `terminal`: what is written has no frames of Docker's.
  WebSocketClient(asio::any_io_executor executor, const Request& request, ResponseWriter& response, bool terminal);

  /// The handshake. Throws invalid_argument when the request is none.
  asio::awaitable<void> begin() override;
  /// Payload. 0 when the client has said goodbye, which is also until_goodbye()'s: unlike on a half-closed connection, nothing
  /// may be sent then.
  asio::awaitable<std::size_t> read_some(std::span<char> buffer) override;
  asio::awaitable<void> write(std::string_view bytes) override;

  /// Returns when the client ends the conversation. Where nobody else reads, this does, so that a goodbye is seen.
  asio::awaitable<void> until_goodbye(bool somebody_reads);
  /// The goodbye of our side, if there has been none.
  asio::awaitable<void> close();

private:
  asio::awaitable<void> send(std::string_view frames);

  const Request& request_;
  ResponseWriter& response_;
  const bool terminal_;
  api::StdCopyDecoder output_;
  RawStream* stream_ = nullptr;
  Signal begun_;
  Signal goodbye_;
  AsyncMutex sending_;  // output and pongs come from two coroutines
  bool cut_ = false;    // a frame was begun and not finished
  FrameDecoder decoder_;
  std::string received_;  // payload that was decoded and not read yet
};

}  // namespace stack::engine::http
