#include "engine/http/websocket_frames.hpp"

#include <gtest/gtest.h>

namespace stack::engine::http {
namespace {

/// A client's frame; the mask is the standard's example (RFC 6455, section 5.7).
std::string masked(std::uint8_t first, std::string_view payload) {
  const std::string mask = "\x37\xfa\x21\x3d";
  std::string frame(1, static_cast<char>(first));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80U | payload.size());
  } else {
    frame += static_cast<char>(0xfe);
    frame += static_cast<char>(payload.size() >> 8U);
    frame += static_cast<char>(payload.size());
  }
  frame += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ mask[i % 4]);
  return frame;
}

struct Decoded {
  std::string data, reply;
  bool closed = false;
};

Decoded decode(std::string_view bytes) {
  FrameDecoder decoder;
  Decoded decoded;
  decoder.feed(bytes, decoded.data, decoded.reply);
  decoded.closed = decoder.closed();
  return decoded;
}

const std::string protocol_error = encode_close(CloseCode::protocol_error);

TEST(WebSocketFrames, AnswersTheKeyOfTheStandardsExample) {
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocketFrames, EncodesEachFormOfLength) {
  using namespace std::string_literals;
  EXPECT_EQ(encode_frame(Opcode::text, "Hello"), "\x81\x05Hello");
  EXPECT_EQ(encode_frame(Opcode::binary, std::string(126, 'x')).substr(0, 4), "\x82\x7e\x00\x7e"s);
  EXPECT_EQ(encode_frame(Opcode::binary, std::string(65535, 'x')).substr(0, 4), "\x82\x7e\xff\xff"s);
  EXPECT_EQ(encode_frame(Opcode::binary, std::string(65536, 'x')).substr(0, 10), "\x82\x7f\0\0\0\0\0\x01\0\0"s);
  EXPECT_EQ(encode_close(CloseCode::normal), "\x88\x02\x03\xe8");
}

TEST(WebSocketFrames, UnmasksWhatTheStandardsExampleSends) {
  const Decoded decoded = decode("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  EXPECT_EQ(decoded.data, "Hello");
  EXPECT_EQ(decoded.reply, "");
  EXPECT_FALSE(decoded.closed);
}

TEST(WebSocketFrames, TakesMessagesOfBothKindsFragmentsAndLongOnes) {
  const std::string long_one(300, 'l');
  EXPECT_EQ(decode(masked(0x82, "a") + masked(0x01, "b") + masked(0x00, "c") + masked(0x80, "d") + masked(0x81, long_one)).data,
            "abcd" + long_one);
}

TEST(WebSocketFrames, AnswersAPingAlsoBetweenFragments) {
  const Decoded decoded = decode(masked(0x01, "a") + masked(0x89, "are you there") + masked(0x80, "b") + masked(0x8a, "pong"));
  EXPECT_EQ(decoded.data, "ab");
  EXPECT_EQ(decoded.reply, encode_frame(Opcode::pong, "are you there"));
}

TEST(WebSocketFrames, AnswersACloseAndTakesNothingAfterIt) {
  const Decoded decoded = decode(masked(0x81, "a") + masked(0x88, "\x03\xe9") + masked(0x81, "b"));
  EXPECT_EQ(decoded.data, "a");
  EXPECT_EQ(decoded.reply, encode_close(CloseCode::normal));
  EXPECT_TRUE(decoded.closed);
}

TEST(WebSocketFrames, EndsWhenTheProtocolIsBroken) {
  const std::string too_long = std::string("\x82\xff\xff", 3) + std::string(11, '\0');
  for (const std::string& broken : {
           std::string("\x81\x05Hello"),           // no mask
           masked(0xc1, "compressed"),             // an extension nobody agreed on
           masked(0x83, "x"),                      // no such opcode
           masked(0x80, "x"),                      // goes on with what was not begun
           masked(0x01, "a") + masked(0x81, "b"),  // begins another inside a message
           masked(0x09, "x"),                      // a control frame in pieces
           masked(0x89, std::string(126, 'x')),    // a control frame that is too long
           too_long,
       }) {
    const Decoded decoded = decode(broken);
    EXPECT_EQ(decoded.reply, protocol_error) << broken;
    EXPECT_TRUE(decoded.closed) << broken;
  }
}

TEST(WebSocketFrames, DecodesByteByByte) {
  const std::string bytes = masked(0x82, std::string(200, 'x')) + masked(0x89, "p") + masked(0x82, "");
  FrameDecoder decoder;
  std::string data, reply;
  for (const char byte : bytes) decoder.feed(std::string_view(&byte, 1), data, reply);
  EXPECT_EQ(data, std::string(200, 'x'));
  EXPECT_EQ(reply, encode_frame(Opcode::pong, "p"));
}

}  // namespace
}  // namespace stack::engine::http
