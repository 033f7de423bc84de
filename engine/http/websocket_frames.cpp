#include "engine/http/websocket_frames.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <stdexcept>

#include "base/base64.hpp"

namespace stack::engine::http {

namespace {

constexpr std::uint8_t final_bit = 0x80;
constexpr std::uint8_t reserved_bits = 0x70;
constexpr std::uint8_t masked_bit = 0x80;
constexpr std::uint8_t length_bits = 0x7f;
constexpr std::uint8_t two_byte_length = 126;
constexpr std::uint8_t eight_byte_length = 127;
constexpr std::size_t mask_size = 4;

/// Bytes of the length that follow the first two bytes.
std::size_t long_length_size(std::uint8_t second) {
  const std::uint8_t length = second & length_bits;
  return length == two_byte_length ? 2 : length == eight_byte_length ? 8 : 0;
}

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xff);
}

}  // namespace

std::string accept_key(std::string_view client_key) {
  const std::string text = std::string(client_key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // section 1.3
  std::array<unsigned char, SHA_DIGEST_LENGTH> hash;
  ::SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  return base64_encode({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

std::string encode_frame(Opcode opcode, std::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + 10);
  frame += static_cast<char>(final_bit | static_cast<std::uint8_t>(opcode));
  if (payload.size() < two_byte_length) {
    frame += static_cast<char>(payload.size());
  } else if (payload.size() <= 0xffff) {
    frame += static_cast<char>(two_byte_length);
    append_big_endian(frame, payload.size(), 2);
  } else {
    frame += static_cast<char>(eight_byte_length);
    append_big_endian(frame, payload.size(), 8);
  }
  frame += payload;
  return frame;
}

std::string encode_close(CloseCode code) {
  std::string payload;
  append_big_endian(payload, static_cast<std::uint16_t>(code), 2);
  return encode_frame(Opcode::close, payload);
}

void FrameDecoder::feed(std::string_view bytes, std::string& data, std::string& reply) {
  while (!closed_ && !bytes.empty()) {
    if (!in_payload_) {
      if (!take_header(bytes)) return;
      if (!header_is_sound()) {
        reply += encode_close(CloseCode::protocol_error);
        closed_ = true;
        return;
      }
      begin_frame();
    }
    take_payload(bytes, data);
    if (left_ == 0) end_frame(reply);
  }
}

/// True when it is complete.
bool FrameDecoder::take_header(std::string_view& bytes) {
  for (;;) {
    const std::size_t size = header_size_ < 2 ? 2 : 2 + long_length_size(header_[1]) + mask_size;
    if (header_size_ == size) return true;
    if (bytes.empty()) return false;
    header_[header_size_++] = static_cast<std::uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    // an unmasked frame has no mask to wait for
    if (header_size_ == 2 && (header_[1] & masked_bit) == 0) return true;
  }
}

bool FrameDecoder::header_is_sound() const {
  if ((header_[0] & reserved_bits) != 0 || (header_[1] & masked_bit) == 0) return false;
  const bool length_is_positive = (header_[1] & length_bits) != eight_byte_length || header_[2] < 0x80;
  switch (opcode()) {
    case Opcode::continuation: return in_message_ && length_is_positive;
    case Opcode::text:
    case Opcode::binary: return !in_message_ && length_is_positive;
    case Opcode::close:
    case Opcode::ping:
    case Opcode::pong: return (header_[0] & final_bit) != 0 && long_length_size(header_[1]) == 0;
  }
  return false;  // no opcode of the standard's
}

void FrameDecoder::begin_frame() {
  const std::size_t extra = long_length_size(header_[1]);
  left_ = extra == 0 ? header_[1] & length_bits : 0;
  for (std::size_t i = 0; i < extra; ++i) left_ = left_ << 8U | header_[2 + i];
  if (!is_control()) in_message_ = (header_[0] & final_bit) == 0;
  mask_at_ = 0;
  in_payload_ = true;
}

void FrameDecoder::take_payload(std::string_view& bytes, std::string& data) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  const std::uint8_t* mask = header_.data() + 2 + long_length_size(header_[1]);
  std::string& out = is_control() ? control_ : data;
  for (std::size_t i = 0; i < count; ++i)
    out += static_cast<char>(static_cast<std::uint8_t>(bytes[i]) ^ mask[mask_at_++ % mask_size]);
  bytes.remove_prefix(count);
  left_ -= count;
}

void FrameDecoder::end_frame(std::string& reply) {
  if (opcode() == Opcode::ping) reply += encode_frame(Opcode::pong, control_);
  if (opcode() == Opcode::close) {
    reply += encode_close(CloseCode::normal);
    closed_ = true;
  }
  control_.clear();
  header_size_ = 0;
  in_payload_ = false;
}

}  // namespace stack::engine::http
