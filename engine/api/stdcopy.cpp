#include "engine/api/stdcopy.hpp"

#include <algorithm>
#include <cstring>

#include "base/error.hpp"

namespace stack::engine::api {

std::array<char, std_frame_header_size> std_frame_header(StdStream stream, std::uint32_t length) {
  return {static_cast<char>(stream),
          0,
          0,
          0,
          static_cast<char>(length >> 24),
          static_cast<char>(length >> 16),
          static_cast<char>(length >> 8),
          static_cast<char>(length)};
}

void append_std_frame(std::string& to, StdStream stream, std::string_view bytes) {
  const auto header = std_frame_header(stream, static_cast<std::uint32_t>(bytes.size()));
  to.append(header.data(), header.size());
  to.append(bytes);
}

void StdCopyDecoder::feed(std::string_view bytes, const Sink& sink) {
  while (!bytes.empty()) {
    if (remaining_ > 0) {
      const std::string_view piece = bytes.substr(0, remaining_);
      remaining_ -= static_cast<std::uint32_t>(piece.size());
      bytes.remove_prefix(piece.size());
      sink(stream_, piece);
      continue;
    }
    const std::size_t wanted = std::min(header_.size() - header_size_, bytes.size());
    std::memcpy(header_.data() + header_size_, bytes.data(), wanted);
    header_size_ += wanted;
    bytes.remove_prefix(wanted);
    if (header_size_ < header_.size()) return;
    header_size_ = 0;
    const auto byte = [this](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(header_[i])); };
    if (byte(0) > 3)
      throw Error(ErrorCode::invalid_argument, "not a multiplexed stream: a frame of type " + std::to_string(byte(0)));
    stream_ = static_cast<StdStream>(byte(0));
    remaining_ = byte(4) << 24 | byte(5) << 16 | byte(6) << 8 | byte(7);
  }
}

}  // namespace stack::engine::api
