#include "engine/container/exec_process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>

#include "base/error.hpp"
#include "engine/container/detach_keys.hpp"

namespace stack::engine::container {

namespace {

using Stream = asio::posix::stream_descriptor;
using asio::experimental::awaitable_operators::operator||;
using asio::experimental::awaitable_operators::operator&&;

constexpr std::size_t copy_size = 32 * 1024;
constexpr std::size_t header_size = 8;

/// Lets the end of the process wake a reader.
class Registration {
public:
  Registration(Exec& exec, Stream& stream) : exec_(exec), stream_(&stream) { exec_.streams.push_back(stream_); }
  ~Registration() { std::erase(exec_.streams, stream_); }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

private:
  Exec& exec_;
  Stream* stream_;
};

/// Reads some bytes; 0 at the end: end of file, or nothing there any more and the process has ended.
asio::awaitable<std::size_t> read_some(Exec& exec, Stream& from, char* buffer, std::size_t size) {
  for (;;) {
    const ssize_t count = ::read(from.native_handle(), buffer, size);
    if (count > 0) co_return static_cast<std::size_t>(count);
    if (count < 0 && errno == EINTR) continue;
    if (count == 0 || errno != EAGAIN || exec.ended.is_set()) co_return 0;
    boost::system::error_code error;
    co_await from.async_wait(Stream::wait_read, asio::redirect_error(asio::use_awaitable, error));
    if (error && !exec.ended.is_set()) co_return 0;
  }
}

/// `stream` 0: a terminal, no frames.
asio::awaitable<void> copy_out(ExecPtr exec, Stream& from, std::uint8_t stream, AsyncMutex& writing, ClientStream& client) {
  if (!from.is_open()) co_return;
  from.native_non_blocking(true);
  const Registration registration(*exec, from);
  std::vector<char> buffer(header_size + copy_size);
  for (;;) {
    const std::size_t count = co_await read_some(*exec, from, buffer.data() + header_size, copy_size);
    if (count == 0) co_return;
    const AsyncMutex::Guard guard = co_await writing.lock();
    if (stream == 0) {
      co_await client.write(std::string_view(buffer.data() + header_size, count));
    } else {
      const std::string header = frame_header(stream, count);
      std::copy(header.begin(), header.end(), buffer.begin());
      co_await client.write(std::string_view(buffer.data(), header_size + count));
    }
  }
}

asio::awaitable<void> copy_all_out(ExecPtr exec, ExecStreams& streams, ClientStream& client) {
  AsyncMutex writing(streams.out.get_executor());
  if (exec->request.tty)
    co_await copy_out(exec, streams.out, 0, writing, client);
  else
    co_await (copy_out(exec, streams.out, 1, writing, client) && copy_out(exec, streams.err, 2, writing, client));
  co_await exec->ended.wait();  // its exit code is what the client asks for next
}

/// Returns when the detach keys were typed at a terminal, and never otherwise: what ends a session is the end of the output.
asio::awaitable<void> copy_in(ExecPtr exec, ExecStreams& streams, ClientStream& client) {
  Stream& to = exec->request.tty ? streams.out : streams.in;
  std::optional<DetachFilter> keys;
  if (exec->request.tty) keys.emplace(parse_detach_keys(exec->request.detach_keys));
  std::vector<char> buffer(copy_size);
  std::string typed;
  boost::system::error_code error;
  while (!error) {
    const std::size_t count = co_await client.read_some(buffer);
    if (count == 0) break;
    typed.clear();
    const bool detached = keys && keys->feed({buffer.data(), count}, typed);
    const auto input = keys ? asio::buffer(typed) : asio::buffer(buffer.data(), count);
    if (to.is_open()) co_await asio::async_write(to, input, asio::redirect_error(asio::use_awaitable, error));
    if (detached) co_return;
  }
  if (!exec->request.tty) streams.in.close(error);
  Notifier never(to.get_executor());
  co_await never.wait();
}

void make_pipe(UniqueFd& read_end, UniqueFd& write_end) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw errno_error("pipe");
  read_end.reset(ends[0]);
  write_end.reset(ends[1]);
}

}  // namespace

std::string frame_header(std::uint8_t stream, std::size_t length) {
  std::string header(header_size, '\0');
  header[0] = static_cast<char>(stream);
  for (int byte = 0; byte < 4; ++byte) header[4 + byte] = static_cast<char>((length >> (24 - 8 * byte)) & 0xff);
  return header;
}

void ExecStreams::open(const api::ExecCreateRequest& request, ExecPipes& child) {
  UniqueFd ours;
  if (request.attach_stdin) {
    make_pipe(child.child_in, ours);
    in.assign(ours.release());
  }
  if (request.attach_stdout) {
    make_pipe(ours, child.child_out);
    out.assign(ours.release());
  }
  if (request.attach_stderr) {
    make_pipe(ours, child.child_err);
    err.assign(ours.release());
  }
}

void ExecStreams::use_terminal(UniqueFd master) { out.assign(master.release()); }

asio::awaitable<bool> serve_exec(ExecPtr exec, ExecStreams& streams, ClientStream& client) {
  if (!exec->request.attach_stdin) {
    co_await copy_all_out(exec, streams, client);
    co_return true;
  }
  const auto ended = co_await (copy_all_out(exec, streams, client) || copy_in(exec, streams, client));
  co_return ended.index() == 0;
}

namespace {

class Nobody final : public ClientStream {
public:
  asio::awaitable<void> begin() override { co_return; }
  asio::awaitable<std::size_t> read_some(std::span<char>) override { co_return 0; }
  asio::awaitable<void> write(std::string_view) override { co_return; }
};

}  // namespace

asio::awaitable<void> drain_exec(ExecPtr exec, std::shared_ptr<ExecStreams> streams) {
  Nobody nobody;
  co_await copy_all_out(exec, *streams, nobody);
}

asio::awaitable<void> CapturedOutput::collect(ExecPtr exec) {
  const auto self = shared_from_this();
  stream_.native_non_blocking(true);
  {
    const Registration registration(*exec, stream_);
    std::vector<char> buffer(4096);
    for (;;) {
      const std::size_t count = co_await read_some(*exec, stream_, buffer.data(), buffer.size());
      if (count == 0) break;
      text_.append(buffer.data(), std::min(count, limit_ - text_.size()));
    }
  }
  done.set();
}

}  // namespace stack::engine::container
