#include <bzlib.h>
#include <isa-l/igzip_lib.h>
#include <lzma.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/archive.hpp"
#include "base/error.hpp"

namespace stack::archive {

namespace {

constexpr std::size_t chunk = 128 * 1024;

/// Input with look-ahead, shared by the decoders.
class Input {
public:
  explicit Input(Source source) : source_(std::move(source)), buffer_(chunk, '\0') {}

  std::string_view rest() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void consume(std::size_t count) { begin_ += count; }
  /// Reads more when nothing is left; false at the end.
  bool fill() {
    if (begin_ < end_) return true;
    begin_ = 0;
    end_ = source_(buffer_.data(), buffer_.size());
    return end_ > 0;
  }
  /// At least `count` bytes if the stream has them.
  std::string_view peek(std::size_t count) {
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    while (end_ < count) {
      const std::size_t got = source_(buffer_.data() + end_, buffer_.size() - end_);
      if (got == 0) break;
      end_ += got;
    }
    return rest();
  }
  std::size_t read(char* out, std::size_t size) {
    if (!fill()) return 0;
    const std::size_t count = std::min(size, end_ - begin_);
    std::memcpy(out, buffer_.data() + begin_, count);
    begin_ += count;
    return count;
  }

private:
  Source source_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

constexpr std::string_view gzip_magic{"\x1f\x8b", 2};
constexpr std::string_view zstd_magic{"\x28\xb5\x2f\xfd", 4};
constexpr std::string_view bzip2_magic{"BZh"};
constexpr std::string_view xz_magic{
    "\xfd"
    "7zXZ\0",
    6};

class Gzip {
public:
  explicit Gzip(std::shared_ptr<Input> input) : input_(std::move(input)) { begin_member(); }

  std::size_t operator()(char* out, std::size_t size) {
    for (;;) {
      if (done_) return 0;
      const bool more = input_->fill();
      const std::string_view rest = input_->rest();
      state_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(rest.data()));
      state_->avail_in = static_cast<std::uint32_t>(rest.size());
      state_->next_out = reinterpret_cast<std::uint8_t*>(out);
      state_->avail_out = static_cast<std::uint32_t>(std::min<std::size_t>(size, 1U << 30));
      const std::uint32_t room = state_->avail_out;
      const int result = ::isal_inflate(state_.get());
      if (result < 0) throw Error(ErrorCode::invalid_argument, "gzip data is damaged");
      input_->consume(rest.size() - state_->avail_in);
      const std::size_t made = room - state_->avail_out;
      if (state_->block_state == ISAL_BLOCK_FINISH) {
        // another member may follow; padding after the last one is ignored as gzip(1) does
        if (input_->peek(gzip_magic.size()).starts_with(gzip_magic))
          begin_member();
        else
          done_ = true;
      } else if (made == 0 && !more) {
        throw Error(ErrorCode::invalid_argument, "gzip data ends too early");
      }
      if (made > 0) return made;
    }
  }

private:
  void begin_member() {
    ::isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_GZIP;
  }
  std::shared_ptr<Input> input_;
  std::shared_ptr<inflate_state> state_ = std::make_shared<inflate_state>();
  bool done_ = false;
};

class Zstd {
public:
  explicit Zstd(std::shared_ptr<Input> input) : input_(std::move(input)), context_(::ZSTD_createDCtx(), ::ZSTD_freeDCtx) {
    ::ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, 27);  // 128 MB: what zstd --long writes by default
  }

  std::size_t operator()(char* out, std::size_t size) {
    for (;;) {
      const bool more = input_->fill();
      if (!more && frame_complete_) return 0;
      ZSTD_inBuffer in{input_->rest().data(), input_->rest().size(), 0};
      ZSTD_outBuffer made{out, size, 0};
      const std::size_t result = ::ZSTD_decompressStream(context_.get(), &made, &in);
      if (::ZSTD_isError(result) != 0)
        throw Error(ErrorCode::invalid_argument, std::string("zstd data is damaged: ") + ::ZSTD_getErrorName(result));
      input_->consume(in.pos);
      frame_complete_ = result == 0;
      if (made.pos > 0) return made.pos;
      if (!more) throw Error(ErrorCode::invalid_argument, "zstd data ends too early");
    }
  }

private:
  std::shared_ptr<Input> input_;
  std::shared_ptr<ZSTD_DCtx> context_;
  bool frame_complete_ = true;
};

class Xz {
public:
  explicit Xz(std::shared_ptr<Input> input)
      : input_(std::move(input)), stream_(new lzma_stream{}, [](lzma_stream* s) {
          ::lzma_end(s);
          delete s;
        }) {
    constexpr std::uint64_t memory_limit = 256U << 20;
    if (::lzma_stream_decoder(stream_.get(), memory_limit, LZMA_CONCATENATED) != LZMA_OK)
      throw Error(ErrorCode::internal, "xz decoder is not available");
  }

  std::size_t operator()(char* out, std::size_t size) {
    while (!done_) {
      const bool more = input_->fill();
      const std::string_view rest = input_->rest();
      stream_->next_in = reinterpret_cast<const std::uint8_t*>(rest.data());
      stream_->avail_in = rest.size();
      stream_->next_out = reinterpret_cast<std::uint8_t*>(out);
      stream_->avail_out = size;
      const lzma_ret result = ::lzma_code(stream_.get(), more ? LZMA_RUN : LZMA_FINISH);
      input_->consume(rest.size() - stream_->avail_in);
      if (result == LZMA_STREAM_END)
        done_ = true;
      else if (result != LZMA_OK)
        throw Error(ErrorCode::invalid_argument, "xz data is damaged or ends too early");
      if (stream_->avail_out < size) return size - stream_->avail_out;
    }
    return 0;
  }

private:
  std::shared_ptr<Input> input_;
  std::shared_ptr<lzma_stream> stream_;
  bool done_ = false;
};

class Bzip2 {
public:
  explicit Bzip2(std::shared_ptr<Input> input)
      : input_(std::move(input)), stream_(new bz_stream{}, [](bz_stream* s) {
          ::BZ2_bzDecompressEnd(s);
          delete s;
        }) {
    begin_stream();
  }

  std::size_t operator()(char* out, std::size_t size) {
    while (!done_) {
      const bool more = input_->fill();
      const std::string_view rest = input_->rest();
      stream_->next_in = const_cast<char*>(rest.data());
      stream_->avail_in = static_cast<unsigned>(rest.size());
      stream_->next_out = out;
      stream_->avail_out = static_cast<unsigned>(std::min<std::size_t>(size, 1U << 30));
      const unsigned room = stream_->avail_out;
      const int result = ::BZ2_bzDecompress(stream_.get());
      input_->consume(rest.size() - stream_->avail_in);
      const std::size_t made = room - stream_->avail_out;
      if (result == BZ_STREAM_END) {
        // another stream may follow (pbzip2 writes many); padding after the last one is ignored as bzip2(1) does
        ::BZ2_bzDecompressEnd(stream_.get());
        if (input_->peek(bzip2_magic.size()).starts_with(bzip2_magic))
          begin_stream();
        else
          done_ = true;
      } else if (result != BZ_OK) {
        throw Error(ErrorCode::invalid_argument, "bzip2 data is damaged");
      } else if (made == 0 && !more) {
        throw Error(ErrorCode::invalid_argument, "bzip2 data ends too early");
      }
      if (made > 0) return made;
    }
    return 0;
  }

private:
  void begin_stream() {
    *stream_ = bz_stream{};
    if (::BZ2_bzDecompressInit(stream_.get(), 0, 0) != BZ_OK)
      throw Error(ErrorCode::internal, "bzip2 decoder is not available");
  }
  std::shared_ptr<Input> input_;
  std::shared_ptr<bz_stream> stream_;
  bool done_ = false;
};

}  // namespace

Source from_memory(std::string bytes) {
  return
      [bytes = std::make_shared<std::string>(std::move(bytes)), done = std::size_t{0}](char* buffer, std::size_t size) mutable {
        const std::size_t count = std::min(size, bytes->size() - done);
        std::memcpy(buffer, bytes->data() + done, count);
        done += count;
        return count;
      };
}

Source from_fd(int fd) {
  return [fd](char* buffer, std::size_t size) -> std::size_t {
    for (;;) {
      const ssize_t got = ::read(fd, buffer, size);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) throw errno_error("read");
    }
  };
}

Source decompress(Source compressed) {
  auto input = std::make_shared<Input>(std::move(compressed));
  const std::string_view start = input->peek(xz_magic.size());
  if (start.starts_with(gzip_magic)) return Gzip(input);
  if (start.starts_with(zstd_magic)) return Zstd(input);
  if (start.starts_with(xz_magic)) return Xz(input);
  if (start.starts_with(bzip2_magic)) return Bzip2(input);
  return [input](char* buffer, std::size_t size) { return input->read(buffer, size); };
}

}  // namespace stack::archive
