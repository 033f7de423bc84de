#pragma once
// A hijacked connection as the container manager wants it.
#include <string>

#include "engine/container/stream.hpp"
#include "engine/http/router.hpp"

namespace stack::engine::http {

/// Lives no longer than the handler that made it.
class HijackedClient : public container::ClientStream {
public:
  HijackedClient(ResponseWriter& response, std::string content_type)
      : response_(response), content_type_(std::move(content_type)) {}
  asio::awaitable<void> begin() override { stream_ = co_await response_.hijack(content_type_); }
  asio::awaitable<std::size_t> read_some(std::span<char> buffer) override { return stream_->read_some(buffer); }
  asio::awaitable<void> write(std::string_view bytes) override { return stream_->write(bytes); }

private:
  ResponseWriter& response_;
  std::string content_type_;
  RawStream* stream_ = nullptr;
};

/// The content type of a container's output: frames, or raw bytes of a terminal.
inline const char* stream_type(const Request& request, bool terminal) {
  constexpr int first_with_two_types = 42;
  return terminal || request.api_version < first_with_two_types ? "application/vnd.docker.raw-stream"
                                                                : "application/vnd.docker.multiplexed-stream";
}

/// The same of a hijacked connection: without an upgrade its type is always the old one.
inline const char* hijack_type(const Request& request, bool terminal) {
  return stream_type(request, terminal || !request.wants_upgrade());
}

/// h= and w= of a resize. Throws invalid_argument.
struct TerminalSize {
  std::uint16_t rows = 0, columns = 0;
};
TerminalSize read_terminal_size(const Request& request);

}  // namespace stack::engine::http
