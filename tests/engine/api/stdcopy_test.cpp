#include "engine/api/stdcopy.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::engine::api {
namespace {

std::string frames() {
  std::string bytes;
  append_std_frame(bytes, StdStream::out, "hello\n");
  append_std_frame(bytes, StdStream::err, "");
  append_std_frame(bytes, StdStream::err, std::string(70000, 'e'));
  append_std_frame(bytes, StdStream::out, "bye");
  return bytes;
}

std::pair<std::string, std::string> decode(std::string_view bytes, std::size_t piece) {
  StdCopyDecoder decoder;
  std::string out, err;
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    decoder.feed(bytes.substr(at, piece),
                 [&](StdStream stream, std::string_view text) { (stream == StdStream::out ? out : err).append(text); });
  EXPECT_TRUE(decoder.at_boundary());
  return {out, err};
}

TEST(StdCopy, AFrameHeaderIsTypeThreeZeroesAndBigEndianLength) {
  std::string bytes;
  append_std_frame(bytes, StdStream::err, "ab");
  EXPECT_EQ(bytes, std::string("\2\0\0\0\0\0\0\2ab", 10));
}

TEST(StdCopy, StreamsAreSeparatedHoweverTheBytesAreCut) {
  const std::string bytes = frames();
  for (const std::size_t piece : {bytes.size(), std::size_t{1}, std::size_t{7}, std::size_t{9}, std::size_t{4096}}) {
    const auto [out, err] = decode(bytes, piece);
    EXPECT_EQ(out, "hello\nbye") << piece;
    EXPECT_EQ(err, std::string(70000, 'e')) << piece;
  }
}

TEST(StdCopy, ACutOffFrameIsNoticed) {
  const std::string bytes = frames();
  StdCopyDecoder decoder;
  decoder.feed(std::string_view(bytes).substr(0, bytes.size() - 1), [](StdStream, std::string_view) {});
  EXPECT_FALSE(decoder.at_boundary());
}

TEST(StdCopy, BytesThatAreNoFramesAreRefused) {
  StdCopyDecoder decoder;
  EXPECT_THROW(decoder.feed("plain text of a terminal", [](StdStream, std::string_view) {}), Error);
}

}  // namespace
}  // namespace stack::engine::api
