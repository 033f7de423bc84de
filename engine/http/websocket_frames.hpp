#pragma once
// WebSocket framing (RFC 6455), the server's side, without extensions. Pure: bytes in, bytes out.
//
// Boost.Beast has WebSockets too, but a stream of its whose read was cancelled counts as failed and can no longer send its
// close frame; ours is cancelled at the end of every session, when the container has ended.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace stack::engine::http {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Section 7.4.1.
enum class CloseCode : std::uint16_t { normal = 1000, protocol_error = 1002 };

/// The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key.
std::string accept_key(std::string_view client_key);

/// One whole message in one frame.
std::string encode_frame(Opcode opcode, std::string_view payload);
std::string encode_close(CloseCode code);

/// Decodes what a client sends, however it is cut. Payload is passed on as it comes: no message is too long.
class FrameDecoder {
public:
  /// Appends the payload of text and binary frames to `data`, and to `reply` what the protocol wants answered: pongs, and the
  /// close frame that ends the conversation. After that nothing is taken any more.
  void feed(std::string_view bytes, std::string& data, std::string& reply);
  bool closed() const { return closed_; }

private:
  bool take_header(std::string_view& bytes);
  bool header_is_sound() const;
  void begin_frame();
  void take_payload(std::string_view& bytes, std::string& data);
  void end_frame(std::string& reply);

  bool is_control() const { return (header_[0] & 0x08U) != 0; }
  Opcode opcode() const { return static_cast<Opcode>(header_[0] & 0x0fU); }

  std::array<std::uint8_t, 14> header_{};  // 2 bytes, 0 to 8 more of length, 4 of mask
  std::size_t header_size_ = 0;            // of them, those that have come
  bool in_payload_ = false;
  std::uint64_t left_ = 0;   // bytes of payload still to come
  std::size_t mask_at_ = 0;  // which byte of the mask is next
  std::string control_;      // payload of a control frame
  bool in_message_ = false;  // a fragmented message goes on
  bool closed_ = false;
};

}  // namespace stack::engine::http
