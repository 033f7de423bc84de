#pragma once
// Reads a container's log (format: engine/shim/log_format.hpp) the way `GET /containers/{id}/logs` sends it: framed chunks of
// many lines, no work per line where none is asked for.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/container/log_files.hpp"

namespace stack::engine::container {

namespace asio = boost::asio;

struct LogOptions {
  bool out = true;
  bool err = true;
  bool timestamps = false;  ///< RFC3339Nano and a space before every line
  bool raw = false;         ///< container with a terminal: no 8-byte frames
  bool merge_lines =
      false;  ///< frames of many lines instead of one per line (Docker's way): less work for a client that splits lines itself
  bool follow = false;
  std::optional<std::uint64_t> tail;  ///< the last lines only; empty: all
  std::optional<std::int64_t> since;  ///< unix nanoseconds, inclusive
  std::optional<std::int64_t> until;  ///< unix nanoseconds, inclusive; ends a follow too
};

/// Reads `directory`/container.log and its rotated files, oldest first. Follows over rotations without gap or duplicate, woken
/// by inotify.
///
///     LogReader reader(executor, container_dir / "logs", options);
///     co_await response.begin_stream("application/vnd.docker.multiplexed-stream");
///     for (std::string_view chunk; !(chunk = co_await reader.next()).empty();) co_await response.write(chunk);
class LogReader {
public:
  /// Nothing is read yet. A directory or file that does not exist is an empty log. The files are found and opened in `pool`
  /// when there is one: those that were compressed are unpacked then, and the end of a long log is searched for.
  LogReader(asio::any_io_executor executor, LogSource source, LogOptions options, asio::thread_pool* pool = nullptr);
  ~LogReader();
  LogReader(LogReader&&) noexcept;
  LogReader& operator=(LogReader&&) noexcept;

  /// The next chunk, valid until the next call; empty at the end. Waits only when following.
  asio::awaitable<std::string_view> next();

  /// The container has ended: a follow sends what the log holds and then ends. Call on the reader's executor, any number of
  /// times.
  void end_follow();

private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

/// Parses since/until as Docker's clients send them: "1700000000", "1700000000.123456789", or RFC 3339. Empty text and "0":
/// nothing. Throws invalid_argument.
std::optional<std::int64_t> parse_log_time(std::string_view text);

}  // namespace stack::engine::container
