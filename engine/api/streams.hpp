#pragma once
// The bodies that do not fit one string: uploads, followed logs, progress lines, and raw streams after an upgrade.
// Every stream owns its connection: dropping the stream closes it, which is how to stop following.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "engine/api/types.hpp"

namespace stack::engine::api {

namespace asio = boost::asio;
class Connection;

/// Where the bytes of a chunked upload come from.
class BodySource {
public:
  virtual ~BodySource() = default;
  /// Fills the front of `space` and returns how many bytes; 0 = the end.
  virtual asio::awaitable<std::size_t> read(std::span<char> space) = 0;
};

/// Uploads what a descriptor gives until its end: a file is read as it is, a pipe or socket without blocking the loop.
class FdSource : public BodySource {
public:
  FdSource(asio::any_io_executor executor, UniqueFd fd);
  ~FdSource() override;
  asio::awaitable<std::size_t> read(std::span<char> space) override;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Uploads one string.
class StringSource : public BodySource {
public:
  explicit StringSource(std::string bytes) : bytes_(std::move(bytes)), rest_(bytes_) {}
  StringSource(const StringSource&) = delete;
  asio::awaitable<std::size_t> read(std::span<char> space) override;

private:
  std::string bytes_;
  std::string_view rest_;
};

/// The body of an answer, read as it arrives.
class ResponseStream {
public:
  explicit ResponseStream(std::unique_ptr<Connection> connection, bool multiplexed);
  ResponseStream(ResponseStream&&) noexcept;
  ResponseStream& operator=(ResponseStream&&) noexcept;
  ~ResponseStream();

  /// Waits for some bytes; 0 = the body has ended. Throws unavailable when the engine went away in the middle of it.
  asio::awaitable<std::size_t> read_some(std::span<char> space);
  /// The body consists of stdcopy frames (stdcopy.hpp), not of raw terminal output.
  bool multiplexed() const { return multiplexed_; }

private:
  std::unique_ptr<Connection> connection_;
  bool multiplexed_;
};

/// A body of JSON objects one after the other (progress, events).
class JsonLines {
public:
  explicit JsonLines(ResponseStream stream) : stream_(std::move(stream)) {}
  /// The next object's text; empty at the end.
  asio::awaitable<std::optional<std::string>> next();

private:
  ResponseStream stream_;
  std::string buffer_;
  std::size_t searched_ = 0;
};

/// Progress of a build, an import or a pull.
class ProgressStream {
public:
  explicit ProgressStream(ResponseStream stream) : lines_(std::move(stream)) {}
  /// The next message; empty at the end. An error the engine reports inside the stream is thrown as invalid_argument.
  asio::awaitable<std::optional<ProgressMessage>> next();

private:
  JsonLines lines_;
};

class EventStream {
public:
  explicit EventStream(ResponseStream stream) : lines_(std::move(stream)) {}
  /// Waits for the next event; empty when the engine ended the stream.
  asio::awaitable<std::optional<Event>> next();

private:
  JsonLines lines_;
};

/// The raw duplex stream after an attach or exec start. One reader and one writer may work at the same time.
class HijackedStream {
public:
  HijackedStream(std::unique_ptr<Connection> connection, bool multiplexed);
  HijackedStream(HijackedStream&&) noexcept;
  HijackedStream& operator=(HijackedStream&&) noexcept;
  ~HijackedStream();

  /// Waits for output; 0 = the engine closed its side.
  asio::awaitable<std::size_t> read_some(std::span<char> space);
  asio::awaitable<void> write(std::string_view bytes);  ///< `bytes` must live until it returns
  void shutdown_write();                                ///< end of input: closes the container's stdin only
  void close();                                         ///< also ends a read_some() in progress
  bool multiplexed() const { return multiplexed_; }

private:
  std::unique_ptr<Connection> connection_;
  bool multiplexed_;
};

}  // namespace stack::engine::api
