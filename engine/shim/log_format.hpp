#pragma once
// The container log on disk, written by the shim and read by the engine's log reader.
//
//   <container dir>/logs/container.log        the file being written
//   <container dir>/logs/container.log.1..N   older ones, .1 the youngest; rotation renames at a record boundary
//
//   record  := header payload length          all integers little endian
//   header  := u32 length                     bytes of payload, 1 .. max_payload
//              u8  stream                     1 stdout (or terminal), 2 stderr
//              u8  flags                      bit 0: the payload does not end a line
//              u16 0
//              i64 time                       nanoseconds since 1970, when the bytes were read
//   payload := the bytes of one read(2): many lines, or a part of one
//   length  := u32, the same as in the header: lets a reader scan backwards for --tail
//
// A torn record at the end (power loss) is ignored by readers and cut off by the writer when it opens the file.
#include <cstdint>
#include <cstring>

namespace stack::engine::shim {

inline constexpr const char* log_file_name = "container.log";
inline constexpr std::uint32_t log_max_payload = 1024 * 1024;
inline constexpr std::uint64_t log_default_max_size = 20 * 1024 * 1024;
inline constexpr std::uint32_t log_default_max_files = 5;

/// What a container's log is written as. `json` is Docker's json-file, for whoever ships such files: one object a line,
/// {"log":"text\\n","stream":"stdout","attrs":{…},"time":"…"}; a text without a line end goes on in the next object of its
/// stream.
enum class LogFormat : std::uint8_t { records, json };
inline constexpr std::size_t json_log_longest_text = 16 * 1024;  ///< longer lines become several objects, as Docker's do

enum class LogStream : std::uint8_t { out = 1, err = 2 };
inline constexpr std::uint8_t log_partial = 1;  ///< flag: the payload does not end a line

struct LogHeader {
  std::uint32_t length = 0;
  LogStream stream = LogStream::out;
  std::uint8_t flags = 0;
  std::uint16_t reserved = 0;
  std::int64_t time = 0;  ///< nanoseconds since 1970
};
static_assert(sizeof(LogHeader) == 16, "the header is written as it lies in memory (little endian machines only)");
inline constexpr std::size_t log_trailer_size = sizeof(std::uint32_t);
inline constexpr std::size_t log_overhead = sizeof(LogHeader) + log_trailer_size;

/// Whether a header read from a file can be one of ours.
inline bool plausible(const LogHeader& header) {
  return header.length >= 1 && header.length <= log_max_payload && header.reserved == 0 &&
         (header.stream == LogStream::out || header.stream == LogStream::err);
}

}  // namespace stack::engine::shim
