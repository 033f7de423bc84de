#pragma once
// Docker's framing of stdout and stderr in one stream: 8 bytes {type, 0, 0, 0, length big-endian} before each piece.
// The decoder takes bytes as they arrive, cut anywhere; nothing is copied.
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace stack::engine::api {

enum class StdStream : std::uint8_t { in = 0, out = 1, err = 2, system_error = 3 };

inline constexpr std::size_t std_frame_header_size = 8;
/// The header of a frame with `length` bytes.
std::array<char, std_frame_header_size> std_frame_header(StdStream stream, std::uint32_t length);
/// A whole frame appended to `to`.
void append_std_frame(std::string& to, StdStream stream, std::string_view bytes);

class StdCopyDecoder {
public:
  using Sink = std::function<void(StdStream, std::string_view)>;

  /// Calls `sink` with every piece of payload in `bytes`, in order; a frame cut in two gives two pieces.
  /// Throws invalid_argument when the bytes are no frames (an unknown stream type).
  void feed(std::string_view bytes, const Sink& sink);
  /// False in the middle of a frame: at the end of the stream that means it was cut off.
  bool at_boundary() const { return header_size_ == 0 && remaining_ == 0; }

private:
  std::array<char, std_frame_header_size> header_{};
  std::size_t header_size_ = 0;
  std::uint32_t remaining_ = 0;
  StdStream stream_ = StdStream::out;
};

}  // namespace stack::engine::api
