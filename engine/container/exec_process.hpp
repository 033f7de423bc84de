#pragma once
// The streams of an exec: pipes or a terminal on one side, a client or a buffer on the other.
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <string>

#include "base/unique_fd.hpp"
#include "engine/container/manager_impl.hpp"

namespace stack::engine::container {

/// "{stream,0,0,0,be32 length}", the frame before each piece of a multiplexed stream.
std::string frame_header(std::uint8_t stream, std::size_t length);

/// Our ends of an exec's streams.
class ExecStreams {
public:
  explicit ExecStreams(const asio::any_io_executor& executor) : in(executor), out(executor), err(executor) {}
  void open(const api::ExecCreateRequest& request, ExecPipes& child);  ///< pipes for what is attached
  void use_terminal(UniqueFd master);                                  ///< one descriptor for all

  asio::posix::stream_descriptor in, out, err;
};

/// Copies both ways until the process has ended and what it wrote is sent. What a process left behind in the background writes
/// afterwards is not waited for. False: the client has typed its detach keys, and the process goes on.
asio::awaitable<bool> serve_exec(ExecPtr exec, ExecStreams& streams, ClientStream& client);

/// Takes away what a process writes whose client has left, so that it is not held up by a full terminal.
asio::awaitable<void> drain_exec(ExecPtr exec, std::shared_ptr<ExecStreams> streams);

/// Keeps the first bytes of an exec's output and takes the rest away.
class CapturedOutput : public std::enable_shared_from_this<CapturedOutput> {
public:
  CapturedOutput(const asio::any_io_executor& executor, UniqueFd fd, std::size_t limit)
      : done(executor), stream_(executor, fd.release()), limit_(limit) {}
  asio::awaitable<void> collect(ExecPtr exec);
  const std::string& text() const { return text_; }
  Signal done;

private:
  asio::posix::stream_descriptor stream_;
  std::size_t limit_;
  std::string text_;
};

}  // namespace stack::engine::container
